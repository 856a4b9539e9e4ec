//! Owns a browser: it keeps cookies, fills in the forms of the tests' OpenID provider, and goes no further than it is asked to.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::PATIENCE;

/// More steps than any log-in takes.
const STEPS_MAX: usize = 20;

/// A browser of one person.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

/// What it was answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it is sent to.
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Page {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"));
        let text = body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        text.unwrap_or_else(|| panic!("no text {pointer} in {self:?}"))
    }

    /// Where it is sent to.
    pub(crate) fn location(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("it is sent nowhere: {self:?}"))
    }
}

impl Browser {
    /// Opens a page.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.ask(Method::GET, &url.parse().expect("an address"), String::new()).await
    }

    /// Sends a form of a page of the same site.
    pub(crate) async fn send(&mut self, url: &str, form: &str) -> Page {
        self.ask(Method::POST, &url.parse().expect("an address"), form.to_owned()).await
    }

    /// Says at the provider who it is, agrees, and stops where it is sent to the address that begins so.
    pub(crate) async fn log_in(&mut self, url: &str, login: &str, home: &str) -> String {
        let mut at: Uri = url.parse().expect("an address");
        let mut page = self.ask(Method::GET, &at, String::new()).await;
        for _ in 0..STEPS_MAX {
            page = match &page.location {
                Some(place) if place.starts_with(home) => return place.clone(),
                Some(place) => {
                    at = joined(&at, place);
                    self.ask(Method::GET, &at, String::new()).await
                }
                None => {
                    let asks_who = page.body.contains("name=\"login\"");
                    let who = format!("prompt=login&login={login}&password=any");
                    let form = if asks_who { who } else { "prompt=consent".to_owned() };
                    assert_eq!(page.status, 200, "{page:?} at {at}");
                    self.ask(Method::POST, &at, form).await
                }
            };
        }
        panic!("the log-in does not end; the browser is at {at}");
    }

    async fn ask(&mut self, method: Method, url: &Uri, form: String) -> Page {
        let asked = tokio::time::timeout(PATIENCE, self.ask_now(method, url, form)).await;
        asked.expect("it answers in time")
    }

    async fn ask_now(&mut self, method: Method, url: &Uri, form: String) -> Page {
        let place = url.authority().expect("a place").as_str();
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder().method(method).uri(path).header(HOST, place);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        // Every form that it sends is of the site that it goes to.
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header(COOKIE, cookies.join("; ")).body(Full::new(Bytes::from(form)));
        let stream = TcpStream::connect(place).await.expect("somebody is there");
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.expect("it speaks HTTP");
        tokio::spawn(connection);
        let answer = sender.send_request(request.expect("a request")).await.expect("it answers");
        let (parts, body) = answer.into_parts();
        self.keep(&parts.headers);
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        let location = parts.headers.get(LOCATION).map(|place| place.to_str().expect("it is text").to_owned());
        Page { status: parts.status.as_u16(), location, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("it is text").split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("a name and a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A place as one page names it.
fn joined(at: &Uri, place: &str) -> Uri {
    let whole = if place.starts_with('/') {
        format!("http://{}{place}", at.authority().expect("a place"))
    } else {
        place.to_owned()
    };
    whole.parse().expect("an address")
}
