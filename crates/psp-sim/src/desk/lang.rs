//! Owns in which language a payer reads the desk's pages: each sentence stands once, in both, where it is used.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    /// English.
    En,
    /// 简体中文.
    Zh,
}

impl Lang {
    /// The first of those which the browser would like that the pages speak; English where there is none.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let line = headers.get(ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok()).unwrap_or_default();
        let spoken = |tag: &str| match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        };
        line.split(',').find_map(spoken).unwrap_or(Self::En)
    }

    /// The sentence that is in this language.
    pub(super) const fn say<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// Its tag (BCP 47).
    pub(super) const fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }
}
