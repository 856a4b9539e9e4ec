//! Owns what a request says of how that must be which it changes: If-Match and If-None-Match (RFC 9110, 13.1).

use http::{HeaderMap, HeaderName, header};

use crate::problem::Problem;

/// What a request says of it.
#[derive(Debug, Default)]
pub(super) struct Precondition {
    /// As it counts for the fingerprint.
    text: String,
    version: Option<u32>,
    must_be_new: bool,
}

impl Precondition {
    /// Of a request for a route. A tag that is no version of ours, such as one of another system, matches nothing: version 0 does not
    /// exist. If-None-Match is read where a request may make what it names, and means nothing elsewhere.
    pub(super) fn read(headers: &HeaderMap, route: &str) -> Result<Self, Problem> {
        let if_match = line(headers, &header::IF_MATCH, ONE_TAG)?;
        let if_none_match = if route == MAKES { line(headers, &header::IF_NONE_MATCH, ONLY_NEW)? } else { None };
        let must_be_new = match if_none_match {
            None => false,
            Some("*") => true,
            Some(_) => return Err(invalid(ONLY_NEW)),
        };
        let version = if_match.map(tag).transpose()?.map(|tag| tag.parse().unwrap_or(0));
        // No tag is written so: a request with both is another one than with either.
        let text = format!("{}{}", if_match.unwrap_or_default(), if must_be_new { "*" } else { "" });
        Ok(Self { text, version, must_be_new })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The version that If-Match names.
    pub(super) const fn version(&self) -> Option<u32> {
        self.version
    }

    /// Whether If-None-Match wants none to be there.
    pub(super) const fn must_be_new(&self) -> bool {
        self.must_be_new
    }
}

/// The route whose requests make what they name, where there is none yet.
const MAKES: &str = "/api/v1/products/{sku}";
const ONE_TAG: &str = "send one entity tag as the server gave it, such as \"3\"";
const ONLY_NEW: &str = "If-None-Match is * where there must be none yet, and nothing else";

fn invalid(detail: &str) -> Problem {
    Problem::new("if_match_invalid", detail)
}

/// The one line of a header, trimmed.
fn line<'a>(headers: &'a HeaderMap, name: &HeaderName, detail: &str) -> Result<Option<&'a str>, Problem> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    match (line.to_str(), lines.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(invalid(detail)),
    }
}

/// What stands between the quotes.
fn tag(text: &str) -> Result<&str, Problem> {
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    tag.filter(|tag| !tag.contains(['"', ','])).ok_or_else(|| invalid(ONE_TAG))
}
