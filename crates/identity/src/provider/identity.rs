//! Owns what a provider may say of somebody, and its bounds. It does not know how it was said.

use super::{LOGIN_BYTES_MAX, Refused};

/// The most a subject may hold. OpenID Connect Core 1.0, section 2, allows 255 letters of ASCII.
pub const SUBJECT_BYTES_MAX: usize = 255;
/// The most a name may hold.
pub const NAME_BYTES_MAX: usize = 256;
/// The most an e-mail address may hold, RFC 5321 section 4.5.3.1.3.
pub const EMAIL_BYTES_MAX: usize = 254;
/// The most a group's name may hold; in a directory it may be a whole distinguished name.
pub const GROUP_BYTES_MAX: usize = 512;
/// The most groups somebody may be in. Who is in more is not let in: a group left out could be the one that matters.
pub const GROUPS_MAX: usize = 1000;

/// What a provider says, before it is looked at.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// What it calls somebody by for ever, whatever login or name becomes of them.
    pub subject: String,
    /// Empty: the subject serves.
    pub login: String,
    /// Empty: the login serves.
    pub name: String,
    /// Only where the provider vouches for it.
    pub email: Option<String>,
    /// The groups it counts somebody in.
    pub groups: Vec<String>,
}

/// Somebody, as one provider knows them: all of it bounded, and without control characters. A subject says nothing without
/// its provider; an e-mail address proves nothing about an account of ours that has the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    subject: String,
    login: String,
    name: String,
    email: Option<String>,
    groups: Vec<String>,
}

impl Identity {
    /// What it calls somebody by for ever.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What somebody types there, today.
    pub fn login(&self) -> &str {
        &self.login
    }

    /// For people to read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where mail reaches them, as far as the provider vouches for it.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The groups they are in there, for [`super::Rules`].
    pub fn groups(&self) -> &[String] {
        &self.groups
    }
}

impl TryFrom<Claims> for Identity {
    type Error = Refused;

    fn try_from(claims: Claims) -> Result<Self, Refused> {
        let Claims { subject, login, name, email, groups } = claims;
        if groups.len() > GROUPS_MAX {
            return Err(Refused::invalid("it counts somebody in too many groups"));
        }
        let subject = bounded("its subject", subject, SUBJECT_BYTES_MAX)?;
        let login = if login.is_empty() { subject.clone() } else { login };
        let login = bounded("its login", login, LOGIN_BYTES_MAX)?;
        let name = if name.is_empty() { login.clone() } else { name };
        let name = bounded("its name", name, NAME_BYTES_MAX)?;
        let email = email.map(|email| bounded("its e-mail address", email, EMAIL_BYTES_MAX)).transpose()?;
        let group = |group| bounded("its group", group, GROUP_BYTES_MAX);
        let groups = groups.into_iter().map(group).collect::<Result<_, _>>()?;
        Ok(Self { subject, login, name, email, groups })
    }
}

/// A text that can be stored and shown.
fn bounded(what: &str, text: String, bytes_max: usize) -> Result<String, Refused> {
    if text.trim().is_empty() {
        return Err(Refused::invalid(format!("{what} is empty")));
    }
    if text.len() > bytes_max {
        return Err(Refused::invalid(format!("{what} is longer than {bytes_max} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refused::invalid(format!("{what} has control characters")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            subject: "17".to_owned(),
            login: "ada".to_owned(),
            name: "Ada Löwenherz".to_owned(),
            email: Some("ada@example.test".to_owned()),
            groups: vec!["staff".to_owned()],
        }
    }

    #[test]
    fn what_is_missing_is_taken_from_what_is_there() {
        let whole = Identity::try_from(claims()).unwrap();
        assert_eq!((whole.subject(), whole.login(), whole.name()), ("17", "ada", "Ada Löwenherz"));
        assert_eq!((whole.email(), whole.groups()), (Some("ada@example.test"), &["staff".to_owned()][..]));
        let bare = Identity::try_from(Claims { subject: "17".to_owned(), ..Claims::default() }).unwrap();
        assert_eq!((bare.subject(), bare.login(), bare.name(), bare.email()), ("17", "17", "17", None));
    }

    #[test]
    fn what_is_empty_too_long_or_no_text_is_refused() {
        let long = |bytes: usize| "x".repeat(bytes + 1);
        for bad in [
            Claims { subject: String::new(), ..claims() },
            Claims { subject: " ".to_owned(), ..claims() },
            Claims { subject: "1\u{0}7".to_owned(), ..claims() },
            Claims { subject: long(SUBJECT_BYTES_MAX), ..claims() },
            Claims { login: "ada\n".to_owned(), ..claims() },
            Claims { login: long(LOGIN_BYTES_MAX), ..claims() },
            Claims { name: "Ada\u{85}".to_owned(), ..claims() },
            Claims { name: long(NAME_BYTES_MAX), ..claims() },
            Claims { email: Some(String::new()), ..claims() },
            Claims { email: Some("ada@example.test\r\nBcc: all".to_owned()), ..claims() },
            Claims { email: Some(long(EMAIL_BYTES_MAX)), ..claims() },
            Claims { groups: vec!["staff\u{7f}".to_owned()], ..claims() },
            Claims { groups: vec![long(GROUP_BYTES_MAX)], ..claims() },
            Claims { groups: vec!["staff".to_owned(); GROUPS_MAX + 1], ..claims() },
        ] {
            let refused = Identity::try_from(bad.clone()).expect_err("it is not taken");
            assert!(matches!(refused, Refused::Invalid(_)), "{bad:?}");
        }
        let most = Claims { groups: vec![long(GROUP_BYTES_MAX - 1); GROUPS_MAX], ..claims() };
        assert!(Identity::try_from(most).is_ok());
    }
}
