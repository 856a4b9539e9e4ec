//! Owns the providers' calendars: when a day begins there, and which day a moment is of.

use std::ops::Range;

use anyhow::Context as _;
use domain::Timestamp;
use domain::channel::Kind;
use jiff::civil::Date;
use jiff::tz::{Offset, offset};

/// Alipay and WeChat Pay close their books by China's time, which is the same all year. Stripe's and the sandbox's days are
/// UTC's.
const fn offset_of(kind: Kind) -> Offset {
    match kind {
        Kind::Alipay | Kind::WechatPay => offset(8),
        Kind::Sandbox | Kind::Stripe => Offset::UTC,
    }
}

/// From the first moment of a day to the first one of the next.
pub(super) fn period(kind: Kind, day: Date) -> anyhow::Result<Range<Timestamp>> {
    let begins = |day: Date| offset_of(kind).to_timestamp(day.at(0, 0, 0, 0)).map(|at| Timestamp(at.as_millisecond()));
    let next = day.tomorrow().context("that day is out of range")?;
    Ok(begins(day).context("that day is out of range")?..begins(next).context("that day is out of range")?)
}

/// The day of a moment.
pub(super) fn of(kind: Kind, at: Timestamp) -> anyhow::Result<Date> {
    let at = jiff::Timestamp::from_millisecond(at.0).context("a time in the books is out of range")?;
    Ok(offset_of(kind).to_datetime(at).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_where_the_provider_is() {
        let day = Date::constant(2026, 3, 1);
        let utc = period(Kind::Sandbox, day).unwrap();
        assert_eq!(utc, Timestamp(1_772_323_200_000)..Timestamp(1_772_409_600_000));
        assert_eq!(period(Kind::Stripe, day).unwrap(), utc);
        for kind in [Kind::Alipay, Kind::WechatPay] {
            let china = period(kind, day).unwrap();
            assert_eq!(china, utc.start.plus_ms(-8 * 3_600_000)..utc.end.plus_ms(-8 * 3_600_000));
            assert_eq!(of(kind, china.start).unwrap(), day);
            assert_eq!(of(kind, china.start.plus_ms(-1)).unwrap(), Date::constant(2026, 2, 28));
            assert_eq!(of(kind, china.end.plus_ms(-1)).unwrap(), day);
        }
        assert!(period(Kind::Alipay, Date::MAX).is_err());
    }
}
