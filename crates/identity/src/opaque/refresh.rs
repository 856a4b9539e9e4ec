//! Owns refresh tokens, which are derived and not stored. It does not know which generation of a session is the one in use,
//! nor what becomes of a session whose old token is sent again: both are asked of the store.
//!
//! A token is `mr_<session>.<generation>.<mac>`. Whoever has the key and the session's nonce can make the token of any
//! generation, so that the same answer is given again when a reply was lost, and a copy of the store opens nothing.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{decoded, encoded};
use crate::randomness;

/// The least bytes of an installation's secret.
pub const INSTALLATION_SECRET_BYTES_MIN: usize = 32;

/// Bytes of a session's nonce, which is made with the session and kept with it. Another nonce ends all of its tokens.
pub const NONCE_BYTES: usize = 16;

/// A session's id is at most this long.
pub const SESSION_BYTES_MAX: usize = 64;

const PREFIX: &str = "mr_";

/// A MAC is 43 characters, a generation at most ten, and two dots.
const TOKEN_BYTES_MAX: usize = PREFIX.len() + SESSION_BYTES_MAX + 10 + 43 + 2;

/// What this key is for; the installation's secret may have other uses. A change of the form is another number.
const PURPOSE: &[u8] = b"mideng/refresh/1";

/// The key of refresh tokens, derived from an installation's secret. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Derives it; `None` if the secret is shorter than [`INSTALLATION_SECRET_BYTES_MIN`].
    pub fn derive(installation_secret: &[u8]) -> Option<Self> {
        if installation_secret.len() < INSTALLATION_SECRET_BYTES_MIN {
            return None;
        }
        Some(Self(Zeroizing::new(mac(installation_secret).chain_update(PURPOSE).finalize().into_bytes().into())))
    }

    fn mac(&self, session: &str, nonce: &[u8; NONCE_BYTES], generation: u32) -> Hmac<Sha256> {
        // The session comes last: all before it has one length, so no two inputs are written alike.
        mac(&*self.0).chain_update(nonce).chain_update(generation.to_be_bytes()).chain_update(session)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// What somebody sent as a refresh token: it has the form of one. Who sent it proved nothing yet.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// The session that it names.
    pub session: &'a str,
    /// The generation that it names.
    pub generation: u32,
    mac: [u8; 32],
}

impl<'a> Sent<'a> {
    /// Reads a token as [`issue`] writes it; there is one way to write each.
    pub fn read(text: &'a str) -> Option<Self> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut parts = text.strip_prefix(PREFIX)?.split('.');
        let (session, number, mac) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !is_session(session) {
            return None;
        }
        let generation: u32 = number.parse().ok()?;
        if generation.to_string() != number {
            return None;
        }
        let mac = decoded(mac)?.try_into().ok()?;
        Some(Self { session, generation, mac })
    }

    /// Whether it is the token of its session, whose nonce this is; the time tells nothing.
    pub fn is_genuine(&self, key: &Key, nonce: &[u8; NONCE_BYTES]) -> bool {
        key.mac(self.session, nonce, self.generation).verify_slice(&self.mac).is_ok()
    }
}

impl fmt::Debug for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Sent");
        shown.field("session", &self.session).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// The token of a session's generation, always the same. `None` for a session whose id is not one to 64 letters, digits,
/// `-` and `_`.
pub fn issue(key: &Key, session: &str, nonce: &[u8; NONCE_BYTES], generation: u32) -> Option<Zeroizing<String>> {
    if !is_session(session) {
        return None;
    }
    let mac = encoded(&key.mac(session, nonce, generation).finalize().into_bytes());
    Some(Zeroizing::new(format!("{PREFIX}{session}.{generation}.{mac}")))
}

/// The nonce of a new session.
pub fn new_nonce() -> [u8; NONCE_BYTES] {
    *randomness::bytes()
}

