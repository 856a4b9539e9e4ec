//! Owns money: minor units with a currency, checked arithmetic, equal currency only, no floats anywhere.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An ISO 4217 currency that is in circulation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// A code that is not in the list of ISO 4217.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a currency code of ISO 4217, such as \"CNY\" or \"GBP\"")]
pub struct UnknownCurrency(String);

/// An amount in the currency's minor unit: 1999 CNY is 19.99 yuan, 1999 JPY is 1999 yen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Currency {
    /// The three letters.
    #[expect(clippy::missing_panics_doc, reason = "codes are ASCII letters")]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("codes are ASCII letters")
    }

    /// How many decimals the minor unit has: 2 for CNY, 0 for JPY, 3 for KWD.
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let known = |codes: &str| text.len() == 3 && codes.split(' ').any(|code| code == text);
        let exponent = match () {
            () if known(TWO) => 2,
            () if known(NONE) => 0,
            () if known(THREE) => 3,
            () if known(FOUR) => 4,
            () => return Err(UnknownCurrency(text.chars().take(8).collect())),
        };
        let code = text.as_bytes().try_into().map_err(|_| UnknownCurrency(text.to_owned()))?;
        Ok(Self { code, exponent })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Money {
    /// So many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum; `None` where the currencies differ or the sum is out of range.
    pub fn plus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// So many times the amount; `None` where that is out of range.
    pub fn times(self, count: i64) -> Option<Self> {
        Some(Self { minor: self.minor.checked_mul(count)?, ..self })
    }
}

/// As people write it, with its code behind it, such as `738.00 CNY` or `73800 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, minor) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let digits = usize::from(self.currency.exponent());
        let unit = 10_u64.pow(u32::from(self.currency.exponent()));
        if digits == 0 {
            return write!(f, "{sign}{minor} {}", self.currency);
        }
        write!(f, "{sign}{}.{:0digits$} {}", minor / unit, minor % unit, self.currency)
    }
}

// ISO 4217, list one, by the digits of the minor unit. CNY, USD, EUR and GBP stand first: they are looked up most.
const TWO: &str = "CNY USD EUR GBP HKD AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP \
    BYN BZD CAD CDF CHE CHF CHW COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB FJD FKP GEL GHS GIP GMD GTQ GYD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR \
    MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW \
    ZWG";
const NONE: &str = "JPY KRW BIF CLP DJF GNF ISK KMF PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR: &str = "CLF UYW";

#[cfg(test)]
mod tests {
    use super::{Currency, Money};

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known code")
    }

    #[test]
    fn exponents() {
        for (code, exponent) in [("CNY", 2), ("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        for text in ["", "cny", "CN", "CNYX", "C Y", "XXX", "RMB", "USD EUR"] {
            assert!(text.parse::<Currency>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_amount_is_written_as_fine_as_its_currency_is() {
        for (minor, code, text) in [
            (73_800, "CNY", "738.00 CNY"),
            (5, "CNY", "0.05 CNY"),
            (-1_999, "USD", "-19.99 USD"),
            (73_800, "JPY", "73800 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (i64::MIN, "CNY", "-92233720368547758.08 CNY"),
        ] {
            assert_eq!(Money::new(minor, currency(code)).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        let cny = |minor| Money::new(minor, currency("CNY"));
        assert_eq!(cny(1).plus(cny(2)), Some(cny(3)));
        assert_eq!(cny(i64::MAX).plus(cny(1)), None);
        assert_eq!(cny(1).plus(Money::new(1, currency("USD"))), None);
        assert_eq!(cny(5).times(3), Some(cny(15)));
        assert_eq!(cny(i64::MAX).times(2), None);
    }
}
