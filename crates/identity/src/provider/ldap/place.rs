//! Owns where a directory is, and that no password goes there for others to read. It does not know what is asked there.

use outbound::Url;

use super::Encryption;
use crate::provider::Refused;
use crate::provider::tls::is_loopback;

/// A place that is allowed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) url: String,
    pub(super) protection: Protection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    Tls,
    StartTls,
    None,
}

impl Place {
    /// `ldaps://host[:636]` or `ldap://host[:389]`, with nothing else in it.
    pub(super) fn read(url: &str, encryption: Encryption) -> Result<Self, Refused> {
        let wrong = |why: &str| Refused::misconfigured(format!("its address {why}"));
        let url = Url::parse(url).map_err(|_| wrong("is not of the form ldaps://host:port"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("has no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("must not hold a login or password; its account has a setting"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("ends with host and port; where people are searched has a setting"));
        }
        let protection = match (url.scheme(), encryption) {
            ("ldaps", _) => Protection::Tls,
            ("ldap", Encryption::Required) => Protection::StartTls,
            ("ldap", Encryption::OffOnThisMachine) if is_loopback(host) => Protection::None,
            ("ldap", Encryption::OffOnThisMachine) => {
                return Err(wrong("is on another machine, where passwords would travel for others to read"));
            }
            ("ldap", Encryption::Off) => Protection::None,
            _ => return Err(wrong("begins with neither ldaps:// nor ldap://")),
        };
        if protection != Protection::None && host.starts_with('[') {
            return Err(wrong(
                "names an IPv6 address, which the library cannot compare with a certificate; use a name",
            ));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { url: format!("{}://{host}{port}", url.scheme()), protection })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_travel_hidden_unless_somebody_says_otherwise() {
        use Encryption::{Off, OffOnThisMachine, Required};
        for (url, encryption, expected) in [
            ("ldaps://ldap.example.test", Required, Some(Protection::Tls)),
            ("ldaps://ldap.example.test:1636/", Off, Some(Protection::Tls)),
            ("ldap://ldap.example.test", Required, Some(Protection::StartTls)),
            ("ldap://127.0.0.1:1389", Required, Some(Protection::StartTls)),
            ("ldap://127.0.0.1:1389", OffOnThisMachine, Some(Protection::None)),
            ("ldap://localhost", OffOnThisMachine, Some(Protection::None)),
            ("ldap://[::1]:1389", OffOnThisMachine, Some(Protection::None)),
            ("ldap://ldap.example.test", OffOnThisMachine, None),
            ("ldap://localhost.example.test", OffOnThisMachine, None),
            ("ldap://ldap.example.test", Off, Some(Protection::None)),
        ] {
            let place = Place::read(url, encryption);
            assert_eq!(place.ok().map(|place| place.protection), expected, "{url} {encryption:?}");
        }
    }

    #[test]
    fn an_address_is_host_and_port() {
        for bad in [
            "",
            "ldap.example.test",
            "ldaps://",
            "ldaps:ldap.example.test",
            "ldapi:///run/slapd",
            "https://ldap.example.test",
            "ldaps://cn=admin:secret@ldap.example.test",
            "ldaps://ldap.example.test/dc=test",
            "ldaps://ldap.example.test?uid",
            "ldaps://[::1]",
        ] {
            let refused = Place::read(bad, Encryption::Required).expect_err(bad);
            assert!(matches!(&refused, Refused::Misconfigured(why) if !why.contains("secret")), "{bad}: {refused}");
        }
        assert_eq!(
            Place::read("ldaps://LDAP.example.test:1636", Encryption::Required).unwrap().url.to_lowercase(),
            "ldaps://ldap.example.test:1636"
        );
    }
}
