//! Owns one connection to a directory: what is said on it, and what its answers mean for a login. It does not know in which
//! order things are asked.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{DerefAliases, Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions};
use rustls::ClientConfig;
use tokio::task::JoinSet;

use super::entry::Found;
use super::place::{Place, Protection};
use super::{Account, Refused};
use crate::provider::GROUPS_MAX;

/// How long a connection may take, with its name and its TLS.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long the directory itself may look for something.
const SEARCH_SECONDS_MAX: i32 = 5;

/// Codes of results, RFC 4511 appendix A.
mod code {
    pub(super) const SUCCESS: u32 = 0;
    pub(super) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub(super) const AUTH_METHOD_NOT_SUPPORTED: u32 = 7;
    pub(super) const STRONGER_AUTH_REQUIRED: u32 = 8;
    pub(super) const REFERRAL: u32 = 10;
    pub(super) const CONFIDENTIALITY_REQUIRED: u32 = 13;
    pub(super) const CONSTRAINT_VIOLATION: u32 = 19;
    pub(super) const NO_SUCH_OBJECT: u32 = 32;
    pub(super) const INVALID_DN_SYNTAX: u32 = 34;
    pub(super) const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
    pub(super) const INVALID_CREDENTIALS: u32 = 49;
    pub(super) const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;
    pub(super) const UNWILLING_TO_PERFORM: u32 = 53;
}

/// A connection, which ends when this is dropped.
pub(super) struct Talk {
    ldap: Ldap,
    _driver: JoinSet<()>,
}

/// What is looked for.
pub(super) struct Question<'a> {
    base: &'a str,
    scope: Scope,
    filter: &'a str,
    attributes: Vec<String>,
    entries_max: usize,
}

impl<'a> Question<'a> {
    /// One entry: a second one is enough to know that there is not one.
    pub(super) fn one(base: &'a str, filter: &'a str, attributes: Vec<String>) -> Self {
        Self { base, scope: Scope::Subtree, filter, attributes, entries_max: 2 }
    }

    /// The entry of this name.
    pub(super) fn own(name: &'a str, attributes: Vec<String>) -> Self {
        Self { base: name, scope: Scope::Base, filter: "(objectClass=*)", attributes, entries_max: 1 }
    }

    /// All groups; one too many is enough to refuse them.
    pub(super) fn groups(base: &'a str, filter: &'a str, attributes: Vec<String>) -> Self {
        Self { base, scope: Scope::Subtree, filter, attributes, entries_max: GROUPS_MAX + 1 }
    }
}

