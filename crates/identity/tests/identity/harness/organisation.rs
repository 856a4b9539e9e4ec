//! Owns a part of the directory that no other test has, with people in it, and the settings to ask for them.

use std::collections::HashSet;

use identity::provider::Secret;
use identity::provider::ldap::{Account, Attributes, Encryption, Find, Groups, Settings};
use ldap3::{Ldap, LdapConnAsync, Mod, dn_escape};
use reqwest::Url;

use super::{PATIENCE, authority, variable};

const ROOT: &str = "dc=mideng,dc=test";

/// A unit of the organisation.
pub struct Organisation {
    ldap: Ldap,
    /// Its distinguished name.
    pub base: String,
}

/// What an entry says: attributes with their values.
type Entry<'a> = &'a [(&'a str, &'a [&'a str])];

impl Organisation {
    /// A new one, empty.
    pub async fn found() -> Self {
        let url = Url::parse(&variable("TEST_LDAP_URL")).expect("an address");
        let place = format!("ldap://127.0.0.1:{}", url.port().expect("a port"));
        let (connection, mut ldap) = LdapConnAsync::new(&place).await.expect("the directory is there");
        ldap3::drive!(connection);
        let account = account();
        let bound = ldap.simple_bind(&account.0, &account.1).await.expect("it answers");
        bound.success().expect("the tests' account is let in");
        let mut bits = [0; 8];
        getrandom::fill(&mut bits).expect("the system has randomness");
        let base = format!("ou=test-{:016x},{ROOT}", u64::from_ne_bytes(bits));
        let mut organisation = Self { ldap, base };
        let base = organisation.base.clone();
        organisation.add(&base, &[("objectClass", &["organizationalUnit"])]).await;
        organisation
    }

    /// Somebody whose password is `password of` and the login; gives the distinguished name.
    pub async fn hire(&mut self, login: &str) -> String {
        let name = format!("uid={},{}", dn_escape(login), self.base);
        self.hire_as(&name, login, Some(&password(login))).await;
        name
    }

    /// Somebody under a name of one's own, with or without a password.
    pub async fn hire_as(&mut self, name: &str, login: &str, password: Option<&str>) {
        let (full, mail) = (format!("Person {login}"), "person@example.test");
        let entry: [(&str, &[&str]); 6] = [
            ("objectClass", &["inetOrgPerson"]),
            ("uid", &[login]),
            ("cn", &[&full]),
            ("sn", &["Person"]),
            ("mail", &[mail]),
            ("userPassword", password.as_slice()),
        ];
        let filled: Vec<_> = entry.into_iter().filter(|(_, values)| !values.is_empty()).collect();
        self.add(name, &filled).await;
    }

    /// A group of these.
    pub async fn group(&mut self, name: &str, members: &[&str]) -> String {
        let dn = format!("cn={name},{}", self.base);
        self.add(&dn, &[("objectClass", &["groupOfNames"]), ("member", members)]).await;
        dn
    }

    /// Any entry.
    pub async fn add(&mut self, name: &str, entry: Entry<'_>) {
        let entry =
            entry.iter().map(|(attribute, values)| (*attribute, values.iter().copied().collect::<HashSet<_>>()));
        let added = self.ldap.add(name, entry.collect()).await.expect("the directory answers");
        added.success().unwrap_or_else(|error| panic!("{name} cannot be added: {error}"));
    }

    /// Gives somebody a new password.
    pub async fn change_password(&mut self, name: &str, password: &str) {
        let change = vec![Mod::Replace("userPassword", HashSet::from([password]))];
        self.ldap.modify(name, change).await.expect("it answers").success().expect("it may be changed");
    }

    /// Gives somebody another login.
    pub async fn rename(&mut self, name: &str, before: &str, after: &str) {
        let change = vec![Mod::Delete("uid", HashSet::from([before])), Mod::Add("uid", HashSet::from([after]))];
        self.ldap.modify(name, change).await.expect("it answers").success().expect("it may be changed");
    }

    /// Settings that find people here by their login, over TLS.
    pub fn settings(&self) -> Settings {
        Settings {
            url: without_account("TEST_LDAPS_URL"),
            encryption: Encryption::Required,
            authority: Some(authority("authority.pem")),
            find: self.search(),
            attributes: Attributes::default(),
            groups: Groups::None,
            answer_max: PATIENCE,
            logins_max: 16,
        }
    }

    /// The same without TLS, at a port of this machine.
    pub fn plain_settings(&self, port: u16) -> Settings {
        let url = format!("ldap://127.0.0.1:{port}");
        Settings { url, encryption: Encryption::OffOnThisMachine, authority: None, ..self.settings() }
    }

    /// By searching with the tests' account.
    pub fn search(&self) -> Find {
        let (name, password) = account();
        Find::Search {
            account: Some(Account { name, password: Secret::new(password) }),
            base: self.base.clone(),
            filter: "(&(objectClass=person)(uid={login}))".to_owned(),
            decoy: None,
        }
    }

    /// By a name made of the login.
    pub fn direct(&self) -> Find {
        Find::Direct { name: format!("uid={{login}},{}", self.base) }
    }
}

/// Of somebody who was hired.
pub fn password(login: &str) -> String {
    format!("password of {login}")
}

/// The port of the directory without TLS.
pub fn plain_port() -> u16 {
    Url::parse(&variable("TEST_LDAP_URL")).expect("an address").port().expect("a port")
}

/// An address as the settings take it.
pub fn without_account(variable_name: &str) -> String {
    let url = Url::parse(&variable(variable_name)).expect("an address");
    format!("{}://127.0.0.1:{}", url.scheme(), url.port().expect("a port"))
}

/// The tests' account, which may do everything.
pub fn account() -> (String, String) {
    let url = Url::parse(&variable("TEST_LDAP_URL")).expect("an address");
    (format!("cn={},{ROOT}", url.username()), url.password().expect("a password").to_owned())
}
