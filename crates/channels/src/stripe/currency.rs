//! Owns where Stripe's smallest unit is not that of ISO 4217. It does not know what is paid.
//! Rules: <https://docs.stripe.com/currencies>.

use domain::{Currency, Money};

use crate::amount::positive;
use crate::fact::{Unreadable, unfit};
use crate::{Failure, amount};

/// Stripe counts these in whole units where ISO has decimals (MGA), in hundredths where ISO has none (ISK, UGX), or
/// does not take them (CLF, UYW). An amount would be a hundred times another, so they are refused.
const OTHER_UNITS: [&str; 5] = ["MGA", "ISK", "UGX", "CLF", "UYW"];

/// The amount as Stripe takes it.
pub(super) fn minor_text(money: Money) -> Result<String, Failure> {
    let minor = positive(money)?;
    if OTHER_UNITS.contains(&money.currency.code()) {
        return Err(unfit("currency_not_supported", "Stripe counts this currency in another unit"));
    }
    if money.currency.exponent() == 3 && minor % 10 != 0 {
        return Err(unfit("amount_invalid", "Stripe takes this currency in steps of ten"));
    }
    Ok(minor.to_string())
}

/// The amount that Stripe wrote.
pub(super) fn read(minor: i64, currency: &str) -> Result<Money, Unreadable> {
    let money = amount::read_minor(minor, currency)?;
    let known: &Currency = &money.currency;
    if OTHER_UNITS.contains(&known.code()) {
        return Err(Unreadable::new("the amount is in a currency that Stripe counts in another unit"));
    }
    Ok(money)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let table = [
            (1999, "USD", Some("1999")),
            (1999, "JPY", Some("1999")),
            (1230, "KWD", Some("1230")),
            (1234, "KWD", None),
            (500, "ISK", None),
            (500, "MGA", None),
            (0, "USD", None),
        ];
        for (minor, code, text) in table {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(minor_text(money).ok().as_deref(), text, "{minor} {code}");
        }
        assert_eq!(read(5, "jpy").unwrap().currency.code(), "JPY");
        assert!(read(5, "isk").is_err());
    }
}
