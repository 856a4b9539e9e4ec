//! Owns asking the API inside this process, as whoever the browser's cookie names. It knows paths and JSON, and no rule: who may
//! do what, and what a request means, the API alone decides.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONTENT_TYPE, COOKIE, HOST, IF_MATCH, IF_NONE_MATCH, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::look::{cookie, each};
use crate::refused::Refused;

/// Where the API's business routes stand.
const BASE: &str = "/api/v1";
/// The cookie that the API knows.
const KNOWN: &str = "__Host-mideng";
/// Which page a request is of, as the browser says it.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What the browser says about itself and its request, which the API goes by: whether the request was meant, and from where
/// it came.
const PASSED_ON: [HeaderName; 11] = [
    HOST,
    ORIGIN,
    USER_AGENT,
    SITE,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("via"),
    HeaderName::from_static("x-request-id"),
];

/// Whose pages. One browser may have a session at each: who tries the shop as a customer stays an operator in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The operators'.
    Console,
    /// The customers', whose scripts ask the API themselves.
    Shop,
}

/// The API, as one browser may use it.
#[derive(Clone)]
pub(crate) struct Inside {
    api: Router,
    side: Side,
    headers: HeaderMap,
    socket: Extensions,
}

/// A request that changes something.
#[derive(Default)]
pub(crate) struct Change<'a> {
    pub(crate) method: Method,
    /// Behind the base.
    pub(crate) path: String,
    /// The wish's name; from the form, so that a form sent twice is one wish.
    pub(crate) key: Option<&'a str>,
    /// The version that the person saw.
    pub(crate) version: Option<&'a str>,
    /// Whether it makes something, and changes nothing that is there.
    pub(crate) only_new: bool,
    /// Why, for the audit log.
    pub(crate) reason: Option<&'a str>,
    /// A one-time token.
    pub(crate) token: Option<&'a str>,
    pub(crate) body: Option<Value>,
}

/// What the API answered that did not refuse.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Side {
    const fn cookie(self) -> &'static str {
        match self {
            Self::Console => "__Host-mideng-staff",
            Self::Shop => KNOWN,
        }
    }
}

impl Inside {
    /// As the sender of this request may use it.
    pub(crate) fn of(api: &Router, side: Side, (headers, extensions): (&HeaderMap, &Extensions)) -> Self {
        let mut passed_on = HeaderMap::new();
        for name in &PASSED_ON {
            for line in headers.get_all(name) {
                passed_on.append(name, line.clone());
            }
        }
        if let Some(line) =
            cookie(headers, side.cookie()).and_then(|session| HeaderValue::try_from(format!("{KNOWN}={session}")).ok())
        {
            passed_on.insert(COOKIE, line);
        }
        Self { api: api.clone(), side, headers: passed_on, socket: api::socket_of(extensions) }
    }

    /// Whether the browser brought a session, good or not.
    pub(crate) fn has_session(&self) -> bool {
        self.headers.contains_key(COOKIE)
    }

    /// The same browser with the session that it was given just now.
    pub(crate) fn with_session(mut self, reply: &Reply) -> Self {
        let lines = reply.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut given = lines.filter_map(|line| line.split(';').next()?.strip_prefix(KNOWN)?.strip_prefix('='));
        if let Some(line) = given.next_back().and_then(|value| HeaderValue::try_from(format!("{KNOWN}={value}")).ok()) {
            self.headers.insert(COOKIE, line);
        }
        self
    }

    /// The same, for what a page asks by itself again and again: nobody may sit before it.
    pub(crate) fn unattended(mut self, page: api::Unattended) -> Self {
        self.socket.insert(page);
        self
    }

    /// The same browser without a session.
    pub(crate) fn without_session(mut self) -> Self {
        self.headers.remove(COOKIE);
        self
    }

    /// The same, where this page itself wants something of the API and no form of another site could have it want that.
    pub(crate) fn of_this_site(mut self) -> Self {
        self.headers.insert(SITE, HeaderValue::from_static("same-origin"));
        self
    }

    /// Reads something; the path begins behind the base.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        let reply = self.ask(Request::get(format!("{BASE}{path}")), Body::empty()).await?;
        reply.read()
    }

    /// Changes something.
    pub(crate) async fn send(&self, change: Change<'_>) -> Result<Reply, Refused> {
        let mut request = Request::builder().method(change.method).uri(format!("{BASE}{}", change.path));
        let lines = [
            (HeaderName::from_static("idempotency-key"), change.key.map(ToOwned::to_owned)),
            (IF_MATCH, change.version.map(|version| format!("\"{version}\""))),
            (IF_NONE_MATCH, change.only_new.then(|| "*".to_owned())),
            (HeaderName::from_static("x-reason"), change.reason.map(|reason| part(reason).to_string())),
            (HeaderName::from_static("one-time-token"), change.token.map(ToOwned::to_owned)),
            (CONTENT_TYPE, change.body.is_some().then(|| "application/json".to_owned())),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                let value =
                    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Refused::unreadable(name.as_str()))?;
                request = request.header(name, value);
            }
        }
        let body = change.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.ask(request, body).await
    }

    async fn ask(&self, request: http::request::Builder, body: Body) -> Result<Reply, Refused> {
        let mut request = request.body(body).map_err(|_| Refused::unreadable("path"))?;
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request.extensions_mut().extend(self.socket.clone());
        let response = match self.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| Refused::broken())?.to_bytes().to_vec();
        if head.status.is_success() || head.status.is_redirection() {
            return Ok(Reply { headers: head.headers, body });
        }
        Err(Refused::read(head.status, &body))
    }

    /// What the browser is to keep of a reply: its session, under this side's name.
    pub(crate) fn kept(&self, reply: &Reply) -> HeaderMap {
        let lines = reply.headers.get_all(SET_COOKIE).iter().map(|line| (SET_COOKIE, line.clone()));
        let mut kept: HeaderMap = lines.collect();
        each(&mut kept, &SET_COOKIE, |line| renamed(line, self.side));
        kept
    }
}

/// Whoever comes back from a login provider to a page of the console gets the console's cookie: the API knows one only.
pub(crate) async fn of_its_side(mut response: Response) -> Response {
    let is_console = |place: &HeaderValue| place == "/console" || place.as_bytes().starts_with(b"/console/");
    if response.headers().get(LOCATION).is_some_and(is_console) {
        each(response.headers_mut(), &SET_COOKIE, |line| renamed(line, Side::Console));
    }
    response
}

/// A cookie of the API under the name of a side; others as they are.
fn renamed(line: &str, side: Side) -> String {
    let rest = line.strip_prefix(KNOWN).filter(|rest| rest.starts_with('='));
    rest.map_or_else(|| line.to_owned(), |rest| format!("{}{rest}", side.cookie()))
}

impl Reply {
    /// Whether it is the answer to a wish that was done before.
    pub(crate) fn is_replay(&self) -> bool {
        self.headers.get("idempotency-status").is_some_and(|status| status == "replayed")
    }

    /// What it says.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::error!(%error, "the API answered what its pages cannot read: this is a bug");
            Refused::broken()
        })
    }
}

/// A part of a path, whatever is in it.
pub(crate) fn part(text: &str) -> impl std::fmt::Display {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    /// RFC 3986's unreserved characters stand for themselves.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, ENCODED)
}
