//! Owns what goes along with a browser to a provider and back: what is kept meanwhile, and what it comes back with. It does
//! not know where either is stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::provider::Refused;

/// The most each parameter of a coming back may hold.
const PARAMETER_BYTES_MAX: usize = 4096;
/// The most the address of a page of ours may hold.
const PAGE_BYTES_MAX: usize = 2048;

/// Where a browser goes, and what is to be kept for when it comes back.
#[derive(Debug)]
pub struct Begun {
    /// An address of the provider's. It holds no secret of ours.
    pub url: String,
    /// For `finish`.
    pub kept: Kept,
}

/// What must survive until the browser comes back, in a cookie that only we can read and make, or in a store. It serves once,
/// and not for long. `Debug` shows none of it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub(super) issuer: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: String,
}

/// What a browser came back with, each as it stands in the address once decoded. Where a parameter comes twice, nobody knows
/// which is meant: the caller refuses that.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    /// What the provider gives for the login.
    pub code: Option<String>,
    /// What we gave along.
    pub state: Option<String>,
    /// Who answers, RFC 9207.
    pub iss: Option<String>,
    /// Why there is no code, RFC 6749 section 4.1.2.1. What it says beside that is not looked at: anybody can write it.
    pub error: Option<String>,
}

impl Kept {
    /// The page of ours to which the person wanted: a path with one slash before it.
    pub fn return_to(&self) -> &str {
        &self.return_to
    }
}

impl Callback {
    /// The code, if this is the answer to what was begun in this browser.
    pub(super) fn code(self, kept: &Kept, issuer: &str, must_name_issuer: bool) -> Result<String, Refused> {
        let parameters = [&self.code, &self.state, &self.iss, &self.error];
        if parameters.into_iter().flatten().any(|text| text.len() > PARAMETER_BYTES_MAX) {
            return Err(Refused::invalid("a parameter is too long"));
        }
        if kept.issuer != issuer {
            return Err(Refused::invalid("the login was begun with another provider"));
        }
        let state = self.state.unwrap_or_default();
        if kept.state.is_empty() || !bool::from(state.as_bytes().ct_eq(kept.state.as_bytes())) {
            return Err(Refused::invalid("the state is not that of this browser"));
        }
        match &self.iss {
            Some(named) if named != issuer => return Err(Refused::invalid("another provider answers")),
            None if must_name_issuer => return Err(Refused::invalid("the answer does not say whose it is")),
            _ => {}
        }
        if let Some(error) = &self.error {
            return Err(refused_there(error));
        }
        self.code.filter(|code| !code.is_empty()).ok_or_else(|| Refused::invalid("there is no code"))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// A page of ours, and not of another host: to a browser `//host` and `/\host` are other hosts.
pub(super) fn own_page(path: &str) -> Result<String, Refused> {
    let has_odd = path.chars().any(|letter| letter.is_control() || letter == '\\');
    if !path.starts_with('/') || path.starts_with("//") || has_odd || path.len() > PAGE_BYTES_MAX {
        return Err(Refused::invalid("the page to return to is none of ours"));
    }
    Ok(path.to_owned())
}

/// RFC 6749 section 4.1.2.1 and OpenID Connect Core 1.0 section 3.1.2.6.
fn refused_there(error: &str) -> Refused {
    match error {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => Refused::Wrong,
        "server_error" | "temporarily_unavailable" => Refused::away("it says that it cannot serve now"),
        "invalid_request"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "invalid_scope"
        | "request_not_supported"
        | "request_uri_not_supported"
        | "registration_not_supported"
        | "invalid_request_uri"
        | "invalid_request_object" => Refused::misconfigured("it does not take our request as we are registered there"),
        _ => Refused::invalid("its error is none that it may give"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.test";

    fn kept() -> Kept {
        let text = |text: &str| text.to_owned();
        Kept {
            issuer: text(ISSUER),
            state: text("state-1"),
            nonce: text("nonce-1"),
            verifier: text("verifier-1"),
            return_to: text("/orders"),
        }
    }

    fn came(code: Option<&str>, state: Option<&str>, iss: Option<&str>, error: Option<&str>) -> Callback {
        let [code, state, iss, error] = [code, state, iss, error].map(|text| text.map(str::to_owned));
        Callback { code, state, iss, error }
    }

    #[test]
    fn only_the_answer_to_this_browser_counts() {
        let (code, state, iss) = (Some("code-1"), Some("state-1"), Some(ISSUER));
        assert_eq!(came(code, state, iss, None).code(&kept(), ISSUER, true).unwrap(), "code-1");
        assert_eq!(came(code, state, None, None).code(&kept(), ISSUER, false).unwrap(), "code-1");
        let long = "x".repeat(PARAMETER_BYTES_MAX + 1);
        for bad in [
            came(code, None, iss, None),
            came(code, Some(""), iss, None),
            came(code, Some("state-2"), iss, None),
            came(code, Some("state-11"), iss, None),
            came(code, state, None, None),
            came(code, state, Some("https://login.example.test/"), None),
            came(code, state, Some(""), None),
            came(None, state, iss, None),
            came(Some(""), state, iss, None),
            came(Some(&long), state, iss, None),
            // Whoever does not know the state does not choose what is told.
            came(None, Some("state-2"), iss, Some("access_denied")),
        ] {
            assert!(matches!(bad.code(&kept(), ISSUER, true), Err(Refused::Invalid(_))));
        }
        let elsewhere = came(code, state, None, None).code(&kept(), "https://other.example.test", false);
        assert!(matches!(elsewhere, Err(Refused::Invalid(_))));
        let emptied = Kept { state: String::new(), ..kept() };
        assert!(matches!(came(code, Some(""), iss, None).code(&emptied, ISSUER, true), Err(Refused::Invalid(_))));
    }

    #[test]
    fn errors_say_whose_matter_it_is() {
        let told = |error| came(None, Some("state-1"), Some(ISSUER), Some(error)).code(&kept(), ISSUER, true);
        assert_eq!(told("access_denied"), Err(Refused::Wrong));
        assert!(matches!(told("temporarily_unavailable"), Err(Refused::Away(_))));
        assert!(matches!(told("invalid_scope"), Err(Refused::Misconfigured(_))));
        assert!(matches!(told("<script>"), Err(Refused::Invalid(why)) if !why.contains("script")));
    }

    #[test]
    fn a_page_of_ours_is_a_path() {
        for good in ["/", "/orders/17?tab=pay#top", "/a//b"] {
            assert_eq!(own_page(good).unwrap(), good);
        }
        let long = format!("/{}", "x".repeat(PAGE_BYTES_MAX));
        for bad in [
            "",
            "orders",
            "//evil.test",
            "/\\evil.test",
            "/a\\b",
            "https://evil.test",
            "/a\r\nSet-Cookie: a",
            "/\t/evil.test",
            &long,
        ] {
            assert!(own_page(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_kept_comes_back_as_it_was_and_is_not_shown() {
        let text = serde_json::to_string(&kept()).unwrap();
        let back: Kept = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (back.verifier.as_str(), back.nonce.as_str(), back.return_to()),
            ("verifier-1", "nonce-1", "/orders")
        );
        let shown = format!("{:?} {:?}", kept(), came(Some("code-1"), Some("state-1"), None, None));
        assert!(!shown.contains("-1"), "{shown}");
    }
}
