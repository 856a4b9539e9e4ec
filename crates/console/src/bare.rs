//! Owns what no page answered: an address that there is none behind, or one, a query or a form that could not be read. Whoever is before
//! it sees a page all the same, in the language and the look of the others, with the way on from it.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE};
use maud::html;

use crate::inside::Side;
use crate::layout;
use crate::refused::Refused;
use crate::visit::{Me, Pages, Visit};

/// What a reader of requests says is a line.
const WORDS_MAX: usize = 4 << 10;

/// No page stands at this address.
pub(crate) async fn nowhere() -> StatusCode {
    Refused::missing("page").status_code()
}

/// Makes a page of an answer that is none.
pub(crate) async fn as_page(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &pages).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    if !is_bare(&response) {
        return response;
    }
    let (status, allow) = (response.status(), response.headers().get(ALLOW).cloned());
    let words = words(response.into_body()).await;
    let mut page = page(&known(visit).await, status, &words);
    if let Some(allow) = allow {
        page.headers_mut().insert(ALLOW, allow);
    }
    page
}

/// A refusal that is neither a page nor anything else that a browser asked for.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    response.status().is_client_error() && kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

async fn words(body: Body) -> String {
    let bytes = to_bytes(body, WORDS_MAX).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The same visit with who it is, where they are known here: to others the menu is nobody's business.
async fn known(visit: Visit) -> Visit {
    if !visit.inside.has_session() {
        return visit;
    }
    let me = visit.inside.get::<Me>("/me").await.ok().filter(|me| me.is_staff() == (visit.side == Side::Console));
    Visit { me, ..visit }
}

fn page(visit: &Visit, status: StatusCode, words: &str) -> Response {
    if !matches!(status.as_u16(), 404 | 405) {
        return Refused::unread(status.as_u16(), words).page(visit);
    }
    let lang = visit.lang();
    let title = lang.say("There is no such page", "没有这个页面");
    let (home, word) = match visit.side {
        Side::Console => ("/console", lang.say("To the overview", "返回概览")),
        Side::Shop => ("/shop", lang.say("To the products", "去逛逛")),
    };
    let body = html! {
        h1 { (title) }
        p { (lang.say("The address is wrong, or what was here has moved.", "地址有误，或页面已移动。")) }
        p { a.button href=(home) { (word) } }
    };
    (status, layout::page(visit, title, &body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use http::header::ACCEPT_LANGUAGE;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Demo, Settings};

    /// The pages of a demo before an API that knows nobody, asked in a language.
    async fn asked(method: &str, path: &str, lang: &str) -> (u16, String, String) {
        let demo = Some(Demo { staff: Vec::new(), members: Vec::new() });
        let api = Router::new().fallback(async || (StatusCode::NOT_FOUND, "the API's own words"));
        let pages = crate::router(api, Settings { demo, ..Settings::default() });
        let request = Request::builder().method(method).uri(path).header(ACCEPT_LANGUAGE, lang);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::empty());
        let Ok(response) = pages.oneshot(request.expect("a request")).await;
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none").to_owned();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("it is whole");
        (status, kind, String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn what_no_page_answers_is_a_page() {
        for (method, path, lang, status, words) in [
            ("GET", "/console/nope", "en", 404, "There is no such page"),
            ("GET", "/console/nope", "zh-CN", 404, "没有这个页面"),
            ("GET", "/console/settings/nope", "en", 404, "There is no such page"),
            ("POST", "/console/nope", "en", 404, "There is no such page"),
            ("GET", "/shop/nope/at/all", "zh-CN", 404, "没有这个页面"),
            ("GET", "/console/log-out", "en", 405, "There is no such page"),
            ("GET", "/console/log-in?to=a&to=b", "en", 400, "duplicate field"),
            ("POST", "/console/log-in", "zh-CN", 422, "填写有误"),
        ] {
            let (answered, kind, page) = asked(method, path, lang).await;
            assert_eq!((answered, kind.as_str()), (status, "text/html; charset=utf-8"), "{method} {path}");
            assert!(page.contains(words) && page.contains("<main"), "{method} {path}: {page}");
        }
    }

    #[tokio::test]
    async fn what_is_no_page_is_for_the_api_to_answer() {
        for path in ["/nope", "/consoles", "/api/v1/orders"] {
            let (status, _, words) = asked("GET", path, "en").await;
            assert_eq!((status, words.as_str()), (404, "the API's own words"), "{path}");
        }
        let (status, kind, _) = asked("GET", "/console/log-in", "en").await;
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    }
}
