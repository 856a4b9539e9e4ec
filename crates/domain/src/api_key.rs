//! Owns API keys: what is kept of one, how others name it, and the rules of issuing and revoking. It never holds a secret.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::access::Role;
use crate::text::AccountName;
use crate::{ApiKeyId, PrincipalId, TenantId, Timestamp};

/// What every secret begins with.
pub const SECRET_PREFIX: &str = "mk_";
/// How much of a secret is shown in lists: enough to find it, far too little to guess it.
const SHOWN: usize = 10;

/// A key by which a server of the shop proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Of which tenant.
    pub tenant: TenantId,
    /// As others name it.
    pub name: Name,
    /// In whose name it acts: all keys of an account share one space of idempotency keys.
    pub principal: PrincipalId,
    /// What that account is called.
    pub account: AccountName,
    /// What it may do.
    pub role: Role,
    /// How its secret begins.
    pub shown_prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// As others name a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Its id.
    Id(ApiKeyId),
    /// Its number in the database: keys had no ids once.
    Number(i64),
}

/// A text that names no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a key is named by its id, key_ and 26 characters, or by its number where it has none")]
pub struct BadName;

/// The hash of a secret, on its way to storage. It is never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

/// Why something about a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such key.
    #[error("there is no API key {0}")]
    NotFound(Name),
    /// The role is one of people.
    #[error("the role {} is not one for an API key", .0.name())]
    RoleUnfit(Role),
}

/// The part of a secret that lists show.
pub fn shown_prefix(secret: &str) -> String {
    secret.chars().take(SHOWN).collect()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// Only the spelling that is shown is taken, so that one key has one text.
impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let number: i64 = text.parse().map_err(|_| BadName)?;
        if number > 0 && number.to_string() == text { Ok(Self::Number(number)) } else { Err(BadName) }
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_name() {
        for name in [Name::Id(ApiKeyId::new(7)), Name::Number(1), Name::Number(i64::MAX)] {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        let id = ApiKeyId::new(31).to_string();
        for bad in ["", "0", "-1", "+1", "01", "1.0", "9223372036854775808", "key_1", &id[4..], &id.to_lowercase()] {
            assert_eq!(bad.parse::<Name>(), Err(BadName), "{bad:?}");
        }
    }

    #[test]
    fn what_is_shown_of_a_secret() {
        assert_eq!(shown_prefix("mk_0123456789abcdef"), "mk_0123456");
        assert_eq!(format!("{:?}", SecretHash([7; 32])), "SecretHash");
    }
}
