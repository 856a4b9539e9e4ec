//! Owns the seam to those who know people by themselves: who is asked with login and password, who is gone to and come back
//! from, and what either may answer. It does not know what becomes of an identity: accounts, roles and sessions are others'.

mod asked;
mod identity;
pub mod ldap;
pub mod oidc;
mod rules;
mod secret;
mod tls;

use async_trait::async_trait;

pub use identity::{Claims, EMAIL_BYTES_MAX, GROUP_BYTES_MAX, GROUPS_MAX, Identity, NAME_BYTES_MAX, SUBJECT_BYTES_MAX};
pub use oidc::{Begun, Callback, Kept};
pub use rules::Rules;
pub use secret::Secret;

/// The most a login may hold. A longer one belongs to nobody.
pub const LOGIN_BYTES_MAX: usize = 256;
/// The most a password may hold that is sent on. A longer one is wrong.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Somebody who can be asked whether a login and a password belong together.
#[async_trait]
pub trait PasswordProvider: Send + Sync {
    /// Asks. It keeps nothing: each login is asked about anew, and when nobody can be asked, nobody is let in.
    async fn authenticate(&self, login: &str, password: &str) -> Result<Identity, Refused>;
}

/// Somebody to whom a browser is sent, and from whom it comes back.
#[async_trait]
pub trait RedirectProvider: Send + Sync {
    /// Says where the browser goes, and what must be kept for when it comes back. `return_to` is the page of ours to which
    /// the person wants: a path that begins with one slash.
    async fn begin(&self, return_to: &str) -> Result<Begun, Refused>;

    /// Takes what the browser came back with. What was kept must have been kept in the same browser, where no script and no
    /// other site can put it, and serves once: whoever calls this forgets it first.
    async fn finish(&self, kept: &Kept, callback: &Callback) -> Result<Identity, Refused>;
}

/// Why nobody is let in. None of the texts holds a password, a token, or a word of whoever wants in; only
/// [`Refused::Wrong`] is for the person, the rest is for who runs this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// They do not belong together, or the person did not log in there. Nothing more is told: not whether there is such a
    /// login, nor whether it is locked.
    #[error("the login is refused")]
    Wrong,
    /// It cannot be asked now; asking again may help.
    #[error("the login provider cannot be asked: {0}")]
    Away(String),
    /// It will never let anybody in as it is set up, here or there.
    #[error("the login provider is not set up: {0}")]
    Misconfigured(String),
    /// What came back proves nothing: it is forged, stale, or broken.
    #[error("what came back from the login provider is not valid: {0}")]
    Invalid(String),
}

impl Refused {
    fn away(why: impl Into<String>) -> Self {
        Self::Away(why.into())
    }

    fn misconfigured(why: impl Into<String>) -> Self {
        Self::Misconfigured(why.into())
    }

    fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}
