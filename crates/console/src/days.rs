//! Owns which days a filter means: those of the reader's own time zone, as pages show times, where the browser's script told it, and
//! else those of UTC.

use http::HeaderMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::look::cookie;

/// The cookie that has the zone's name (IANA).
const ZONE: &str = "mideng-zone";

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Days(Option<TimeZone>);

impl Days {
    /// Those of whoever sent the request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(cookie(headers, ZONE).and_then(|name| TimeZone::get(name).ok()))
    }

    /// What is said beside a field for a day where it is not the reader's own.
    pub(crate) const fn mark(&self) -> &'static str {
        if self.0.is_some() { "" } else { " (UTC)" }
    }

    /// The moment at which a day begins. What is no day goes to the API as it is, which says so.
    pub(crate) fn begins(&self, day: &str) -> String {
        match (day.trim(), day.trim().parse::<Date>()) {
            ("", _) => String::new(),
            (_, Ok(date)) => self.start(date),
            (text, Err(_)) => text.to_owned(),
        }
    }

    /// The moment at which a day is over.
    pub(crate) fn is_over(&self, day: &str) -> String {
        let next = day.trim().parse::<Date>().and_then(Date::tomorrow);
        next.map_or_else(|_| self.begins(day), |next| self.start(next))
    }

    /// A day begins at midnight, or where clocks leap over that, as they do in some zones, when they have.
    fn start(&self, date: Date) -> String {
        let zone = self.0.clone().unwrap_or(TimeZone::UTC);
        let begun = date.to_zoned(zone).and_then(|day| day.start_of_day()).map(|day| day.timestamp());
        begun.map_or_else(|_| date.to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::COOKIE;

    use super::*;

    fn of(zone: &'static str) -> Days {
        let line = format!("mideng-lang=zh; mideng-zone={zone}");
        Days::of(&HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).expect("a header"))]))
    }

    #[test]
    fn a_day_is_all_of_it_where_the_reader_is() {
        for (zone, day, begins, over) in [
            ("UTC", "2026-02-28", "2026-02-28T00:00:00.000Z", "2026-03-01T00:00:00.000Z"),
            ("Asia/Shanghai", "2026-12-31", "2026-12-30T16:00:00.000Z", "2026-12-31T16:00:00.000Z"),
            ("America/New_York", "2026-07-04", "2026-07-04T04:00:00.000Z", "2026-07-05T04:00:00.000Z"),
            // The clocks go forward: 23 hours.
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
            // They leap over midnight.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z", "2026-09-07T03:00:00.000Z"),
            ("Asia/Shanghai", "yesterday", "yesterday", "yesterday"),
            ("Asia/Shanghai", " ", "", ""),
        ] {
            let days = of(zone);
            assert_eq!((days.begins(day), days.is_over(day)), (begins.to_owned(), over.to_owned()), "{day} in {zone}");
            assert_eq!(days.mark(), "", "{zone}");
        }
    }

    #[test]
    fn without_a_zone_that_is_known_days_are_of_utc_and_marked_so() {
        for zone in ["", "Mars/Olympus", "../../etc/passwd"] {
            let days = of(zone);
            assert_eq!(
                (days.begins("2026-02-28").as_str(), days.mark()),
                ("2026-02-28T00:00:00.000Z", " (UTC)"),
                "{zone}"
            );
        }
        assert_eq!(Days::of(&HeaderMap::new()).mark(), " (UTC)");
    }
}
