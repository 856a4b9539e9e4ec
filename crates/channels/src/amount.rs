//! Owns decimal yuan, both ways and without floats, and which currency a provider takes. It does not know what is paid.

use domain::{Currency, Money};

use crate::Failure;
use crate::fact::{Unreadable, unfit};

/// Yuan. Alipay and WeChat Pay are asked for nothing else here.
pub(crate) const CNY: &str = "CNY";

/// How many decimals a text must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// Two, as in messages.
    Two,
    /// Up to two, as in statements.
    UpToTwo,
}

/// The fen of an amount that is asked for; refused before anything is sent where it is another currency, or nothing.
pub(crate) fn fen(money: Money) -> Result<i64, Failure> {
    if money.currency.code() != CNY {
        return Err(unfit("currency_not_supported", "this channel takes CNY only"));
    }
    positive(money)
}

/// The minor units of an amount that is asked for; refused before anything is sent where it is nothing, or less.
pub(crate) fn positive(money: Money) -> Result<i64, Failure> {
    if money.minor > 0 { Ok(money.minor) } else { Err(unfit("amount_invalid", "the amount is not above zero")) }
}

/// `12.34`, exactly two digits behind the point.
pub(crate) fn yuan(money: Money) -> Result<String, Failure> {
    let fen = fen(money)?;
    Ok(format!("{}.{:02}", fen / 100, fen % 100))
}

/// Reads `12.34`: digits, a point, digits; no sign, no blank, no leading zero, no exponent.
pub(crate) fn read_yuan(text: &str, decimals: Decimals) -> Result<Money, Unreadable> {
    read_fen(text, decimals)
        .map(|fen| Money::new(fen, cny()))
        .ok_or_else(|| Unreadable::new("an amount is not as it should be"))
}

/// Minor units that a provider wrote beside a currency's code, in any case of letters.
pub(crate) fn read_minor(minor: i64, currency: &str) -> Result<Money, Unreadable> {
    let known = currency.to_ascii_uppercase().parse::<Currency>();
    let currency = known.map_err(|_| Unreadable::new("a currency is not in ISO 4217"))?;
    if minor < 0 { Err(Unreadable::new("an amount is below zero")) } else { Ok(Money::new(minor, currency)) }
}

fn read_fen(text: &str, decimals: Decimals) -> Option<i64> {
    let (whole, part) = match (text.split_once('.'), decimals) {
        (Some(halves), _) => halves,
        (None, Decimals::UpToTwo) => (text, "00"),
        (None, Decimals::Two) => return None,
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leads = whole.len() > 1 && whole.starts_with('0');
    let long = part.len() > 2 || part.is_empty() || (decimals == Decimals::Two && part.len() != 2);
    if whole.is_empty() || !digits(whole) || !digits(part) || leads || long {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)
}

fn cny() -> Currency {
    CNY.parse().expect("CNY is in ISO 4217")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_written_with_two_decimals() {
        for (fen, text) in
            [(1, "0.01"), (10, "0.10"), (100, "1.00"), (123_456, "1234.56"), (i64::MAX, "92233720368547758.07")]
        {
            assert_eq!(yuan(Money::new(fen, cny())).unwrap(), text);
            assert_eq!(read_yuan(text, Decimals::Two).unwrap().minor, fen);
        }
        for (minor, currency, code) in
            [(0, "CNY", "amount_invalid"), (-1, "CNY", "amount_invalid"), (100, "USD", "currency_not_supported")]
        {
            let failure = yuan(Money::new(minor, currency.parse().unwrap())).unwrap_err();
            assert!(matches!(&failure, Failure::Unfit { code: said, .. } if said == code), "{failure}");
        }
    }

    #[test]
    fn yuan_are_read_strictly() {
        for (text, fen) in [("0.00", 0), ("0.01", 1), ("19.99", 1999)] {
            assert_eq!(read_yuan(text, Decimals::Two).unwrap().minor, fen);
        }
        for (text, fen) in [("0", 0), ("5", 500), ("0.5", 50), ("0.05", 5)] {
            assert_eq!(read_yuan(text, Decimals::UpToTwo).unwrap().minor, fen);
            assert_eq!(read_yuan(text, Decimals::Two).is_ok(), text == "0.05", "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".50",
            "-1.00",
            "+1.00",
            " 1.00",
            "1.00 ",
            "01.00",
            "1.000",
            "1,000.00",
            "1e2",
            "１.00",
            "1.0a",
            "92233720368547758.08",
            "99999999999999999999.00",
            "NaN",
            "1.-1",
        ] {
            for decimals in [Decimals::Two, Decimals::UpToTwo] {
                assert!(read_yuan(text, decimals).is_err(), "{text:?}");
            }
        }
    }

    #[test]
    fn minor_units_with_a_code() {
        assert_eq!(read_minor(5, "usd").unwrap().currency.code(), "USD");
        assert!(read_minor(-1, "usd").is_err() && read_minor(1, "xxx").is_err() && read_minor(1, "").is_err());
    }
}
