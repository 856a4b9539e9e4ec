//! Owns the cookies of a demo, which is served on this machine without TLS. There Safari keeps no cookie that is `Secure`, other than
//! its neighbours (bug 281149 of its engine), and one whose name begins with `__Host-` has to be. So a demo's cookies leave under other
//! names and without the word, and come back as what the API knows. No other server does so.

use axum::extract::Request;
use axum::response::Response;
use http::header::{COOKIE, SET_COOKIE};

use crate::look::each;

/// How the API's cookies begin.
const API: &str = "__Host-";
/// How a demo's do.
const DEMO: &str = "demo-";
/// What a browser is told of the API's cookies, and not of a demo's.
const SECURE: &str = "; Secure";

/// A request with the cookies that the API knows.
pub(crate) async fn back(mut request: Request) -> Request {
    each(request.headers_mut(), &COOKIE, |line| {
        // Those that bear the API's names are of another server that listened here before.
        let pairs = line.split(';').map(str::trim).filter(|pair| !pair.starts_with(API));
        let pairs = pairs.map(|pair| match pair.strip_prefix(DEMO) {
            Some(rest) => format!("{API}{rest}"),
            None => pair.to_owned(),
        });
        pairs.collect::<Vec<_>>().join("; ")
    });
    request
}

/// An answer with the cookies of a demo.
pub(crate) async fn out(mut response: Response) -> Response {
    each(response.headers_mut(), &SET_COOKIE, |line| match line.strip_prefix(API) {
        Some(rest) => format!("{DEMO}{}", rest.replace(SECURE, "")),
        None => line.to_owned(),
    });
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    #[tokio::test]
    async fn what_a_browser_of_a_demo_brings_is_what_the_api_knows() {
        for (lines, wanted) in [
            (
                &["demo-mideng=ses_1.mc_2; lang=zh; demo-mideng-staff=s"] as &[_],
                "__Host-mideng=ses_1.mc_2; lang=zh; __Host-mideng-staff=s",
            ),
            (&["__Host-mideng=of before;a=1"], "a=1"),
            (&["a=demo-x", "demo-mideng=1", "b=2"], "a=demo-x|__Host-mideng=1|b=2"),
            (&[], ""),
        ] {
            let mut request = Request::new(Body::empty());
            for line in lines {
                request.headers_mut().append(COOKIE, HeaderValue::from_static(line));
            }
            let request = back(request).await;
            assert_eq!(texts(request.headers(), &COOKIE), wanted, "{lines:?}");
        }
    }

    #[tokio::test]
    async fn what_a_demo_gives_is_kept_without_tls() {
        let mut response = Response::new(Body::empty());
        for line in [
            "__Host-mideng=ses_1.mc_2; Path=/; Max-Age=9; Secure; HttpOnly; SameSite=Lax",
            "mideng-lang=zh; Path=/; SameSite=Lax",
        ] {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
        }
        let response = out(response).await;
        let wanted =
            "demo-mideng=ses_1.mc_2; Path=/; Max-Age=9; HttpOnly; SameSite=Lax|mideng-lang=zh; Path=/; SameSite=Lax";
        assert_eq!(texts(response.headers(), &SET_COOKIE), wanted);
    }

    fn texts(headers: &HeaderMap, name: &HeaderName) -> String {
        headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>().join("|")
    }
}
