//! Owns what somebody typed whose session was over when they sent it: the page they return to behind their log-in has it.

use axum::Form;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use http::header::CONTENT_TYPE;

use super::Typed;
use crate::refused::Refused;
use crate::visit::{Pages, Visit, own_path};

/// No form of the console is longer, whatever is typed into it.
const FORM_MAX: usize = 64 << 10;
/// What is longer stands in no address: the form is empty, and its wish is the same all the same.
const KEPT_MAX: usize = 4 << 10;

/// The page on which a form stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) page: String,
    /// The same, filled as it was sent.
    pub(crate) filled: String,
}

/// Reads each form before whoever handles it, who may refuse to.
pub(crate) async fn read(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    if !is_own_form(&request) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, FORM_MAX).await else {
        let Ok(visit) = Visit::from_request_parts(&mut parts, &pages).await;
        return Refused::too_long(FORM_MAX).page(&visit);
    };
    let again = |body: &axum::body::Bytes| Request::from_parts(parts.clone(), Body::from(body.clone()));
    let typed = Form::<Typed>::from_request(again(&bytes), &()).await;
    let mut request = again(&bytes);
    if let Some(kept) = typed.ok().and_then(|Form(typed)| kept(&typed)) {
        request.extensions_mut().insert(kept);
    }
    next.run(request).await
}

/// A form that a page of another site sends fills nothing here.
fn is_own_form(request: &Request) -> bool {
    let says = |name: &str| request.headers().get(name).and_then(|line| line.to_str().ok()).unwrap_or_default();
    request.method() == Method::POST
        && says("sec-fetch-site") == "same-origin"
        && says(CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded")
}

fn kept(typed: &Typed) -> Option<Kept> {
    let page = own_path(typed.given("page")).filter(|page| page.starts_with("/console") && !page.contains('?'))?;
    let deed = typed.said("deed");
    let whole = Some(typed.still(page, deed)).filter(|link| link.len() <= KEPT_MAX);
    let filled = whole.or_else(|| Some(typed.nameless(page, deed)).filter(|link| link.len() <= KEPT_MAX));
    Some(Kept { page: page.to_owned(), filled: filled.unwrap_or_else(|| page.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_filled_where_it_stood_and_nowhere_else() {
        let long = "x".repeat(KEPT_MAX);
        for (form, wanted) in [
            (
                r#"{"page":"/console/staff","deed":"add","key":"form-1","login":"li wei","password":"four green hills"}"#,
                Some("/console/staff?deed=add&key=form-1&login=li%20wei"),
            ),
            (
                r#"{"page":"/console/products","deed":"%E8%8C%B6/stock","quantity":"3"}"#,
                Some("/console/products?deed=%25E8%258C%25B6%2Fstock&quantity=3"),
            ),
            (r#"{"page":"//evil.example","deed":"add"}"#, None),
            (r#"{"page":"https://evil.example/console","deed":"add"}"#, None),
            (r#"{"page":"/shop","deed":"add"}"#, None),
            (r#"{"page":"/console/staff?deed=x","deed":"add"}"#, None),
            (r#"{"deed":"add","login":"li wei"}"#, None),
            (
                &format!(r#"{{"page":"/console/staff","deed":"add","key":"form-1","name":"{long}"}}"#),
                Some("/console/staff?deed=add&key=form-1"),
            ),
            (&format!(r#"{{"page":"/console/staff","deed":"add","key":"{long}"}}"#), Some("/console/staff")),
        ] {
            let typed: Typed = serde_json::from_str(form).expect("it is JSON");
            assert_eq!(kept(&typed).map(|kept| kept.filled).as_deref(), wanted, "{form:.90}");
        }
    }
}
