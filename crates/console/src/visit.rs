//! Owns what every page knows of its visitor: from where they look, how they want to see it, and who they are.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::access::{Permission, Role};
use http::request::Parts;
use serde::Deserialize;

use crate::Settings;
use crate::days::Days;
use crate::form::kept::Kept;
use crate::inside::{Inside, Side, part};
use crate::lang::Lang;
use crate::look::Look;
use crate::refused::Refused;
use crate::streams::Streams;

/// What the pages are made from.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) api: Router,
    pub(crate) settings: Arc<Settings>,
    /// The live pages that are open.
    pub(crate) streams: Streams,
}

/// Who is logged in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) person_id: String,
    pub(crate) kind: String,
    pub(crate) role: String,
    pub(crate) session_id: String,
    pub(crate) two_factors: bool,
}

/// Somebody before a page.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) inside: Inside,
    pub(crate) side: Side,
    pub(crate) look: Look,
    /// Which days they mean.
    pub(crate) days: Days,
    /// The path and query of the page; where a form was sent, of the one that it stood on.
    pub(crate) here: String,
    /// Where they come back to behind a log-in: the same, with what was typed into the form.
    pub(crate) again: String,
    /// The page of this site that they come from.
    pub(crate) before: Option<String>,
    /// Who they are, where that is known.
    pub(crate) me: Option<Me>,
    pub(crate) settings: Arc<Settings>,
}

/// Somebody who works for the shop. Others are sent to log in.
pub(crate) struct Staff(pub(crate) Visit);

impl Visit {
    pub(crate) const fn lang(&self) -> Lang {
        self.look.lang
    }

    /// Whether the role of who is there has the permission. The API decides; what it would refuse is not offered.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.me.as_ref().is_some_and(|me| me.may(permission))
    }
}

impl Me {
    pub(crate) fn is_staff(&self) -> bool {
        self.kind == "staff"
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        Role::from_name(&self.role).is_some_and(|role| role.may(permission))
    }
}

impl FromRequestParts<Pages> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Self::Rejection> {
        let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
        let side = if uri.path().starts_with("/console") { Side::Console } else { Side::Shop };
        let (asked, before) = (uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(), before(parts));
        let kept = parts.extensions.get::<Kept>().cloned();
        let stood_on = kept.as_ref().map(|kept| kept.page.clone()).or_else(|| before.clone());
        let here = if parts.method.is_safe() { asked } else { stood_on.unwrap_or(asked) };
        Ok(Self {
            inside: Inside::of(&pages.api, side, (&parts.headers, &parts.extensions)),
            side,
            look: Look::of(&parts.headers),
            days: Days::of(&parts.headers),
            again: kept.map_or_else(|| here.clone(), |kept| kept.filled),
            here,
            before,
            me: None,
            settings: pages.settings.clone(),
        })
    }
}

impl FromRequestParts<Pages> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, pages).await;
        let to = part(&visit.again).to_string();
        let log_in = |why: &str| Redirect::to(&format!("/console/log-in?why={why}&to={to}")).into_response();
        if !visit.inside.has_session() {
            return Err(log_in(""));
        }
        match visit.inside.get::<Me>("/me").await {
            Ok(me) if me.is_staff() => Ok(Self(Visit { me: Some(me), ..visit })),
            Ok(_) => Err(log_in("not_staff")),
            Err(refused) if refused.is_nobody() => Err(log_in(&refused.code)),
            Err(refused) => Err(Refused::page(&refused, &visit)),
        }
    }
}

/// The page of this site from which a form was sent, or a link followed.
fn before(parts: &Parts) -> Option<String> {
    let line = parts.headers.get(http::header::REFERER)?.to_str().ok()?;
    let uri: http::Uri = line.parse().ok()?;
    own_path(uri.path_and_query().map(http::uri::PathAndQuery::as_str)).map(ToOwned::to_owned)
}

/// A key for the form that is made just now: sent twice, it is one wish.
pub(crate) fn new_key() -> String {
    format!("form-{:032x}", api::id())
}

/// A path within this site; nothing that a browser could take for another one.
pub(crate) fn own_path(path: Option<&str>) -> Option<&str> {
    let path = path?;
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.chars().all(|letter| letter.is_ascii_graphic() && letter != '\\');
    is_own.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/console/orders?status=paid&cursor=abc", "/shop/%E8%8C%B6"] {
            assert_eq!(own_path(Some(good)), Some(good));
        }
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a b", "/\r\nx", "\\/a"] {
            assert_eq!(own_path(Some(bad)), None, "{bad:?}");
        }
    }
}
