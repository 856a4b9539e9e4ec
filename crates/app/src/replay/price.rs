//! Owns decimal prices: read exactly as they are written, and turned into minor units without floats.

use thiserror::Error;

/// A decimal number as it is written, such as `2.55` or `-11062.06`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

/// Why a price is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// Not digits with at most one point.
    #[error("{0:?} is not a decimal number such as 2.55")]
    NotDecimal(String),
    /// Smaller than the minor unit.
    #[error("{0} has more than {1} decimals, which the currency's minor unit cannot represent")]
    TooFine(String, usize),
    /// Greater than 64 bits hold.
    #[error("{0} is too large")]
    TooLarge(String),
}

impl<'a> Decimal<'a> {
    /// Reads a sign, digits, and digits behind a point.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let good = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if good(whole) && good(fraction) {
            Ok(Self { negative, whole, fraction })
        } else {
            Err(Error::NotDecimal(text.chars().take(40).collect()))
        }
    }

    /// True where the number is greater than zero.
    pub fn is_positive(self) -> bool {
        !self.negative && self.whole.bytes().chain(self.fraction.bytes()).any(|byte| byte != b'0')
    }

    /// The amount in minor units of a currency with so many decimals. Zeros behind them do no harm.
    pub fn minor_units(self, decimals: usize) -> Result<i64, Error> {
        let Self { negative, whole, fraction } = self;
        let text = || format!("{}{whole}.{fraction}", if negative { "-" } else { "" });
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > decimals {
            return Err(Error::TooFine(text(), decimals));
        }
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', decimals - fraction.len()));
        let amount = digits
            .map(|digit| i64::from(digit - b'0'))
            .try_fold(0_i64, |amount, digit| amount.checked_mul(10)?.checked_add(digit));
        let amount = amount.ok_or_else(|| Error::TooLarge(text()))?;
        Ok(if negative { -amount } else { amount })
    }
}

#[cfg(test)]
mod tests {
    use super::{Decimal, Error};

    #[test]
    fn prices_are_exact() {
        for (text, minor) in [
            ("2.55", 255),
            ("2.5", 250),
            ("2", 200),
            ("0.07", 7),
            ("0.1", 10),
            ("2.5500", 255),
            ("007.10", 710),
            ("0.0", 0),
            ("13541.33", 1_354_133),
            ("-11062.06", -1_106_206),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(Decimal::parse(text).and_then(|price| price.minor_units(2)), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_represented_is_refused() {
        let minor = |text: &'static str| Decimal::parse(text).and_then(|price| price.minor_units(2));
        for text in ["", ".", "2.", ".5", "1e3", "2,55", "+1", "--1", " 1", "1.2.3", "NaN", "£1", "١"] {
            assert_eq!(minor(text), Err(Error::NotDecimal(text.to_owned())));
        }
        for text in ["0.001", "2.555", "-0.005"] {
            assert_eq!(minor(text), Err(Error::TooFine(text.to_owned(), 2)));
        }
        for text in ["92233720368547758.08", "99999999999999999999999.0"] {
            assert_eq!(minor(text), Err(Error::TooLarge(text.to_owned())));
        }
    }

    #[test]
    fn the_sign_is_known_before_the_amount() {
        for (text, positive) in
            [("0.001", true), ("1", true), ("0", false), ("0.00", false), ("-1.0", false), ("-0", false)]
        {
            assert_eq!(Decimal::parse(text).expect("a decimal").is_positive(), positive, "{text}");
        }
    }
}
