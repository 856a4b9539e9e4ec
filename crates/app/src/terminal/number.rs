//! Owns how numbers are written for people.

use std::time::Duration;

/// 1234567 as `1,234,567`.
pub fn thousands<N: Into<i128>>(number: N) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Minor units as pounds: 24025829 as `£240,258.29`.
pub fn gbp(minor: i64) -> String {
    money("£", minor)
}

/// Minor units as yuan: 499900 as `¥4,999.00`.
pub fn cny(minor: i64) -> String {
    money("¥", minor)
}

fn money(symbol: &str, minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{symbol}{}.{:02}", thousands(minor / 100), minor % 100)
}

/// Milliseconds since 1970 as `2026-11-21T04:52:51Z`.
pub fn moment(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map(|at| format!("{at:.0}")).unwrap_or_default()
}

/// A duration as `3.21 s`.
pub fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{cny, gbp, thousands};

    #[test]
    fn groups_of_three() {
        for (number, text) in
            [(0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (-12_345, "-12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(gbp(24_025_829), "£240,258.29");
        assert_eq!(cny(499_900), "¥4,999.00");
        assert_eq!(gbp(-5), "-£0.05");
    }
}
