//! Owns what somebody typed into a form, and the address of its page on which it stands filled.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::inside::part;

/// What a form or the query of a page says, by the names of its fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Typed(BTreeMap<String, String>);

impl Typed {
    #[cfg(test)]
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// A field as it was typed.
    pub(crate) fn said(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What stands in a field; none where nothing does.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.said(name).trim()).filter(|text| !text.is_empty())
    }

    /// The wish's name, made where the form was.
    pub(crate) fn key(&self) -> Option<&str> {
        self.given("key")
    }

    /// A whole number; what is none goes to the API as it is, which says so in its own words.
    pub(crate) fn number(&self, name: &str) -> Value {
        let text = self.said(name).trim();
        text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
    }

    /// The page with this form filled as it is now. A wish that was refused is over: the next has a name of its own.
    pub(super) fn back(&self, page: &str, deed: &str) -> String {
        self.filled(page, deed, |name| !matches!(name, "key" | "version"))
    }

    /// The same, for a wish that nobody looked at: it is still the same one, made for what the person saw.
    pub(super) fn still(&self, page: &str, deed: &str) -> String {
        self.filled(page, deed, |_| true)
    }

    /// The same without what was typed, where that is too long for an address.
    pub(super) fn nameless(&self, page: &str, deed: &str) -> String {
        self.filled(page, deed, |name| matches!(name, "key" | "version"))
    }

    /// Passwords and codes stand in no address.
    fn filled(&self, page: &str, deed: &str, keeps: impl Fn(&str) -> bool) -> String {
        let is_shown = |name: &str| !matches!(name, "deed" | "page" | "done" | "code") && !name.contains("password");
        let fields = self.0.iter().filter(|(name, value)| is_shown(name) && keeps(name) && !value.is_empty());
        fields.fold(format!("{page}?deed={}", part(deed)), |link, (name, value)| {
            format!("{link}&{}={}", part(name), part(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_proves_themselves_comes_back_to_what_they_typed() {
        let form = Typed::of(&[
            ("amount", "19.99"),
            ("key", "form-1"),
            ("password", "four green hills"),
            ("reason", "破损 & torn"),
            ("version", "3"),
            ("page", "/console/payments/pay_1"),
            ("code", "123456"),
            ("why", ""),
        ]);
        let back = "/console/payments/pay_1?deed=refund&amount=19.99&reason=%E7%A0%B4%E6%8D%9F%20%26%20torn";
        assert_eq!(form.back("/console/payments/pay_1", "refund"), back);
    }

    #[test]
    fn what_is_no_number_is_for_the_api_to_tell() {
        for (text, value) in [(" 7 ", json!(7)), ("-3", json!(-3)), ("", json!("")), ("1.5", json!("1.5"))] {
            assert_eq!(Typed::of(&[("quantity", text)]).number("quantity"), value, "{text:?}");
        }
    }
}
