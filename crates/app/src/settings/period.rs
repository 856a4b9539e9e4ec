//! Owns how a period is written: `30m`, `7d`, `1h 30m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

/// A period of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Period(pub(crate) Duration);

impl Period {
    /// So many days of 24 hours.
    pub(crate) const fn days(days: u64) -> Self {
        Self(Duration::from_secs(days * 24 * 60 * 60))
    }

    /// In milliseconds.
    pub(crate) fn ms(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: Span = text.parse().map_err(|_| format!("{text:?} is not a period such as 30m, 36h or 7d"))?;
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours());
        length
            .ok()
            .and_then(|length| Duration::try_from(length).ok())
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a period that can pass; write it in days, hours, minutes, seconds"))
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        write!(f, "{length:#}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Period;

    #[test]
    fn periods_as_people_write_them() {
        for (text, seconds) in [("30m", 1_800), ("7d", 604_800), ("1h 30m", 5_400), ("10s", 10), ("500ms", 0)] {
            let period: Period = text.parse().expect(text);
            assert_eq!(period.0.as_secs(), seconds, "{text}");
            assert_eq!(period.to_string().parse(), Ok(period), "{text} survives being written and read");
        }
        for text in ["", "30", "minutes", "-5m", "1 month"] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
        assert_eq!(Period::days(1).0, Duration::from_hours(24));
    }
}
