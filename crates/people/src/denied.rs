//! Owns why somebody is not let in, in the kinds that are answered differently.

use domain::session::{End, Full, Unproved};
use thiserror::Error;

/// Why somebody is not let in.
#[derive(Clone, Debug, Error)]
pub enum Denied {
    /// Whatever was sent proves nothing: there is no such person, it is not their password, or no token of ours.
    #[error("login or password is wrong")]
    Wrong,
    /// The credential is not one, or not one for here.
    #[error("the credential is not valid")]
    Invalid,
    /// The access token's time is over.
    #[error("the access token has expired")]
    TokenExpired,
    /// The session is over, for this reason.
    #[error("the session is over: {}", .0.name())]
    Over(End),
    /// The person may not come in, and proved that it is they.
    #[error("the account is disabled")]
    Disabled,
    /// Nobody of the tenant is let in.
    #[error("the tenant is suspended")]
    Suspended,
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// There is no such login provider.
    #[error("there is no such login provider")]
    NoProvider,
    /// The login provider does not answer, or not as it should.
    #[error("the login provider does not answer")]
    ProviderAway,
    /// The provider let them in, and nothing gives them a role here.
    #[error("the login provider knows them, and no group of theirs has a role here")]
    NoRole,
    /// So many sessions are open as the shop allows.
    #[error(transparent)]
    Full(#[from] Full),
    /// Too many tries; come again after so many seconds.
    #[error("too many tries")]
    TooMany {
        /// Seconds.
        after_s: f64,
    },
    /// The password is right, and a code of the second factor is needed as well.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The code is not right, or was used.
    #[error("the code is wrong")]
    CodeWrong,
    /// The session is good, and lacks a proof.
    #[error(transparent)]
    Unproved(#[from] Unproved),
    /// No password may be set with this.
    #[error("the token to set a new password is not valid, or not any more")]
    ResetInvalid,
    /// More passwords wait to be checked than there may.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The database could not be asked.
    #[error("the database could not be asked: {0}")]
    Away(String),
    /// What stands in the database cannot be read, or there is no key to sign with.
    #[error("{0}")]
    Broken(String),
}

impl From<store::Error> for Denied {
    fn from(error: store::Error) -> Self {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        if error.is_passing() {
            tracing::warn!(%error, source, "who somebody is could not be looked up");
            return Self::Away(error.to_string());
        }
        tracing::error!(%error, source, "who somebody is could not be read");
        Self::Broken(error.to_string())
    }
}
