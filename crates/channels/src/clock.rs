//! Owns the time of day that requests are signed with and how providers write it. It knows nothing of what is signed.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;
use jiff::tz::{Offset, offset};

/// How far a message's time may be from ours. The same for WeChat Pay, Stripe and the sandbox.
pub(crate) const APART_MAX_SECONDS: i64 = 300;

/// China has one time of day all year.
const CHINA: Offset = offset(8);

/// The time of day. A request's signature must carry the moment it is sent, which is later than the command's.
#[expect(clippy::disallowed_methods, reason = "the one place where requests are dated; no rule sees it")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Whole seconds since 1970.
pub(crate) const fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

/// `2026-03-01 08:00:00` in China.
pub(crate) fn china_text(at: Timestamp) -> String {
    CHINA.to_datetime(instant(at)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-03-01T08:00:00+08:00`.
pub(crate) fn china_rfc3339(at: Timestamp) -> String {
    CHINA.to_datetime(instant(at)).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// `2026-03-01T00:00:00.000Z`.
pub(crate) fn utc_rfc3339(at: Timestamp) -> String {
    format!("{:.3}", instant(at))
}

/// Whether a message's time, in seconds since 1970, is near enough to ours; says why where it is not.
pub(crate) fn near(text: &str, at: Timestamp) -> Result<(), String> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(then) = plain.then(|| text.parse::<i64>().ok()).flatten() else {
        return Err("its time is not a number of seconds".to_owned());
    };
    let apart = then - seconds(at);
    if apart.abs() > APART_MAX_SECONDS { Err(format!("its time is {apart} seconds from ours")) } else { Ok(()) }
}

/// Whether a text is a day, `YYYY-MM-DD`.
pub(crate) fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    // Far out of range only where a charge would never expire.
    let (first, last) = (jiff::Timestamp::MIN.as_millisecond(), jiff::Timestamp::MAX.as_millisecond());
    jiff::Timestamp::from_millisecond(at.0.clamp(first, last)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_providers_want_them() {
        let at = Timestamp(1_772_323_199_987);
        assert_eq!(china_text(at), "2026-03-01 07:59:59");
        assert_eq!(china_rfc3339(at), "2026-03-01T07:59:59+08:00");
        assert_eq!(utc_rfc3339(at), "2026-02-28T23:59:59.987Z");
        for far in [i64::MIN, i64::MAX] {
            assert!(!china_rfc3339(Timestamp(far)).is_empty());
        }
    }

    #[test]
    fn five_minutes_are_near() {
        let at = Timestamp(1_772_323_199_000);
        for (text, is_near) in [
            ("1772323199", true),
            ("1772322899", true),
            ("1772323499", true),
            ("1772322898", false),
            ("1772323500", false),
            ("", false),
            ("-1", false),
            ("1772323199.5", false),
            ("+1772323199", false),
            ("99999999999999999999", false),
        ] {
            assert_eq!(near(text, at).is_ok(), is_near, "{text:?}");
        }
    }

    #[test]
    fn days() {
        assert!(is_day("2026-03-01"));
        for text in ["2026-02-30", "20260301", "2026-03-01/", "2026-3-1", "../../etc/"] {
            assert!(!is_day(text), "{text:?}");
        }
    }
}
