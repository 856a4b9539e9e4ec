//! Owns codes of six digits that an app shows for half a minute (RFC 6238), and the recovery codes for when it is lost. It
//! does not know the time, nor which step somebody used last: both are handed in.
//!
//! The parameters are those that every app understands: SHA-1, six digits, thirty seconds; apps ignore others without
//! saying so. SHA-1 is enough here: the code needs it as a keyed function, which collisions do not touch (RFC 4226,
//! B.2).

pub mod recovery;

use std::fmt;

use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use crate::randomness;

/// Bytes of a secret: as long as the hash, as RFC 4226 (4, R6) recommends.
pub const SECRET_BYTES: usize = 20;

/// How long a code is shown, in seconds.
pub const STEP_S: i64 = 30;

/// A code may be this many steps early or late, as clocks are (RFC 6238, 5.2: at most one for the network).
const STEPS_APART_MAX: i64 = 1;

const DIGITS: usize = 6;

/// A typed code is not longer than this, with blanks.
const CODE_BYTES_MAX: usize = 16;

/// What a person's app and the platform both know. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

impl Secret {
    /// A new one, of the system's randomness.
    pub fn random() -> Self {
        Self(randomness::bytes())
    }

    /// One that was stored; `None` if it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// What to store. It must be legible to the platform, so it is sealed where it lies, not hashed.
    pub fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// The secret as people type it, if they cannot scan: 32 characters of base32.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.totp().secret().to_base32())
    }

    /// What is scanned: `otpauth://totp/Issuer:account?secret=…&issuer=Issuer`. Colons, which such an address cannot have
    /// in a name, are blanks.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let issuer = named(issuer, "Mideng");
        let account = named(account, "account");
        scanned(&self.builder().with_issuer(Some(issuer)).with_account_name(account).build_noncompliant())
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }

    /// The library may look at one step only: it stops at the first that matches, and may find one that was used.
    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP_S.unsigned_abs())
            .with_skew(0)
            .with_secret(*self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether a typed code is right at `now_s`, in unix seconds, and if so, of which step it is. A step at or before
/// `last_used_step` is refused: a code is used once (RFC 6238, 5.2; ASVS 6.5.1). The caller stores the step under the
/// condition that it is later than the stored one, so that of two log-ins with one code only one comes through.
///
/// Always all steps are looked at, and compared in constant time.
pub fn verify(secret: &Secret, code: &str, now_s: i64, last_used_step: Option<i64>) -> Option<i64> {
    if code.len() > CODE_BYTES_MAX || now_s < 0 {
        return None;
    }
    let digits: String = code.chars().filter(|character| *character != ' ').collect();
    if digits.len() != DIGITS {
        return None;
    }
    let totp = secret.totp();
    let now = now_s / STEP_S;
    let steps = now.saturating_sub(STEPS_APART_MAX)..=now + STEPS_APART_MAX;
    steps.fold(None, |found, step| {
        let time = u64::try_from(step).ok().map(|step| step * STEP_S.unsigned_abs());
        let right = time.is_some_and(|time| totp.check(&digits, time).is_some());
        let fresh = last_used_step.is_none_or(|last| step > last);
        if right && fresh { found.or(Some(step)) } else { found }
    })
}

fn named(text: &str, nobody: &str) -> String {
    if text.is_empty() { nobody.to_owned() } else { text.replace(':', " ") }
}

fn scanned(totp: &Totp) -> Zeroizing<String> {
    Zeroizing::new(totp.to_url().expect("the account has a name, without colons"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn secret() -> Secret {
        Secret::from_bytes(b"12345678901234567890").unwrap()
    }

    /// RFC 6238, appendix B, SHA-1; the table has eight digits, of which an app with six shows the last.
    #[test]
    fn the_vectors_of_the_rfc() {
        let table = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (now_s, code) in table {
            assert_eq!(verify(&secret(), &code[2..], now_s, None), Some(now_s / 30), "{now_s}");
            assert_eq!(verify(&secret(), code, now_s, None), None, "eight digits");
        }
    }

    #[test]
    fn a_step_early_or_late_is_right_and_two_are_not() {
        // 005924 is of the steps' seconds 1,234,567,890 to 919.
        let at = |now_s| verify(&secret(), "005924", now_s, None);
        let step = Some(1_234_567_890 / 30);
        let table = [(-31, None), (-30, step), (-1, step), (0, step), (29, step), (30, step), (59, step), (60, None)];
        for (after, expected) in table {
            assert_eq!(at(1_234_567_890 + after), expected, "{after}");
        }
    }

    #[test]
    fn a_code_is_used_once() {
        let step = 1_234_567_890 / 30;
        let at = |last| verify(&secret(), "005924", 1_234_567_890, last);
        assert_eq!(at(Some(step - 1)), Some(step));
        for last in [step, step + 1, i64::MAX] {
            assert_eq!(at(Some(last)), None, "{last}");
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let at = |code| verify(&secret(), code, 1_234_567_890, None);
        for code in ["005924", "005 924", " 005924 ", "0 0 5 9 2 4"] {
            assert!(at(code).is_some(), "{code:?}");
        }
        for code in [
            "",
            " ",
            "5924",
            "+05924",
            "-05924",
            "005925",
            "0059240",
            "00592a",
            "００５９２４",
            "005924\n",
            "0059２",
            "\0",
        ] {
            assert!(at(code).is_none(), "{code:?}");
        }
        assert!(at(&" ".repeat(1 << 20)).is_none());
    }

    #[test]
    fn moments_at_the_ends_of_time() {
        for now_s in [i64::MIN, -1, 0, 29, i64::MAX - 1, i64::MAX] {
            assert_eq!(verify(&secret(), "000000", now_s, None), None, "{now_s}");
        }
        // RFC 4226, appendix D: the counter 1.
        assert_eq!(verify(&secret(), "287082", 0, None), Some(1));
    }

    #[test]
    fn what_is_scanned() {
        let uri = secret().uri("Mideng Shop", "anna:berg@example.org");
        assert_eq!(
            uri.as_str(),
            "otpauth://totp/Mideng%20Shop:anna%20berg%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Mideng%20Shop"
        );
        assert!(secret().uri("", "").starts_with("otpauth://totp/Mideng:account?"));
        assert!(secret().uri("北京&x=1", "?#/").starts_with("otpauth://totp/%E5%8C%97%E4%BA%AC%26x%3D1:%3F%23%2F?"));
        assert_eq!(secret().base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn secrets_differ_and_are_not_shown() {
        assert_ne!(Secret::random().as_bytes(), Secret::random().as_bytes());
        assert_eq!(format!("{:?}", Some(secret())), "Some(Secret)");
        for bytes in [&b""[..], b"1234567890123456789", b"123456789012345678901"] {
            assert!(Secret::from_bytes(bytes).is_none());
        }
    }

    proptest! {
        #[test]
        fn any_code_at_any_time_is_answered(code in any::<String>(), now_s in any::<i64>(), last in any::<Option<i64>>()) {
            let step = verify(&secret(), &code, now_s, last);
            prop_assert!(step.is_none_or(|step| last.is_none_or(|last| step > last)));
        }

        #[test]
        fn a_guess_is_right_only_if_it_is_the_code(guess in 0..1_000_000_u32) {
            let guess = format!("{guess:06}");
            // RFC 4226, appendix D: the counters 0, 1 and 2.
            let codes = ["755224", "287082", "359152"];
            prop_assert_eq!(verify(&secret(), &guess, 30, None).is_some(), codes.contains(&guess.as_str()));
        }
    }
}
