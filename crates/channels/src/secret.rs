//! Owns secrets: where one is kept, and that its value is never shown. It does not know what a secret is for.

use std::fmt;
use std::io::Read as _;

/// The most a secret's file may hold.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A value that is not shown.
pub(crate) struct Secret(String);

impl Secret {
    /// A value that is at hand.
    pub(crate) fn new(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// Reads `file:PATH` (its text, trimmed) or `env:NAME`. What is wrong is said without the reference's own text,
    /// which may be the secret, pasted in the wrong place.
    pub(crate) fn refer(reference: &str) -> Result<Self, String> {
        let value = if let Some(path) = reference.strip_prefix("file:") {
            read(path)?
        } else if let Some(name) = reference.strip_prefix("env:") {
            std::env::var(name)
                .map_err(|_| "the environment variable it names is not set, or is not text".to_owned())?
        } else {
            return Err("a secret is not written here; write file:PATH or env:NAME".to_owned());
        };
        let value = value.trim();
        if value.is_empty() {
            return Err("the place it names is empty".to_owned());
        }
        if domain::is_placeholder(value) {
            return Err("the place it names has a word of an example, which everybody knows".to_owned());
        }
        Ok(Self::new(value))
    }

    /// The value, to be used and not kept.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn read(path: &str) -> Result<String, String> {
    let said = |error: std::io::Error| format!("the file it names cannot be read: {}", error.kind());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(said)?;
    file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(said)?;
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(format!("the file it names is longer than {SECRET_BYTES_MAX} bytes"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            format!("file:{}", path.display())
        };
        assert_eq!(Secret::refer(&at("good", " value\n")).unwrap().reveal(), "value");
        assert_eq!(Secret::refer("env:CARGO_PKG_NAME").unwrap().reveal(), "channels");
        let long = at("long", &"x".repeat(70_000));
        for bad in [
            "sk_live_1",
            "",
            "file:",
            "file:/nowhere/at/all",
            "env:",
            "env:MIDENG_NOT_SET",
            &at("empty", "\n"),
            &at("known", "CHANGE_ME\n"),
            &long,
        ] {
            let said = Secret::refer(bad).unwrap_err();
            assert!(!said.contains("sk_live") && !said.contains("nowhere") && !said.contains("NOT_SET"), "{said}");
        }
    }

    #[test]
    fn nothing_is_shown() {
        assert_eq!(format!("{:?}", Some(Secret::new("hidden"))), "Some(Secret)");
    }
}
