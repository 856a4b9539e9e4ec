//! Owns reading an address of Redis from text.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::{Account, Address, AddressError, Host, Kind, Tls};

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// What stands behind the `?`.
#[derive(Default)]
struct Parameters {
    authority: Option<PathBuf>,
    sentinel: Account,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let (family, form) = scheme.split_once('+').map_or((scheme, ""), |(family, form)| (family, form));
        let is_secure = match family {
            "redis" => false,
            "rediss" => true,
            _ => return Err(AddressError::Scheme),
        };
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The last one: who forgot to encode one in a password is understood as well.
        let (account, hosts) = authority.rsplit_once('@').map_or(("", authority), |(account, hosts)| (account, hosts));
        let parameters = parameters_of(parameters)?;
        let kind = kind_of(form, hosts, path, &parameters)?;
        let tls = match (is_secure, parameters.authority) {
            (false, None) => None,
            (false, Some(_)) => return Err(AddressError::Parameter),
            (true, file) => Some(Tls { authority: file.map(read).transpose()? }),
        };
        Ok(Self { kind, account: account_of(account)?, tls })
    }
}

fn kind_of(form: &str, hosts: &str, path: &str, parameters: &Parameters) -> Result<Kind, AddressError> {
    let sentinel = &parameters.sentinel;
    if form != "sentinel" && (sentinel.user.is_some() || sentinel.password.is_some()) {
        return Err(AddressError::Parameter);
    }
    match form {
        "" => match &hosts_of(hosts, PORT)?[..] {
            [host] => Ok(Kind::Single { host: host.clone(), database: database_of(path)? }),
            _ => Err(AddressError::Hosts),
        },
        "sentinel" => {
            let (service, database) = path.split_once('/').unwrap_or((path, ""));
            // With an `@` it is the rest of a password that was not encoded.
            if service.is_empty() || service.contains('@') {
                return Err(AddressError::Service);
            }
            Ok(Kind::Sentinel {
                hosts: hosts_of(hosts, SENTINEL_PORT)?,
                service: service.to_owned(),
                database: database_of(database)?,
                account: sentinel.clone(),
            })
        }
        "cluster" => match path {
            "" | "0" => Ok(Kind::Cluster { hosts: hosts_of(hosts, PORT)? }),
            _ => Err(AddressError::ClusterDatabase),
        },
        _ => Err(AddressError::Scheme),
    }
}

fn hosts_of(text: &str, port: u16) -> Result<Vec<Host>, AddressError> {
    text.split(',').map(|text| host_of(text, port)).collect()
}

fn host_of(text: &str, default: u16) -> Result<Host, AddressError> {
    // An address of IPv6 has colons of its own and stands in brackets.
    let (name, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((name, ""))) => (name, None),
        Some(Some((name, port))) => (name, Some(port.strip_prefix(':').ok_or(AddressError::Port)?)),
        Some(None) => return Err(AddressError::Host),
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port = match port {
        None => default,
        Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or(AddressError::Port)?,
    };
    if name.is_empty() {
        return Err(AddressError::Host);
    }
    Ok(Host { name: name.to_owned(), port })
}

fn account_of(text: &str) -> Result<Account, AddressError> {
    let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    Ok(Account { user, password: password.map(decoded).transpose()? })
}

fn database_of(text: &str) -> Result<i64, AddressError> {
    match text {
        "" => Ok(0),
        text if text.contains('/') => Err(AddressError::Path),
        text => text.parse::<u16>().map(i64::from).map_err(|_| AddressError::Database),
    }
}

fn parameters_of(text: &str) -> Result<Parameters, AddressError> {
    let mut parameters = Parameters::default();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(AddressError::Parameter)?;
        let value = decoded(value)?;
        match name {
            "ca" => parameters.authority = Some(PathBuf::from(value)),
            "sentinel_user" => parameters.sentinel.user = Some(value),
            "sentinel_password" => parameters.sentinel.password = Some(value),
            _ => return Err(AddressError::Parameter),
        }
    }
    Ok(parameters)
}

fn decoded(text: &str) -> Result<String, AddressError> {
    percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| AddressError::Account)
}

fn read(file: PathBuf) -> Result<Vec<u8>, AddressError> {
    fs::read(&file).map_err(|error| AddressError::Authority { file, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it is written back, or what is wrong with it.
    fn read_back(text: &str) -> Result<String, AddressError> {
        text.parse::<Address>().map(|address| address.to_string())
    }

    #[test]
    fn each_form_is_understood() {
        for (text, expected) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://:secret@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
            ("rediss://user:secret@redis.example", "rediss://redis.example:6379/0"),
            ("redis://user:se@cret@[::1]:7000", "redis://[::1]:7000/0"),
            ("redis+sentinel://u:p@a,b:7/main", "redis+sentinel://a:26379,b:7/main/0"),
            ("rediss+sentinel://a/main/2?sentinel_password=x%26y", "rediss+sentinel://a:26379/main/2"),
            ("redis+cluster://a:1,b:2,[::1]:3", "redis+cluster://a:1,b:2,[::1]:3"),
            ("rediss+cluster://:p@a/0", "rediss+cluster://a:6379"),
        ] {
            assert_eq!(read_back(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn each_wrong_part_is_named() {
        for (text, expected) in [
            ("localhost:6379", AddressError::Scheme),
            ("http://localhost", AddressError::Scheme),
            ("redis+proxy://localhost", AddressError::Scheme),
            ("redis://", AddressError::Host),
            ("redis+cluster://a,,b", AddressError::Host),
            ("redis://[::1", AddressError::Host),
            ("redis://a,b", AddressError::Hosts),
            ("redis://a:0", AddressError::Port),
            ("redis://a:70000", AddressError::Port),
            ("redis://user:%ff@a", AddressError::Account),
            ("redis://a/one", AddressError::Database),
            ("redis://a/1/2", AddressError::Path),
            ("redis+cluster://a/1", AddressError::ClusterDatabase),
            ("redis+sentinel://a", AddressError::Service),
            ("redis://a?timeout=1", AddressError::Parameter),
            ("redis://a?ca=/a.pem", AddressError::Parameter),
            ("redis://a?sentinel_user=b", AddressError::Parameter),
        ] {
            assert_eq!(read_back(text), Err(expected), "{text}");
        }
        let missing = read_back("rediss://a?ca=/nowhere/authority.pem").expect_err("there is no such file");
        assert!(missing.to_string().contains("/nowhere/authority.pem"), "{missing}");
    }

    #[test]
    fn nothing_prints_a_password() {
        for text in ["redis://user:secret@host", "redis+sentinel://a:secret@b/c?sentinel_password=secret"] {
            let address: Address = text.parse().expect("it is right");
            assert!(!format!("{address} {address:?}").contains("secret"));
        }
        // Not encoded, so that pieces of it stand where other parts are expected.
        for text in [
            "redis://user:sec/ret@host",
            "redis://u:sec?ret@host",
            "redis://u:p@h:secret",
            "redis://h/secret",
            "redis+sentinel://u:p@sec/ret@host/0",
        ] {
            let error = text.parse::<Address>().expect_err("it is wrong");
            assert!(!format!("{error} {error:?}").contains("ret@"), "{text}: {error}");
            assert!(!format!("{error} {error:?}").contains("sec"), "{text}: {error}");
        }
    }
}
