//! Owns the secrets of API keys that a command issues. Each is made from the installation's secret and the key's id, and always
//! the same: an answer that was lost is given again, and nobody has to keep it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::api_key::SECRET_PREFIX;
use domain::{ApiKeyId, TenantId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::People;

pub(crate) struct KeySecrets {
    secret: [u8; 32],
}

impl KeySecrets {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { secret: *secret }
    }

    fn of(&self, tenant: TenantId, id: ApiKeyId) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        mac.update(b"the secret of an API key\0");
        mac.update(format!("{} {id}", tenant.0).as_bytes());
        format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

impl People {
    /// The secret of a key that a command issues, `mk_…`; always the same.
    pub fn api_key_secret(&self, tenant: TenantId, id: ApiKeyId) -> String {
        self.0.key_secrets.of(tenant, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_of_one_key_of_one_tenant_of_one_installation() {
        let of = |secret, tenant, id| KeySecrets::new(&[secret; 32]).of(TenantId(tenant), ApiKeyId::new(id));
        let secret = of(7, 1, 2);
        assert_eq!(secret, of(7, 1, 2));
        assert_eq!((secret.len(), secret.starts_with(SECRET_PREFIX)), (3 + 43, true));
        for other in [of(8, 1, 2), of(7, 2, 2), of(7, 1, 3)] {
            assert_ne!(secret, other);
        }
    }
}
