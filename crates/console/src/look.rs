//! Owns what a browser remembers of how pages look to its person: the language, and light or dark. No secret, and no one's but
//! theirs.

use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use crate::lang::Lang;
use crate::visit::own_path;

const LANG: &str = "mideng-lang";
const THEME: &str = "mideng-theme";
/// How long a browser keeps them, in seconds: a year.
const MAX_AGE_S: u32 = 31_536_000;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system is.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How pages look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) lang: Lang,
    pub(crate) theme: Theme,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Auto => lang.say("As the system", "跟随系统"),
            Self::Light => lang.say("Light", "浅色"),
            Self::Dark => lang.say("Dark", "深色"),
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

impl Look {
    /// As the browser remembers it, or as it would like it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            lang: cookie(headers, LANG).and_then(Lang::from_tag).unwrap_or_else(|| Lang::wanted(headers)),
            theme: cookie(headers, THEME).and_then(Theme::from_name).unwrap_or_default(),
        }
    }
}

/// The value of a cookie; the first where there are more of the name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// Every line of a header, as `turned` has it. One that is no text is not ours.
pub(crate) fn each(headers: &mut HeaderMap, name: &HeaderName, turned: impl Fn(&str) -> String) {
    let lines: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    for (at, value) in lines.into_iter().enumerate() {
        let value = value.to_str().ok().and_then(|text| HeaderValue::try_from(turned(text)).ok()).unwrap_or(value);
        if at == 0 {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
}

/// What the form says that stands on each page.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    lang: Option<String>,
    theme: Option<String>,
    to: Option<String>,
}

/// Has the browser remember it, and goes back to the page. A page of another site changes nothing: nobody's pages speak another
/// language because of where they were before.
pub(crate) async fn keep(headers: HeaderMap, Form(wanted): Form<Wanted>) -> Response {
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Redirect::to("/").into_response();
    }
    let lang = wanted.lang.as_deref().and_then(Lang::from_tag).map(|lang| (LANG, lang.tag()));
    let theme = wanted.theme.as_deref().and_then(Theme::from_name).map(|theme| (THEME, theme.name()));
    let mut response = Redirect::to(own_path(wanted.to.as_deref()).unwrap_or("/")).into_response();
    for (name, value) in lang.into_iter().chain(theme) {
        let line = format!("{name}={value}; Path=/; Max-Age={MAX_AGE_S}; SameSite=Lax");
        if let Ok(line) = HeaderValue::try_from(line) {
            response.headers_mut().append(SET_COOKIE, line);
        }
    }
    response
}
