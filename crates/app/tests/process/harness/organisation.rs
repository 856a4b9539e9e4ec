//! Owns a part of the tests' directory that no other test has, with people and groups in it.

use std::collections::HashSet;

use ldap3::{Ldap, LdapConnAsync, Mod};
use serde_json::{Value, json};

use super::{authority, variable};

const ROOT: &str = "dc=mideng,dc=test";

/// A unit of the organisation.
pub(crate) struct Organisation {
    ldap: Ldap,
    /// Its distinguished name.
    base: String,
}

/// What the address of the tests' directory says: account, its password, and host with port.
struct Place {
    account: String,
    password: String,
    host: String,
}

impl Organisation {
    /// A new one, empty.
    pub(crate) async fn found() -> Self {
        let place = Place::of("TEST_LDAP_URL");
        let connected = LdapConnAsync::new(&format!("ldap://{}", place.host)).await;
        let (connection, mut ldap) = connected.expect("the directory is there");
        ldap3::drive!(connection);
        let bound = ldap.simple_bind(&place.account, &place.password).await.expect("it answers");
        bound.success().expect("the tests' account is let in");
        let mut bits = [0; 8];
        getrandom::fill(&mut bits).expect("the system has randomness");
        let base = format!("ou=app-{:016x},{ROOT}", u64::from_ne_bytes(bits));
        let mut organisation = Self { ldap, base };
        organisation.add(organisation.base.clone(), &[("objectClass", &["organizationalUnit"])]).await;
        organisation
    }

    /// Somebody whose password is [`password`].
    pub(crate) async fn hire(&mut self, login: &str) {
        let (name, password) = (format!("Person {login}"), password(login));
        let entry: [(&str, &[&str]); 5] = [
            ("objectClass", &["inetOrgPerson"]),
            ("uid", &[login]),
            ("cn", &[&name]),
            ("sn", &["Person"]),
            ("userPassword", &[&password]),
        ];
        self.add(self.person(login), &entry).await;
    }

    /// A group of these; it must have somebody.
    pub(crate) async fn group(&mut self, name: &str, logins: &[&str]) {
        let members: Vec<_> = logins.iter().map(|login| self.person(login)).collect();
        let members: Vec<_> = members.iter().map(String::as_str).collect();
        self.add(self.named(name), &[("objectClass", &["groupOfNames"]), ("member", &members)]).await;
    }

    /// Puts somebody into a group.
    pub(crate) async fn join(&mut self, group: &str, login: &str) {
        let person = self.person(login);
        self.change(group, Mod::Add("member", HashSet::from([person.as_str()]))).await;
    }

    /// Takes somebody out of a group.
    pub(crate) async fn leave(&mut self, group: &str, login: &str) {
        let person = self.person(login);
        self.change(group, Mod::Delete("member", HashSet::from([person.as_str()]))).await;
    }

    /// What the file of settings says of it, over TLS. The account's password stands in a file of this name.
    pub(crate) fn setting(&self, password_file: &str) -> Value {
        let Place { account, host, .. } = Place::of("TEST_LDAPS_URL");
        json!({
            "url": format!("ldaps://{host}"),
            "authority_file": authority(),
            "search": {
                "account": account,
                "password_file": password_file,
                "base": self.base,
                "filter": "(&(objectClass=person)(uid={login}))",
            },
            "groups": {"base": self.base, "filter": "(&(objectClass=groupOfNames)(member={dn}))", "name": "cn"},
        })
    }

    /// The same without TLS, at a place of this machine.
    pub(crate) fn plain_setting(&self, password_file: &str, host: &str) -> Value {
        let mut setting = self.setting(password_file);
        setting["url"] = format!("ldap://{host}").into();
        setting["encryption"] = "off_on_this_machine".into();
        setting
    }

    fn person(&self, login: &str) -> String {
        format!("uid={login},{}", self.base)
    }

    fn named(&self, group: &str) -> String {
        format!("cn={group},{}", self.base)
    }

    async fn add(&mut self, name: String, entry: &[(&str, &[&str])]) {
        let entry =
            entry.iter().map(|(attribute, values)| (*attribute, values.iter().copied().collect::<HashSet<_>>()));
        let added = self.ldap.add(&name, entry.collect()).await.expect("the directory answers");
        added.success().unwrap_or_else(|error| panic!("{name} cannot be added: {error}"));
    }

    async fn change(&mut self, group: &str, change: Mod<&str>) {
        let changed = self.ldap.modify(&self.named(group), vec![change]).await;
        changed.expect("the directory answers").success().expect("it may be changed");
    }
}

impl Place {
    fn of(variable_name: &str) -> Self {
        let url = variable(variable_name);
        let (_, rest) = url.split_once("://").expect("an address");
        let (account, host) = rest.split_once('@').expect("an account");
        let (name, password) = account.split_once(':').expect("a password");
        Self { account: format!("cn={name},{ROOT}"), password: password.to_owned(), host: host.to_owned() }
    }
}

/// Of somebody who was hired.
pub(crate) fn password(login: &str) -> String {
    format!("password of {login}")
}

/// Of the account that looks for people.
pub(crate) fn account_password() -> String {
    Place::of("TEST_LDAP_URL").password
}

/// Where the directory is without TLS.
pub(crate) fn plain_host() -> String {
    Place::of("TEST_LDAP_URL").host
}