fn is_session(text: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=SESSION_BYTES_MAX).contains(&text.len()) && text.bytes().all(written)
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: [u8; NONCE_BYTES] = [9; NONCE_BYTES];

    fn key() -> Key {
        Key::derive(&[7; 32]).unwrap()
    }

    fn genuine(text: &str) -> bool {
        Sent::read(text).is_some_and(|sent| sent.is_genuine(&key(), &NONCE))
    }

    /// Tokens live for weeks: the form must not change unseen. Computed apart from this code, by another language's HMAC.
    #[test]
    fn a_token_is_always_the_same() {
        let token = issue(&key(), "ses_0192", &NONCE, 7).unwrap();
        assert_eq!(*token, "mr_ses_0192.7.lQAaU17_ROFDgPadJzCEjeS3wTHRynkp7R9EGl-3wqY");
        let sent = Sent::read(&token).unwrap();
        assert_eq!((sent.session, sent.generation), ("ses_0192", 7));
        assert!(genuine(&token));
    }

    #[test]
    fn a_token_is_of_one_session_generation_nonce_and_installation() {
        let token = issue(&key(), "ses_0192", &NONCE, 7).unwrap();
        for changed in ["mr_ses_0193.7.", "mr_ses_0192.8.", "mr_ses_01927.7.", "mr_ses_019.27."] {
            let mac = token.rsplit('.').next().unwrap();
            assert!(!genuine(&format!("{changed}{mac}")), "{changed}");
        }
        let sent = Sent::read(&token).unwrap();
        assert!(!sent.is_genuine(&key(), &[8; NONCE_BYTES]));
        assert!(!sent.is_genuine(&Key::derive(&[8; 32]).unwrap(), &NONCE));
        assert!(Key::derive(&[7; 31]).is_none(), "a short secret");
        assert_ne!(new_nonce(), new_nonce());
    }

    #[test]
    fn there_is_one_way_to_write_it() {
        let token = issue(&key(), "ses_0192", &NONCE, 7).unwrap();
        let with = |from: &str, to: &str| {
            assert!(token.contains(from), "{from}");
            token.replacen(from, to, 1)
        };
        let table = [
            String::new(),
            "mr_".to_owned(),
            "mr_..".to_owned(),
            with("mr_", ""),
            with("mr_", "MR_"),
            with("mr_", "mr_mr_."),
            with(".7.", ".07."),
            with(".7.", ".+7."),
            with(".7.", ".-7."),
            with(".7.", ".."),
            with(".7.", ".7.7."),
            with(".7.", "."),
            with(".7.", ".４."),
            with(".7.", ".4294967303."),
            with("ses_0192", ""),
            with("ses_0192", "ses 0192"),
            with("ses_0192", "../0192"),
            with("ses_0192", "sés_0192"),
            with("ses_0192", &"s".repeat(SESSION_BYTES_MAX + 1)),
            with("wqY", "wqZ"),
            with("wqY", "wq"),
            with("wqY", "wqY="),
            with("wqY", "wqY."),
            with("wqY", "wqY\n"),
            with("wqY", "wqYAAAA"),
            format!(" {}", *token),
            "x".repeat(1 << 20),
        ];
        for text in table {
            assert!(Sent::read(&text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_is_issued_is_read_at_the_ends() {
        for session in ["s".to_owned(), "-".repeat(SESSION_BYTES_MAX)] {
            for generation in [0, 1, u32::MAX] {
                let token = issue(&key(), &session, &NONCE, generation).unwrap();
                assert!(token.len() <= TOKEN_BYTES_MAX && genuine(&token), "{}", *token);
            }
        }
        for session in ["", "a.b", "a b", "ä", &"s".repeat(SESSION_BYTES_MAX + 1)] {
            assert!(issue(&key(), session, &NONCE, 0).is_none(), "{session:?}");
        }
    }

    #[test]
    fn what_proves_is_not_shown() {
        let token = issue(&key(), "ses_0192", &NONCE, 7).unwrap();
        let shown = format!("{:?} {:?}", key(), Sent::read(&token).unwrap());
        assert_eq!(shown, "Key Sent { session: \"ses_0192\", generation: 7, .. }");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            prop_assert!(Sent::read(&text).is_none());
        }

        #[test]
        fn a_token_is_read_as_it_was_written(session in "[A-Za-z0-9_-]{1,64}", generation in any::<u32>()) {
            let token = issue(&key(), &session, &NONCE, generation).unwrap();
            let sent = Sent::read(&token).unwrap();
            prop_assert_eq!((sent.session, sent.generation), (session.as_str(), generation));
            prop_assert!(sent.is_genuine(&key(), &NONCE));
        }

        #[test]
        fn one_changed_byte_is_refused(at in 0..53_usize, byte in 0..=127_u8) {
            let token = issue(&key(), "ses_0192", &NONCE, 7).unwrap();
            let mut changed = token.as_bytes().to_vec();
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            prop_assert!(!genuine(std::str::from_utf8(&changed).unwrap()));
        }
    }
}
