//! Owns refusing secrets that everybody knows, before anything is opened with them. It never says what they are.

use anyhow::{Context as _, ensure};
use percent_encoding::percent_decode_str;

use super::Settings;

/// What to do about it.
const MAKE: &str = "make one of your own, such as with `openssl rand -hex 32`";

impl Settings {
    /// Refuses a password of a database or of Redis on another machine that stands in examples. On this one it may be what a
    /// container for tests came with.
    pub(super) fn refuse_known(&self) -> anyhow::Result<()> {
        for (name, url) in [("database_url", &self.database_url), ("redis_url", &self.redis_url)] {
            let Some(url) = url.as_deref().and_then(Url::read) else { continue };
            let is_known = url.passwords.iter().any(|password| domain::is_placeholder(password));
            ensure!(
                !is_known || url.is_here,
                "{name}: the password is one that stands in examples, and the server is on another machine; {MAKE}"
            );
        }
        Ok(())
    }
}

/// Whether an address leads to this machine alone.
pub(crate) fn is_here(url: &str) -> bool {
    Url::read(url).is_some_and(|url| url.is_here)
}

/// Refuses a secret of ours that stands in examples.
pub(crate) fn refuse(what: &str, secret: &str) -> anyhow::Result<()> {
    ensure!(!domain::is_placeholder(secret), "{what}: it is a word of an example, which everybody knows; {MAKE}");
    Ok(())
}

/// Refuses random bytes that nobody drew: those of a file that was written by hand, or over with zeros.
pub(crate) fn refuse_drawn(what: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let different = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    // Of 32 bytes that were drawn, more than half are different from each other.
    (different >= bytes.len() / 2).then_some(()).with_context(|| format!("{what} was not drawn at random; restore it"))
}

/// What of an address matters here.
struct Url {
    passwords: Vec<String>,
    is_here: bool,
}

impl Url {
    /// `scheme://account:password@host:port,host:port/path?password=…`. What is none is refused elsewhere, with its reason.
    fn read(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("://")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = place.split('/').next().unwrap_or_default();
        let (account, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let in_query = query.split('&').filter_map(|pair| pair.split_once('='));
        let in_query = in_query.filter(|(name, _)| name.ends_with("password")).map(|(_, value)| decoded(value));
        let in_front = account.split_once(':').map(|(_, password)| decoded(password));
        let is_here = hosts.split(',').all(is_this_machine);
        Some(Self { passwords: in_front.into_iter().chain(in_query).collect(), is_here })
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.split(']').next());
    let bare = bare.unwrap_or_else(|| host.rsplit_once(':').map_or(host, |(host, _)| host));
    let address = bare.parse::<std::net::IpAddr>();
    // Without a host it is a socket in the file system.
    bare.is_empty() || bare == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s30_passwords_of_examples_are_for_this_machine() {
        for (url, is_taken) in [
            ("postgres://mideng:changeme@db.example/shop", false),
            ("postgres://mideng:only-on-this-machine@10.0.0.7:5432/shop", false),
            ("postgres://mideng:change%6De@db.example/shop", false),
            ("postgres://db.example/shop?user=mideng&password=changeme", false),
            ("mysql://root:root@db/shop", false),
            ("mysql://mideng:@db/shop", false),
            ("redis://:redis@cache.example:6379", false),
            ("redis+sentinel://:x9f3kq27@10.0.0.1:26379,10.0.0.2:26379/shop?sentinel_password=changeme", false),
            ("redis+cluster://:secret@127.0.0.1:1,10.0.0.2:2", false),
            ("postgres://mideng:changeme@localhost.example/shop", false),
            ("postgres://mideng:only-on-this-machine@127.0.0.1:15432/shop", true),
            ("postgres://mideng:changeme@[::1]:5432/shop", true),
            ("mysql://root:root@localhost/shop", true),
            ("redis+cluster://:secret@127.0.0.1:1,localhost:2", true),
            ("postgres://mideng:x9f3kq27@db.example/shop", true),
            ("postgres://mideng:p%40ss%2Fword9@db.example/shop", true),
            ("postgres://mideng@db.example/shop", true),
            ("sqlite:shop.db", true),
        ] {
            let settings = Settings { database_url: Some(url.to_owned()), ..Settings::default() };
            let refused = settings.refuse_known();
            assert_eq!(refused.is_ok(), is_taken, "{url}");
            for part in ["changeme", "only-on", "mideng", "example"] {
                assert!(
                    !refused.as_ref().is_err_and(|error| error.to_string().replace("in examples", "").contains(part))
                );
            }
        }
    }

    #[test]
    fn s30_bytes_that_nobody_drew_are_refused() {
        assert!(
            refuse_drawn("it", &[0; 32]).is_err() && refuse_drawn("it", b"ababababababababababababababcdcd").is_err()
        );
        assert!(refuse_drawn("it", &crate::secret::random().expect("random bytes")).is_ok());
    }
}
