//! Owns Stripe's parameters: forms whose names have brackets. It does not know which names mean something.

use std::collections::BTreeMap;

use super::Refused;
use crate::exchange::{Asked, form};

/// The parameters of a request, in the order they came.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(asked: &Asked) -> Self {
        Self(form(&asked.body))
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone())
    }

    /// A whole number above zero.
    pub(super) fn amount(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let amount = text.parse().ok().filter(|amount| (1..=99_999_999).contains(amount));
        amount.map(Some).ok_or_else(|| {
            let message = if text.parse::<i64>().is_ok() {
                "This value must be greater than or equal to 1, and at most 99999999."
            } else {
                "Invalid integer"
            };
            Refused::invalid(message, name)
        })
    }

    /// `metadata[a]=1&metadata[b]=2`.
    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        let members = self.0.iter().filter_map(|(key, value)| {
            Some((key.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned(), value.clone()))
        });
        members.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_read() {
        let parameters = Parameters(form(b"amount=100&metadata%5Bout_trade_no%5D=T1&metadata[a]=b+c&currency="));
        assert_eq!(parameters.amount("amount").ok().flatten(), Some(100));
        assert_eq!(parameters.get("metadata[out_trade_no]").as_deref(), Some("T1"));
        assert_eq!(parameters.metadata()["a"], "b c");
        assert_eq!(parameters.get("currency"), None);
        for wrong in ["amount=0", "amount=-1", "amount=1.5", "amount=100000000"] {
            assert!(Parameters(form(wrong.as_bytes())).amount("amount").is_err(), "{wrong}");
        }
    }
}
