//! Owns how it is told that somebody is not let in.

use domain::session::{End, Unproved};
use people::Denied;

use crate::problem::Problem;

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Wrong => Self::new("login_failed", "the login or the password is wrong"),
            Denied::Invalid => Self::new("unauthorized", "the credential is not valid"),
            Denied::TokenExpired => Self::new(
                "access_token_expired",
                "the access token has expired; exchange the refresh token for a new one",
            ),
            Denied::Over(end) => over(end),
            Denied::Disabled => Self::new("account_disabled", "the account is disabled; ask the shop"),
            Denied::Suspended => Self::new("tenant_suspended", "nobody of this tenant is let in at present"),
            Denied::NoTenant => Self::new("not_found", "there is no such tenant"),
            Denied::NoProvider => Self::new("not_found", "there is no such login provider"),
            Denied::ProviderAway => {
                Self::new("login_provider_away", "the login provider does not answer; nobody is let in")
            }
            Denied::NoRole => {
                Self::new("forbidden", "you are known, and no group of yours has a role here; ask the shop")
            }
            Denied::Full(full) => Self::new("session_limit", full.to_string()),
            Denied::TooMany { after_s } => {
                Self::new("rate_limited", "too many tries to log in; come again later").after(after_s.ceil())
            }
            Denied::CodeNeeded => Self::new("second_factor_needed", "send a code of the second factor as well"),
            Denied::CodeWrong => Self::new("code_wrong", "the code is not right, or was used already"),
            Denied::Unproved(Unproved::Stale) => Self::new("step_up_needed", Unproved::Stale.to_string()),
            Denied::Unproved(Unproved::OneFactor) => {
                Self::new("second_factor_missing", Unproved::OneFactor.to_string())
            }
            Denied::ResetInvalid => Self::new("reset_invalid", "the token is not valid, or not any more"),
            Denied::Busy => Self::new("overloaded", "too many people are logging in; nothing was done"),
            Denied::Broken(_) => Self::new("internal_error", "who you are could not be read"),
            Denied::Away(_) => Self::new("storage_unavailable", "the database does not answer"),
        }
    }
}

/// The reason, in the words that the users of such systems know.
fn over(end: End) -> Problem {
    match end {
        End::LoggedOut => Problem::new("session_ended", "the session was logged out"),
        End::Kicked => Problem::new("session_kicked", "the session was put out by somebody who may; log in again"),
        End::Replaced => Problem::new("session_replaced", "the account was logged in on another device; log in again"),
        End::Expired => Problem::new("session_expired", "the session's time is over; log in again"),
        End::Reused => {
            let detail = "a refresh token came that had been exchanged before: somebody else may have a copy of it. The \
                          session is over; log in again";
            Problem::new("session_reused", detail)
        }
    }
}
