//! Owns what may be asked of a service and with which means. It knows no row but by the letter and number of its name.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Error;
use crate::case::{self, Case};

/// Where a service is, what a request looks like there, and what else a row may need.
///
/// A row whose means are missing is not asked. Bodies are templates: `{{n}}` becomes a number and `{{random}}` a word
/// that no earlier request had; a repetition has the same. In the JSON of a profile a body is text or any JSON value.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Where the service is: scheme, host and port.
    pub url: String,
    /// Other nodes of it, which must answer alike.
    pub more_urls: Vec<String>,
    /// The method of the route.
    pub method: String,
    /// A path where a key is required.
    pub route: String,
    /// Sent with every request of the first caller, each as `Name: value`.
    pub headers: Vec<String>,
    /// The second caller's, in place of the first one's.
    pub other_headers: Vec<String>,
    /// What the bodies are.
    pub content_type: String,
    /// The body of a request that succeeds.
    #[serde(deserialize_with = "text")]
    pub body: Option<String>,
    /// The body of another request that succeeds.
    #[serde(deserialize_with = "text")]
    pub other_body: Option<String>,
    /// Where `body` is changed to get another request, as a JSON pointer; in place of `other_body`.
    pub vary: Option<String>,
    /// A member that the service leaves out of its comparison, as a JSON pointer.
    pub excluded: Option<String>,
    /// What names the thing that was made, as a JSON pointer into the answer; without it the header Location does.
    pub identity: Option<String>,
    /// A path or an address whose answer counts effects.
    pub effects: Option<String>,
    /// Where the count stands in it, as a JSON pointer to a number or to an array.
    pub effects_pointer: String,
    /// A path where a key may be missing.
    pub optional_route: Option<String>,
    /// The body there; `body` where it is missing.
    #[serde(deserialize_with = "text")]
    pub optional_body: Option<String>,
    /// A path that is only read.
    pub get_route: Option<String>,
    /// The body of a request that the business refuses for good.
    #[serde(deserialize_with = "text")]
    pub refused_body: Option<String>,
    /// The body of a request that is refused before anything is done.
    #[serde(deserialize_with = "text")]
    pub invalid_body: Option<String>,
    /// The body of a request whose answer is longer than what the service keeps.
    #[serde(deserialize_with = "text")]
    pub large_body: Option<String>,
    /// So many bytes are too many.
    pub big_body_bytes: Option<usize>,
    /// The body of a request that takes its time.
    #[serde(deserialize_with = "text")]
    pub slow_body: Option<String>,
    /// The header, as `Name: value`, that makes a request take its time.
    pub slow_header: Option<String>,
    /// The header that makes it take longer than a duplicate waits.
    pub slower_header: Option<String>,
    /// The header that makes the handler panic.
    pub panic_header: Option<String>,
    /// So long after it was sent, a slow request is surely being worked on; it must take four times as long.
    pub in_flight_ms: u64,
    /// A key that is too easy to guess for the service.
    pub weak_key: Option<String>,
    /// A path that takes the members of `body` as a form of several parts.
    pub multipart_route: Option<String>,
    /// A path that answers without a body.
    pub empty_route: Option<String>,
    /// A path of the same method where the key is another request's.
    pub other_route: Option<String>,
    /// A method that the route also has.
    pub other_method: Option<String>,
    /// True: a key must be a quoted string.
    pub strict: bool,
    /// What happens to a duplicate in flight; either where it is not said.
    pub mode: Option<Mode>,
    /// A line of the shell that starts the service and stays with it.
    pub start: Option<String>,
    /// A line of the shell that kills it, in place of SIGKILL to all that the first line began.
    pub kill: Option<String>,
    /// How often it is killed.
    pub kills: u32,
    /// A line of the shell that takes the store of keys away.
    pub store_down: Option<String>,
    /// A line of the shell that gives it back.
    pub store_up: Option<String>,
    /// A line of the shell that empties what is in front of the store.
    pub forget: Option<String>,
    /// So many requests at once where none can be slow.
    pub parallel: usize,
    /// The rows to ask, as `B-02`, or letters; all where there is none.
    pub only: Vec<String>,
    /// The rows not to ask.
    pub except: Vec<String>,
    /// How long an answer may take, in seconds.
    pub timeout_s: u64,
}

