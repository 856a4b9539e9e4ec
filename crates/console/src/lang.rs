//! Owns in which language a page is: each sentence stands once, in all of them, where it is used.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lang {
    /// English.
    #[default]
    En,
    /// 简体中文.
    Zh,
}

impl Lang {
    /// Every language, with how it calls itself.
    pub(crate) const ALL: [(Self, &'static str); 2] = [(Self::En, "English"), (Self::Zh, "简体中文")];

    /// The sentence that is in this language.
    pub(crate) const fn say<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    /// The language of a tag.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', ';']).next().unwrap_or_default().trim();
        match () {
            () if primary.eq_ignore_ascii_case("zh") => Some(Self::Zh),
            () if primary.eq_ignore_ascii_case("en") => Some(Self::En),
            () => None,
        }
    }

    /// The first of those which the browser would like that the pages speak. Browsers send them in their order.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let line = headers.get(ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok()).unwrap_or_default();
        line.split(',').find_map(Self::from_tag).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_a_browser_would_like() {
        for (line, wanted) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-GB,en;q=0.9", Lang::En),
            ("de-DE, zh-TW;q=0.7, en;q=0.3", Lang::Zh),
            ("fr", Lang::En),
            ("", Lang::En),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(line))]);
            assert_eq!(Lang::wanted(&headers), wanted, "{line:?}");
        }
    }
}
