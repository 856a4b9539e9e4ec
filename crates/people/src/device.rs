//! Owns the mark of a device on which an account was let in: sealed, for one account, and no credential. Who has it is only
//! counted apart from strangers when they log in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What a mark begins with.
const PREFIX: &str = "dev_";
const NUMBER: usize = 16;
const SEAL: usize = 16;

pub(crate) struct Devices {
    secret: [u8; 32],
}

impl Devices {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { secret: *secret }
    }

    /// A mark of this number for an account.
    pub(crate) fn mark(&self, account: &str, number: u128) -> String {
        let number = number.to_be_bytes();
        let seal = self.mac(account, &number).finalize().into_bytes();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&number[..], &seal[..SEAL]].concat()))
    }

    /// The device's name, if this is a mark of it for the account.
    pub(crate) fn name(&self, account: &str, mark: &str) -> Option<String> {
        let text = mark.strip_prefix(PREFIX).filter(|text| text.len() <= 64)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == NUMBER + SEAL)?;
        let (number, seal) = bytes.split_at(NUMBER);
        self.mac(account, number).verify_truncated_left(seal).ok()?;
        Some(URL_SAFE_NO_PAD.encode(number))
    }

    fn mac(&self, account: &str, number: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        mac.update(b"a device that was let in\0");
        mac.update(number);
        mac.update(account.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_device_and_account() {
        let devices = Devices::new(&[7; 32]);
        let mark = devices.mark("1 member anna", 5);
        let name = devices.name("1 member anna", &mark).expect("its own");
        assert_ne!(devices.name("1 member anna", &devices.mark("1 member anna", 6)), Some(name));
        assert_eq!(devices.name("1 staff anna", &mark), None);
        assert_eq!(Devices::new(&[8; 32]).name("1 member anna", &mark), None);
        for bad in ["", "dev_", "dev_AAAA", &mark[..mark.len() - 1], &format!("{mark}A"), &"dev_A".repeat(99)] {
            assert_eq!(devices.name("1 member anna", bad), None, "{bad}");
        }
    }
}