/// What happens to a duplicate while the first is being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It waits and gets the same answer.
    Attach,
    /// It is told to come again.
    Reject,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            url: String::new(),
            more_urls: Vec::new(),
            method: "POST".to_owned(),
            route: String::new(),
            headers: Vec::new(),
            other_headers: Vec::new(),
            content_type: "application/json".to_owned(),
            body: None,
            other_body: None,
            vary: None,
            excluded: None,
            identity: None,
            effects: None,
            effects_pointer: String::new(),
            optional_route: None,
            optional_body: None,
            get_route: None,
            refused_body: None,
            invalid_body: None,
            large_body: None,
            big_body_bytes: None,
            slow_body: None,
            slow_header: None,
            slower_header: None,
            panic_header: None,
            in_flight_ms: 150,
            weak_key: None,
            multipart_route: None,
            empty_route: None,
            other_route: None,
            other_method: None,
            strict: false,
            mode: None,
            start: None,
            kill: None,
            kills: 3,
            store_down: None,
            store_up: None,
            forget: None,
            parallel: 100,
            only: Vec::new(),
            except: Vec::new(),
            timeout_s: 10,
        }
    }
}

impl Profile {
    /// A profile from its JSON text.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(Error::Json)
    }

    /// A profile from a JSON object.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        serde_json::from_value(value).map_err(Error::Json)
    }

    /// The rows that are to be asked.
    pub(crate) fn rows(&self) -> Result<Vec<&'static Case>, Error> {
        for name in self.only.iter().chain(&self.except) {
            if !case::all().any(|case| case.is_named(name)) {
                return Err(wrong("only", format!("there is no row {name}")));
            }
        }
        let is_wanted = |case: &Case| {
            (self.only.is_empty() || self.only.iter().any(|name| case.is_named(name)))
                && !self.except.iter().any(|name| case.is_named(name))
        };
        Ok(case::all().filter(|case| is_wanted(case)).collect())
    }

    /// Whether a request can be made to take its time.
    pub(crate) const fn is_slow_known(&self) -> bool {
        self.slow_body.is_some() || self.slow_header.is_some()
    }
}

/// What is said of a member that means nothing.
pub(crate) fn wrong(member: &str, why: impl Into<String>) -> Error {
    Error::Profile { member: member.to_owned(), why: why.into() }
}

/// A body: a JSON string is taken as it is, anything else as the JSON it is.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        value => Some(value.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_text_or_json() {
        let profile = Profile::from_json(r#"{"body": {"a": 1}, "other_body": "{\"a\": {{n}}}"}"#).expect("a profile");
        assert_eq!(profile.body.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(profile.other_body.as_deref(), Some("{\"a\": {{n}}}"));
        assert!(Profile::from_json(r#"{"boddy": 1}"#).is_err(), "what nobody reads is not silently dropped");
    }

    #[test]
    fn rows_are_chosen_by_letter_and_by_name() {
        let names = |only: &[&str], except: &[&str]| -> Result<Vec<_>, Error> {
            let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let profile = Profile { only: list(only), except: list(except), ..Profile::default() };
            Ok(profile.rows()?.iter().map(|case| case.id).collect())
        };
        assert_eq!(names(&["S", "b-02"], &["S-03"]).expect("rows"), ["B-02", "S-01", "S-02", "S-04", "S-05", "S-06"]);
        assert!(names(&["X-01"], &[]).is_err());
        let all = names(&[], &[]).expect("rows");
        assert_eq!(all.len(), 11 + 12 + 10 + 7 + 17 + 6);
    }
}
