//! Owns the time of the simulator and how providers write it. It does not know what happens when.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, offset};

/// China has one time of day, and no summer time.
const SHANGHAI: Offset = offset(8);

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the simulator is a world of its own; here its time is read")]
    let now = Timestamp::now();
    now.as_millisecond()
}

fn stamp(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-11-22T05:43:05.120Z`.
pub(crate) fn utc(at: i64) -> String {
    format!("{:.3}", stamp(at))
}

/// `2026-11-22T13:43:05+08:00`, as WeChat Pay writes it.
pub(crate) fn shanghai_rfc3339(at: i64) -> String {
    format!("{}+08:00", SHANGHAI.to_datetime(stamp(at)).strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `2026-11-22 13:43:05`, as Alipay writes it.
pub(crate) fn shanghai(at: i64) -> String {
    SHANGHAI.to_datetime(stamp(at)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026年11月22日 13:43:05`, as Alipay's bills write it.
pub(crate) fn chinese(at: i64) -> String {
    SHANGHAI.to_datetime(stamp(at)).strftime("%Y年%m月%d日 %H:%M:%S").to_string()
}

/// `20261122` of the day in China.
pub(crate) fn shanghai_day_digits(at: i64) -> String {
    SHANGHAI.to_datetime(stamp(at)).strftime("%Y%m%d").to_string()
}

/// From RFC 3339.
pub(crate) fn read(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// From `2026-11-22 13:43:05` in China.
pub(crate) fn read_shanghai(text: &str) -> Option<i64> {
    let moment: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    SHANGHAI.to_timestamp(moment).ok().map(Timestamp::as_millisecond)
}

/// From the first millisecond of a day to the first of the next: a calendar day in China, or in UTC.
pub(crate) fn day(text: &str, in_china: bool) -> Option<std::ops::Range<i64>> {
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let zone = if in_china { SHANGHAI } else { Offset::UTC };
    let from = zone.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?.as_millisecond();
    Some(from..from + 86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_providers_do() {
        let at = read("2026-11-22T23:43:05.120Z").unwrap();
        assert_eq!(utc(at), "2026-11-22T23:43:05.120Z");
        assert_eq!(shanghai(at), "2026-11-23 07:43:05");
        assert_eq!(shanghai_rfc3339(at), "2026-11-23T07:43:05+08:00");
        assert_eq!(read_shanghai("2026-11-23 07:43:05"), Some(at - 120));
        assert_eq!(read(&shanghai_rfc3339(at)), Some(at - 120));
        assert!(day("2026-11-22", false).unwrap().contains(&at));
        assert!(day("2026-11-23", true).unwrap().contains(&at));
        for wrong in ["", "2026-13-01", "20261122", "2026-11-22T00"] {
            assert_eq!(day(wrong, true), None, "{wrong}");
        }
    }
}
