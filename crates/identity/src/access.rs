//! Owns access tokens: what one says, who may sign it, and when one is believed. It knows no time of its own, no store of
//! keys, and nothing of sessions: whether one was ended is asked elsewhere, by `session` or by `token_id`.
//!
//! A token is a JWT (RFC 7519) of the type `at+jwt` (RFC 9068), signed with Ed25519 (RFC 8037), and nothing else: one
//! algorithm, so that none can be chosen by who sends it (RFC 8725, 3.1; ASVS 9.1.2). Of RFC 9068 it leaves out `client_id`:
//! there are no clients of an authorization server here, and only the platform reads its tokens.
//!
//! ```
//! use identity::access::{Claims, Refused, Ring, SigningKey, Times, new_token_id};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now_ms = 1_800_000_000_000;
//! let times = Times { made_at_ms: now_ms, signs_from_ms: now_ms, verifies_until_ms: None };
//! let ring = Ring::new("https://shop.example", "mideng", vec![SigningKey::generate(times)]);
//! let now_s = now_ms / 1000;
//! let token = ring.sign(&Claims {
//!     subject: "usr_1".to_owned(),
//!     tenant: "ten_1".to_owned(),
//!     session: "ses_1".to_owned(),
//!     token_id: new_token_id(),
//!     issued_at_s: now_s,
//!     not_before_s: now_s,
//!     expires_at_s: now_s + 600,
//!     authenticated_at_s: now_s,
//!     amr: vec!["pwd".to_owned()],
//! })?;
//! assert_eq!(ring.read(&token, now_ms + 1_000, 5)?.subject, "usr_1");
//! assert_eq!(ring.read(&token, now_ms + 605_000, 5), Err(Refused::Expired));
//! # Ok(())
//! # }
//! ```

mod crypto;
mod key;
mod ring;
#[cfg(test)]
mod tests;
mod wire;

use thiserror::Error;

use crate::{opaque, randomness};

pub use key::{NotAKey, SigningKey, Times};
pub use ring::{NotSigned, Ring};

/// A token is not longer than this; a longer one is refused before it is looked at.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// How far clocks may be apart, at most, in seconds: what a reader may ask for.
pub const LEEWAY_S_MAX: i64 = 5;

/// What a token says about somebody. Moments are unix seconds, as they are in a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: the person.
    pub subject: String,
    /// `tenant`: where.
    pub tenant: String,
    /// `sid`: the session it belongs to.
    pub session: String,
    /// `jti`: the token; see [`new_token_id`].
    pub token_id: String,
    /// `iat`: when it was made.
    pub issued_at_s: i64,
    /// `nbf`: when it begins.
    pub not_before_s: i64,
    /// `exp`: when it is over. At this second it is not believed any more, but for the leeway.
    pub expires_at_s: i64,
    /// `auth_time`: when the person last proved who they are.
    pub authenticated_at_s: i64,
    /// `amr`: by what, in the words of RFC 8176: `pwd`, `otp`, `mfa`.
    pub amr: Vec<String>,
}

/// Why a token is not believed. Whoever sent it is told no more than this.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// It was one of ours, and is over: a new one is to be asked for.
    #[error("the access token has expired")]
    Expired,
    /// It is not one of ours, or not one for here and now.
    #[error("the access token is not valid")]
    Invalid,
}

/// The name of a new token: 128 random bits (ASVS 7.2.3).
pub fn new_token_id() -> String {
    opaque::encoded(&*randomness::bytes::<16>())
}
