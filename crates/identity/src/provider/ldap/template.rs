//! Owns texts with places in them, and that what is put there stays one value: filters as RFC 4515 writes them, and
//! distinguished names as RFC 4514 does. It does not know what they are asked for.

use std::borrow::Cow;

use ldap3::{dn_escape, ldap_escape, parse_filter};

use crate::provider::Refused;

const LOGIN: &str = "{login}";
const DN: &str = "{dn}";

/// A text with `{login}`, and in filters of groups `{dn}`, where something goes.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
    escape: fn(&str) -> Cow<'_, str>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Login,
    Dn,
}

impl Template {
    /// A filter to find one person by the login: `(&(objectClass=person)(uid={login}))`.
    pub(super) fn person_filter(text: &str) -> Result<Self, Refused> {
        let template = Self { pieces: pieces(text), escape: |value| ldap_escape(value) };
        if template.has(|piece| matches!(piece, Piece::Dn)) || !template.has(|piece| matches!(piece, Piece::Login)) {
            return Err(Refused::misconfigured("the filter for people must hold {login}, and nothing else in braces"));
        }
        template.readable()
    }

    /// A filter to find the groups of one person: `(member={dn})`, `(memberUid={login})`.
    pub(super) fn group_filter(text: &str) -> Result<Self, Refused> {
        let template = Self { pieces: pieces(text), escape: |value| ldap_escape(value) };
        if !template.has(|piece| matches!(piece, Piece::Dn | Piece::Login)) {
            return Err(Refused::misconfigured("the filter for groups must hold {dn} or {login}"));
        }
        template.readable()
    }

    /// A distinguished name: `uid={login},ou=people,dc=example,dc=test`.
    pub(super) fn name(text: &str) -> Result<Self, Refused> {
        let template = Self { pieces: pieces(text), escape: |value| dn_escape(value) };
        let logins = template.pieces.iter().filter(|piece| matches!(piece, Piece::Login)).count();
        if logins != 1 || template.has(|piece| matches!(piece, Piece::Dn)) {
            return Err(Refused::misconfigured("the name for people must hold {login} in one place"));
        }
        Ok(template)
    }

    /// The text with what goes there, escaped.
    pub(super) fn fill(&self, login: &str, dn: &str) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Login => filled.push_str(&(self.escape)(login)),
                Piece::Dn => filled.push_str(&(self.escape)(dn)),
            }
        }
        filled
    }

    fn has(&self, what: impl Fn(&Piece) -> bool) -> bool {
        self.pieces.iter().any(what)
    }

    /// As a filter with something in it.
    fn readable(self) -> Result<Self, Refused> {
        match parse_filter(self.fill("x", "cn=x")) {
            Ok(_) => Ok(self),
            Err(()) => Err(Refused::misconfigured("a filter is not written as RFC 4515 has it")),
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let behind = &rest[at..];
        let (piece, length) = if behind.starts_with(LOGIN) {
            (Piece::Login, LOGIN.len())
        } else if behind.starts_with(DN) {
            (Piece::Dn, DN.len())
        } else {
            (Piece::Text("{".to_owned()), 1)
        };
        pieces.extend([Piece::Text(rest[..at].to_owned()), piece]);
        rest = &behind[length..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_login_stays_one_value_of_a_filter() {
        let person = Template::person_filter("(&(objectClass=person)(uid={login}))").unwrap();
        for (login, expected) in [
            ("ada", "(&(objectClass=person)(uid=ada))"),
            ("*", r"(&(objectClass=person)(uid=\2a))"),
            (")(uid=*))(|(uid=*", r"(&(objectClass=person)(uid=\29\28uid=\2a\29\29\28|\28uid=\2a))"),
            ("\0", r"(&(objectClass=person)(uid=\00))"),
            (r"a\2a", r"(&(objectClass=person)(uid=a\5c2a))"),
            ("{dn}{login}", "(&(objectClass=person)(uid={dn}{login}))"),
            ("löwe", "(&(objectClass=person)(uid=löwe))"),
        ] {
            assert_eq!(person.fill(login, "cn=x"), expected, "{login}");
        }
        let group = Template::group_filter("(|(member={dn})(memberUid={login}))").unwrap();
        assert_eq!(group.fill("a*", r"cn=a\2C (b),dc=test"), r"(|(member=cn=a\5c2C \28b\29,dc=test)(memberUid=a\2a))");
    }

    #[test]
    fn a_login_stays_one_value_of_a_name() {
        let name = Template::name("uid={login},ou=people,dc=test").unwrap();
        for (login, expected) in [
            ("ada", "uid=ada,ou=people,dc=test"),
            ("admin,ou=roots", r"uid=admin\2cou\3droots,ou=people,dc=test"),
            ("a+cn=b", r"uid=a\2bcn\3db,ou=people,dc=test"),
            (" #a ", r"uid=\20#a\20,ou=people,dc=test"),
            ("#61", r"uid=\2361,ou=people,dc=test"),
            ("a\\\"<>;\0", r"uid=a\5c\22\3c\3e\3b\00,ou=people,dc=test"),
        ] {
            assert_eq!(name.fill(login, ""), expected, "{login}");
        }
    }

    #[test]
    fn texts_that_cannot_work_are_told_at_the_start() {
        for bad in
            ["(uid=*)", "(uid={login}", "uid={dn}", "(member={dn})(uid={login})", "", "(&(uid={login})(member={dn}))"]
        {
            assert!(matches!(Template::person_filter(bad), Err(Refused::Misconfigured(_))), "{bad}");
        }
        for bad in ["(objectClass=group)", "(member={dn}", "(member={dn}))("] {
            assert!(matches!(Template::group_filter(bad), Err(Refused::Misconfigured(_))), "{bad}");
        }
        for bad in ["dc=test", "uid={login},cn={login}", "uid={login},cn={dn}"] {
            assert!(matches!(Template::name(bad), Err(Refused::Misconfigured(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_login_changes_the_shape_of_a_filter(login in "\\PC*") {
            let person = Template::person_filter("(&(objectClass=person)(uid={login}))").unwrap();
            let filled = person.fill(&login, "");
            let value = filled.strip_prefix("(&(objectClass=person)(uid=").and_then(|rest| rest.strip_suffix("))")).unwrap();
            prop_assert!(!value.contains(['(', ')', '*', '\0']));
            prop_assert!(parse_filter(&filled).is_ok());
            prop_assert_eq!(ldap3::ldap_unescape(value.to_owned()).unwrap(), login);
        }
    }
}
