//! Owns what an entry of a directory says of somebody. It does not know how the entry was found.

use std::fmt::Write as _;

use ldap3::SearchEntry;

use super::{Attributes, Subject};
use crate::provider::{Claims, Refused};

/// An entry, and the groups of whoever it is.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) dn: String,
    pub(super) groups: Vec<String>,
    values: Vec<(String, Vec<Vec<u8>>)>,
}

impl Found {
    pub(super) fn new(entry: SearchEntry) -> Self {
        let bytes = |(name, values): (String, Vec<String>)| {
            (name, values.into_iter().map(String::into_bytes).collect::<Vec<_>>())
        };
        // The library tells apart what happens to be UTF-8; bytes that are an id sometimes are.
        let values = entry.attrs.into_iter().map(bytes).chain(entry.bin_attrs).collect();
        Self { dn: entry.dn, groups: Vec::new(), values }
    }

    /// The values of an attribute that is text.
    pub(super) fn texts(&self, attribute: &str) -> Result<Vec<String>, Refused> {
        let text = |value: &Vec<u8>| String::from_utf8(value.clone());
        let texts = self.bytes(attribute).iter().map(text).collect::<Result<_, _>>();
        texts.map_err(|_| Refused::invalid(format!("{attribute} is not text")))
    }

    /// What is said of somebody who typed this login. Where an attribute has several values, the login is the one that was
    /// typed, and the others are the first.
    pub(super) fn claims(self, typed: &str, attributes: &Attributes) -> Result<Claims, Refused> {
        let first = |attribute: &str| self.texts(attribute).map(|texts| texts.into_iter().next().unwrap_or_default());
        let logins = self.texts(&attributes.login)?;
        let login = logins.iter().find(|login| login.eq_ignore_ascii_case(typed)).or(logins.first());
        let email = first(&attributes.email)?;
        Ok(Claims {
            subject: self.subject(&attributes.subject)?,
            login: login.cloned().unwrap_or_else(|| typed.to_owned()),
            name: first(&attributes.name)?,
            email: Some(email).filter(|email| !email.is_empty()),
            groups: self.groups,
        })
    }

    /// Of several values nobody knows which stays.
    fn subject(&self, subject: &Subject) -> Result<String, Refused> {
        let (Subject::Text(attribute) | Subject::Bytes(attribute)) = subject;
        let ([value], is_text) = (self.bytes(attribute), matches!(subject, Subject::Text(_))) else {
            return Err(Refused::misconfigured(format!("an entry has not one value of {attribute}, its subject")));
        };
        if is_text {
            return Ok(self.texts(attribute)?.into_iter().next().unwrap_or_default());
        }
        let mut hexadecimal = String::with_capacity(value.len() * 2);
        for byte in value {
            let _cannot_fail = write!(hexadecimal, "{byte:02x}");
        }
        Ok(hexadecimal)
    }

    /// Names of attributes are compared as a directory does, RFC 4512 section 2.5.
    fn bytes(&self, attribute: &str) -> &[Vec<u8>] {
        let found = self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        found.map_or(&[], |(_, values)| values)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn found(texts: &[(&str, &[&str])], bytes: &[(&str, &[u8])]) -> Found {
        let text = |(name, values): &(&str, &[&str])| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        Found::new(SearchEntry {
            dn: "uid=ada,dc=test".to_owned(),
            attrs: texts.iter().map(text).collect(),
            bin_attrs: bytes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), vec![value.to_vec()]))
                .collect::<HashMap<_, _>>(),
        })
    }

    #[test]
    fn an_entry_becomes_claims() {
        let entry = found(
            &[
                ("ENTRYuuid", &["1-2"]),
                ("uid", &["countess", "Ada"]),
                ("cn", &["Ada L.", "Lovelace"]),
                ("mail", &["a@b.test"]),
            ],
            &[],
        );
        let claims = entry.claims("ada", &Attributes::default()).unwrap();
        assert_eq!((claims.subject.as_str(), claims.login.as_str(), claims.name.as_str()), ("1-2", "Ada", "Ada L."));
        assert_eq!(claims.email.as_deref(), Some("a@b.test"));
        let claims = found(&[("entryUUID", &["1"])], &[]).claims("ada", &Attributes::default()).unwrap();
        assert_eq!((claims.login.as_str(), claims.name.as_str(), claims.email), ("ada", "", None));
    }

    #[test]
    fn an_id_of_bytes_is_told_alike_whether_it_looks_like_text_or_not() {
        let attributes = Attributes { subject: Subject::Bytes("objectGUID".to_owned()), ..Attributes::default() };
        for entry in [found(&[], &[("objectGUID", b"\x00\xffab")]), found(&[("objectGUID", &["abcd"])], &[])] {
            let subject = entry.claims("ada", &attributes).unwrap().subject;
            assert!(["00ff6162", "61626364"].contains(&subject.as_str()), "{subject}");
        }
    }

    #[test]
    fn without_one_subject_nobody_is_somebody() {
        let attributes = Attributes::default();
        for entry in [found(&[], &[]), found(&[("entryUUID", &["1", "2"])], &[])] {
            assert!(matches!(entry.claims("ada", &attributes), Err(Refused::Misconfigured(_))));
        }
        let broken = found(&[], &[("entryUUID", b"\xff")]);
        assert!(matches!(broken.claims("ada", &attributes), Err(Refused::Invalid(_))));
    }
}
