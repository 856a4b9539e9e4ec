//! Owns reading an account's settings member by member, so that no message repeats a value, which may be a secret
//! pasted in the wrong place. It does not know which provider wants which member.

use outbound::Url;
use serde_json::{Map, Value};

use crate::Failure;
use crate::secret::Secret;

/// The most entries of a list or a table.
const ENTRIES_MAX: usize = 16;
/// The longest plain text.
const TEXT_MAX: usize = 200;

/// The members that were not read yet.
pub(crate) struct Settings(Map<String, Value>);

impl Settings {
    /// Opens a JSON object.
    pub(crate) fn open(text: &str) -> Result<Self, Failure> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Failure::Misconfigured("the settings are no JSON object".to_owned())),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                Err(Failure::Misconfigured(format!("the settings are no JSON, see {place}")))
            }
        }
    }

    /// The provider's address: http or https, without a query; a slash at its end is dropped.
    pub(crate) fn gateway(&mut self) -> Result<Url, Failure> {
        let text = self.text("gateway")?;
        let url = Url::parse(text.trim_end_matches('/')).ok().filter(|url| {
            let plain = url.query().is_none() && url.fragment().is_none();
            matches!(url.scheme(), "http" | "https") && plain && url.username().is_empty() && url.password().is_none()
        });
        url.ok_or_else(|| wrong("gateway", "write an address such as https://api.example.com/path"))
    }

    /// A text that is no secret: printable ASCII, such as an account's number.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Failure> {
        match self.take(name)? {
            Value::String(text)
                if (1..=TEXT_MAX).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic()) =>
            {
                Ok(text)
            }
            _ => Err(wrong(name, "write a text of 1 to 200 letters, digits and signs")),
        }
    }

    /// One secret, kept where a reference says.
    pub(crate) fn secret(&mut self, name: &str) -> Result<Secret, Failure> {
        refer(name, &self.take(name)?)
    }

    /// Secrets for rotation: at least one.
    pub(crate) fn secrets(&mut self, name: &str) -> Result<Vec<Secret>, Failure> {
        match self.take(name)? {
            Value::Array(list) if (1..=ENTRIES_MAX).contains(&list.len()) => {
                list.iter().map(|value| refer(name, value)).collect()
            }
            _ => Err(wrong(name, "write a list of 1 to 16 references, file:PATH or env:NAME")),
        }
    }

    /// Secrets by their names: at least one.
    pub(crate) fn named_secrets(&mut self, name: &str) -> Result<Vec<(String, Secret)>, Failure> {
        match self.take(name)? {
            Value::Object(table) if (1..=ENTRIES_MAX).contains(&table.len()) => {
                table.into_iter().map(|(key, value)| Ok((key, refer(name, &value)?))).collect()
            }
            _ => Err(wrong(name, "write an object of 1 to 16 references, file:PATH or env:NAME")),
        }
    }

    /// Refuses what nobody read: a misspelt member would be a setting that does not hold.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Failure::Misconfigured(format!("{name:?} is no setting of this kind of channel"))),
        }
    }

    fn take(&mut self, name: &str) -> Result<Value, Failure> {
        self.0.remove(name).ok_or_else(|| Failure::Misconfigured(format!("{name} is missing")))
    }
}

/// A member that cannot be used, and what to do; never with its value.
pub(crate) fn wrong(name: &str, what: &str) -> Failure {
    Failure::Misconfigured(format!("{name}: {what}"))
}

fn refer(name: &str, value: &Value) -> Result<Secret, Failure> {
    let Value::String(reference) = value else {
        return Err(wrong(name, "write file:PATH or env:NAME"));
    };
    Secret::refer(reference).map_err(|said| wrong(name, &said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_and_none_is_left() {
        let text = r#"{"gateway":"https://x.example/a/","id":"1","one":"env:CARGO_PKG_NAME",
            "many":["env:CARGO_PKG_NAME"],"named":{"k":"env:CARGO_PKG_NAME"},"other":1}"#;
        let mut settings = Settings::open(text).unwrap();
        assert_eq!(settings.gateway().unwrap().as_str(), "https://x.example/a");
        assert_eq!(settings.text("id").unwrap(), "1");
        assert_eq!(settings.secret("one").unwrap().reveal(), "channels");
        assert_eq!(settings.secrets("many").unwrap().len(), 1);
        assert_eq!(settings.named_secrets("named").unwrap()[0].0, "k");
        assert!(settings.end().unwrap_err().to_string().contains("other"));
    }

    #[test]
    fn a_value_is_never_repeated() {
        let hidden = "sk_live_4242";
        for text in [
            hidden.to_owned(),
            format!("\"{hidden}\""),
            format!(
                r#"{{"gateway":"{hidden}","text":"{hidden} ","secret":"{hidden}","secrets":"{hidden}","named":"{hidden}"}}"#
            ),
            format!(
                r#"{{"gateway":"https://{hidden}:{hidden}@x.example","secrets":["{hidden}"],"named":{{"a":"{hidden}"}}}}"#
            ),
        ] {
            let mut settings = match Settings::open(&text) {
                Ok(settings) => settings,
                Err(failure) => {
                    assert!(!failure.to_string().contains(hidden), "{failure}");
                    continue;
                }
            };
            let said = [
                settings.gateway().unwrap_err(),
                settings.text("text").unwrap_err(),
                settings.secret("secret").unwrap_err(),
                settings.secrets("secrets").unwrap_err(),
                settings.named_secrets("named").unwrap_err(),
            ];
            for failure in said {
                assert!(
                    matches!(failure, Failure::Misconfigured(_)) && !failure.to_string().contains(hidden),
                    "{failure}"
                );
            }
        }
    }
}
