//! Owns setting a new password without the one there is: by a token that somebody who may let it happen has given, and that is
//! worth nothing once anything about the person has changed. Nothing of it is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::person::{Kind, RESET_STANDS_MS, Status};
use domain::{Person, PersonId, TenantId, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::password::Weak;
use sha2::Sha256;

use crate::{Denied, Origin, People};

/// What a token begins with.
const PREFIX: &str = "rst_";
/// No token is longer.
const TOKEN_BYTES_MAX: usize = 160;

pub(crate) struct Resets {
    secret: [u8; 32],
}

/// Somebody who may set a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Who.
    pub person: PersonId,
    /// The version that the permission gave them: it is worth nothing when they have another.
    pub version: u32,
}

impl Resets {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { secret: *secret }
    }

    fn token(&self, allowed: Allowed) -> String {
        let seal = URL_SAFE_NO_PAD.encode(self.mac(allowed).finalize().into_bytes());
        format!("{PREFIX}{}.{}.{}.{seal}", allowed.tenant.0, allowed.person, allowed.version)
    }

    /// Whom a token of ours names.
    fn read(&self, token: &str) -> Option<Allowed> {
        let text = token.strip_prefix(PREFIX).filter(|text| text.len() <= TOKEN_BYTES_MAX)?;
        let mut parts = text.splitn(4, '.');
        let allowed = Allowed {
            tenant: TenantId(parts.next()?.parse().ok()?),
            person: parts.next()?.parse().ok()?,
            version: parts.next()?.parse().ok()?,
        };
        let seal = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        self.mac(allowed).verify_slice(&seal).ok()?;
        Some(allowed)
    }

    fn mac(&self, allowed: Allowed) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        mac.update(b"a password may be set anew\0");
        mac.update(format!("{} {} {}", allowed.tenant.0, allowed.person, allowed.version).as_bytes());
        mac
    }
}

impl People {
    /// The token of a permission that was given by a command; always the same.
    pub fn reset_token(&self, allowed: Allowed) -> String {
        self.0.resets.token(allowed)
    }

    /// Sets a new password by a token, and ends every session. Sent again because the reply was lost, it is done already.
    pub async fn reset_password(&self, token: String, new: String, origin: Origin) -> Result<Result<(), Weak>, Denied> {
        self.run(|people| async move { people.was_reset(&token, &new, &origin).await }).await
    }

    async fn was_reset(&self, token: &str, new: &str, origin: &Origin) -> Result<Result<(), Weak>, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let allowed = inside.resets.read(token).ok_or(Denied::ResetInvalid)?;
        inside.limits.log_in(&format!("reset:{}", allowed.person), origin.address, None).await?;
        let person = inside.store.person(allowed.tenant, allowed.person).await?;
        let person = person.filter(|person| may_reset(person, now)).ok_or(Denied::ResetInvalid)?;
        let whose = (person.tenant, person.principal);
        if person.version == allowed.version.saturating_add(1) {
            let there = inside.store.password(person.tenant, person.principal).await?;
            let is_done = self.is_password(new, None, there.as_ref(), now).await?;
            return if is_done { Ok(Ok(())) } else { Err(Denied::ResetInvalid) };
        }
        if person.version != allowed.version {
            return Err(Denied::ResetInvalid);
        }
        let new = match self.hash(new, &[person.login.as_str(), person.name.as_str()]).await? {
            Ok(new) => new,
            Err(weak) => return Ok(Err(weak)),
        };
        let ended = inside.store.password_change(whose, (person.version, &new), None, origin.at(now)).await?;
        // Of two at once the second has a token for what is not there any more.
        for id in ended.ok_or(Denied::ResetInvalid)? {
            inside.authorities.changed(id, now).await;
        }
        Ok(Ok(()))
    }
}

/// The permission is the person's last change, or the new password is, so that its time is the person's.
fn may_reset(person: &Person, now: Timestamp) -> bool {
    let stands = now.0.saturating_sub(person.updated_at.0) <= RESET_STANDS_MS;
    stands && person.status == Status::Active && person.kind != Kind::Guest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_one_person_at_one_version() {
        let resets = Resets::new(&[7; 32]);
        let allowed = Allowed { tenant: TenantId(1), person: PersonId::new(2), version: 3 };
        let token = resets.token(allowed);
        assert_eq!(resets.read(&token), Some(allowed));
        assert_eq!(Resets::new(&[8; 32]).read(&token), None, "of another installation");
        let seal = token.rsplit('.').next().expect("a seal");
        let person = PersonId::new(2);
        for other in [
            String::new(),
            "rst_".to_owned(),
            "rst_...".to_owned(),
            format!("rst_2.{person}.3.{seal}"),
            format!("rst_1.{}.3.{seal}", PersonId::new(3)),
            format!("rst_1.{person}.4.{seal}"),
            format!("rst_1.{person}.3."),
            format!("rst_1.{person}.3.{}", &seal[1..]),
            format!("{token}A"),
            format!("{token}.A"),
            token.replace("rst_", ""),
        ] {
            assert_eq!(resets.read(&other), None, "{other}");
        }
    }
}