impl Talk {
    /// Connects, and turns to TLS where that is the way.
    pub(super) async fn open(place: &Place, tls: Option<Arc<ClientConfig>>) -> Result<Self, Refused> {
        let settings = LdapConnSettings::new().set_conn_timeout(CONNECT_MAX);
        let settings = settings.set_starttls(place.protection == Protection::StartTls);
        let settings = match tls {
            Some(tls) => settings.set_config(tls),
            None => settings,
        };
        let (connection, ldap) = LdapConnAsync::with_settings(settings, &place.url).await.map_err(away)?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for an answer learns of it.
            let _ended = connection.drive().await;
        });
        Ok(Self { ldap, _driver: driver })
    }

    /// Says goodbye; it is gone anyway.
    pub(super) async fn close(mut self) {
        let _said = self.ldap.unbind().await;
    }

    /// Tries somebody's password.
    pub(super) async fn try_password(&mut self, name: &str, password: &str) -> Result<(), Refused> {
        tried(self.bind(name, password).await?)
    }

    /// Looks with an account's eyes from now on, or stays nobody.
    pub(super) async fn become_account(&mut self, account: Option<&Account>) -> Result<(), Refused> {
        let Some(Account { name, password }) = account else {
            // After somebody's login, nobody again: RFC 4513 section 5.1.1.
            return match self.bind("", "").await? {
                code::SUCCESS => Ok(()),
                code::INAPPROPRIATE_AUTHENTICATION => Err(Refused::misconfigured("it wants an account")),
                other => Err(broken("nobody", other)),
            };
        };
        match self.bind(name, password.reveal()).await? {
            code::SUCCESS => Ok(()),
            code::INVALID_CREDENTIALS
            | code::INAPPROPRIATE_AUTHENTICATION
            | code::NO_SUCH_OBJECT
            | code::INVALID_DN_SYNTAX
            | code::CONSTRAINT_VIOLATION
            | code::INSUFFICIENT_ACCESS_RIGHTS => Err(Refused::misconfigured("it refuses our account")),
            other => Err(broken("our account", other)),
        }
    }

    /// Entries, up to the question's bound. A referral to another directory is not followed: a password must not go where a
    /// directory points.
    pub(super) async fn search(&mut self, question: Question<'_>) -> Result<Vec<Found>, Refused> {
        let Question { base, scope, filter, attributes, entries_max } = question;
        let size = i32::try_from(entries_max).unwrap_or(i32::MAX);
        let options = SearchOptions::new().deref(DerefAliases::Never).sizelimit(size).timelimit(SEARCH_SECONDS_MAX);
        let search = self.ldap.with_search_options(options).streaming_search(base, scope, filter, attributes);
        let mut stream = search.await.map_err(away)?;
        let mut found = Vec::new();
        while let Some(entry) = stream.next().await.map_err(away)? {
            if entry.is_ref() || entry.is_intermediate() {
                continue;
            }
            found.push(Found::new(SearchEntry::construct(entry)));
            // Whatever the directory thinks of our limit.
            if found.len() == entries_max {
                return Ok(found);
            }
        }
        match stream.finish().await.rc {
            code::SUCCESS | code::SIZE_LIMIT_EXCEEDED | code::REFERRAL => Ok(found),
            code::NO_SUCH_OBJECT | code::INVALID_DN_SYNTAX | code::INSUFFICIENT_ACCESS_RIGHTS => {
                Err(Refused::misconfigured("what is searched is not there, or may not be seen"))
            }
            other => Err(broken("a search", other)),
        }
    }

    async fn bind(&mut self, name: &str, password: &str) -> Result<u32, Refused> {
        Ok(self.ldap.simple_bind(name, password).await.map_err(away)?.rc)
    }
}

/// What the result of somebody's bind means.
fn tried(code: u32) -> Result<(), Refused> {
    match code {
        code::SUCCESS => Ok(()),
        // Locked, without a password, or kept elsewhere: none of that is the business of whoever asks.
        code::INVALID_CREDENTIALS
        | code::INAPPROPRIATE_AUTHENTICATION
        | code::NO_SUCH_OBJECT
        | code::INVALID_DN_SYNTAX
        | code::CONSTRAINT_VIOLATION
        | code::INSUFFICIENT_ACCESS_RIGHTS
        | code::UNWILLING_TO_PERFORM
        | code::REFERRAL => Err(Refused::Wrong),
        other => Err(broken("a login", other)),
    }
}

/// A result that says nothing of the person.
fn broken(what: &str, code: u32) -> Refused {
    let said = format!("it answered {what} with result {code}");
    match code {
        code::AUTH_METHOD_NOT_SUPPORTED | code::STRONGER_AUTH_REQUIRED | code::CONFIDENTIALITY_REQUIRED => {
            Refused::misconfigured(said)
        }
        _ => Refused::away(said),
    }
}

/// Why there was no result. The library's texts hold no request.
fn away(error: LdapError) -> Refused {
    match error {
        LdapError::Io { source } => Refused::away(source.to_string()),
        LdapError::Timeout { .. } => Refused::away("it cannot be reached in time"),
        LdapError::LdapResult { result } => broken("a connection", result.rc),
        LdapError::FilterParsing => Refused::misconfigured("a filter cannot be read"),
        LdapError::OpSend { .. } | LdapError::ResultRecv { .. } | LdapError::EndOfStream => {
            Refused::away("the connection broke")
        }
        other => Refused::away(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// slapd hides most of them behind 49; other directories do not.
    #[test]
    fn a_bind_tells_the_person_one_thing_only() {
        assert_eq!(tried(0), Ok(()));
        for code in [10, 19, 32, 34, 48, 49, 50, 53] {
            assert_eq!(tried(code), Err(Refused::Wrong), "{code}");
        }
        for code in [7, 8, 13] {
            assert!(matches!(tried(code), Err(Refused::Misconfigured(_))), "{code}");
        }
        for code in [1, 2, 3, 4, 14, 51, 52, 80, 4096, u32::MAX] {
            assert!(matches!(tried(code), Err(Refused::Away(_))), "{code}");
        }
    }
}
