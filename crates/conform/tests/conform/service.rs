//! Owns a little service that keeps every promise of a key, written for these tests and of nothing of ours; and the faults
//! it can be given.

mod doubt;
mod fault;
mod journal;
mod key;
mod orders;
mod records;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{any, get};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

pub(crate) use doubt::Doubt;
pub(crate) use fault::Fault;
use key::Read;
use orders::{Ask, CODED};
use records::{Begun, Kept, Name, Records};

/// A body may have so many bytes.
pub(crate) const BODY_BYTES_MAX: usize = 16_384;
/// A duplicate waits so long.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How a service is set up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup<'a> {
    pub(crate) fault: Option<Fault>,
    /// Keys are quoted strings.
    pub(crate) strict: bool,
    /// Duplicates in flight are refused.
    pub(crate) rejects: bool,
    /// What somebody worked on when the service was killed is not known, nobody may do it again, and it is told so.
    pub(crate) doubt: Option<Doubt>,
    /// Where what was done is written.
    pub(crate) folder: Option<&'a Path>,
}

/// A running service; it ends when it is dropped.
pub(crate) struct Service {
    pub(crate) url: String,
    task: JoinHandle<()>,
    shop: Arc<Shop>,
}

struct Shop {
    records: Records,
    fault: Option<Fault>,
    strict: bool,
    rejects: bool,
    doubt: Option<Doubt>,
    connections: Semaphore,
}

impl Service {
    pub(crate) async fn start(setup: Setup<'_>) -> Self {
        Self::at("127.0.0.1:0", setup).await
    }

    pub(crate) async fn at(address: &str, setup: Setup<'_>) -> Self {
        let shop = Arc::new(Shop {
            records: Records::open(setup),
            fault: setup.fault,
            strict: setup.strict,
            rejects: setup.rejects,
            doubt: setup.doubt,
            connections: Semaphore::new(10),
        });
        Self::of(address, shop).await
    }

    /// Another node on the same records.
    pub(crate) async fn another(&self) -> Self {
        Self::of("127.0.0.1:0", self.shop.clone()).await
    }

    async fn of(address: &str, shop: Arc<Shop>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = Router::new()
            .route("/effects", get(effects))
            .route("/about", get(about).head(about).options(about))
            .fallback(any(arrive))
            .with_state(shop.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, task, shop }
    }

    /// Until it ends, which is never.
    pub(crate) async fn ended(&mut self) {
        let _ended = (&mut self.task).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn effects(State(shop): State<Arc<Shop>>) -> String {
    json!({"count": shop.records.effects.load(Ordering::SeqCst)}).to_string()
}

async fn about(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Response {
    let _connection = shop.connections.acquire().await.expect("it is open");
    let name = headers.get("idempotency-key").map(|key| ("alice".to_owned(), key.to_str().unwrap_or("").to_owned()));
    let mut response = Response::new(Body::from("{\"name\":\"shop\"}"));
    if let Some(name) = name.filter(|_| shop.is(Fault::RecordsReading)) {
        let kept = Kept { status: 200, headers: Vec::new(), body: Vec::new() };
        if shop.records.lock().insert(name, records::Record::Done(String::new(), kept)).is_some() {
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
    }
    response
}

async fn arrive(State(shop): State<Arc<Shop>>, request: Request) -> Response {
    match shop.clone().answer(request).await {
        Ok(response) => response,
        Err(refused) => refused.response(),
    }
}

/// A problem with what it is about.
pub(crate) fn problem(status: u16, code: &str, detail: &str) -> Kept {
    let body = json!({"type": format!("/problems/{code}"), "title": code, "status": status, "detail": detail});
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![pair("content-type", "application/problem+json")];
    headers.push(pair("link", "</problems>; rel=\"describedby\""));
    Kept { status, headers, body: body.to_string().into_bytes() }
}

impl Kept {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn without_type(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        self
    }

    pub(crate) fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("a status");
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).expect("a name");
            response.headers_mut().append(name, HeaderValue::try_from(value).expect("a value"));
        }
        response
    }
}

impl Shop {
    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    async fn answer(self: Arc<Self>, request: Request) -> Result<Response, Kept> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await;
        let caller = match parts.headers.get("authorization").and_then(|value| value.to_str().ok()) {
            Some("Bearer alice") => "alice",
            Some("Bearer bob") => "bob",
            _ => "nobody",
        };
        let key = match key::read(&parts.headers, self.strict, self.fault) {
            Read::Key(key) => Some(key),
            Read::None => None,
            Read::Bad if self.is(Fault::BreaksOnBadKeys) => return Err(problem(500, "broken", "")),
            Read::Bad => {
                let key = parts.headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()));
                let key = key.filter(|_| self.is(Fault::TellsTheKey)).unwrap_or_default();
                return Err(problem(400, "key_malformed", &key));
            }
        };
        let scope = if self.is(Fault::SharesKeys) { "all" } else { caller };
        if caller == "nobody" {
            let refused = problem(401, "unauthorized", "who are you?");
            self.spoil(Fault::KeepsMissingCredentials, "alice", key.as_deref(), &refused);
            return Err(refused);
        }
        let body = body.map_err(|_| {
            let refused = problem(413, "too_large", "");
            self.spoil(Fault::KeepsTooLarge, scope, key.as_deref(), &refused);
            refused
        })?;
        let ask = Ask::read(&parts, caller, &body, self.fault).inspect_err(|refused| {
            if refused.status == 422 {
                self.spoil(Fault::KeepsBadInput, scope, key.as_deref(), refused);
            }
        })?;
        let Some(key) = self.key_of(key, &ask, &body)? else {
            return Ok(self.execute(&ask).await.0.response());
        };
        if self.records.journal.is_told("down") {
            if self.is(Fault::GoesOnWithoutStore) {
                return Ok(self.execute(&ask).await.0.response());
            }
            return Err(problem(503, "no_store", "").with("retry-after", "1"));
        }
        Ok(self.clone().under_key((scope.to_owned(), key), ask).await)
    }

    /// With this fault, the answer is kept although nothing was done.
    fn spoil(&self, fault: Fault, scope: &str, key: Option<&str>, answer: &Kept) {
        if let Some(key) = key.filter(|_| self.is(fault)) {
            let name = (scope.to_owned(), key.to_owned());
            self.records.lock().entry(name).or_insert(records::Record::Done(String::new(), answer.clone()));
        }
    }

    fn key_of(&self, key: Option<String>, ask: &Ask, body: &Bytes) -> Result<Option<String>, Kept> {
        let body = String::from_utf8_lossy(body);
        let key = match key {
            None if self.is(Fault::MakesUpKeys) && ask.key_is_optional => Some(format!("made up of {body}")),
            None if self.is(Fault::NeedsNoKey) || ask.key_is_optional => None,
            None => {
                let mut missing = problem(400, "key_missing", "");
                if self.is(Fault::ExplainsNothing) {
                    missing.headers.retain(|(name, _)| name != "link");
                }
                return Err(missing);
            }
            Some(key) => Some(key),
        };
        Ok(key.map(|key| match self.fault {
            Some(Fault::BytesCount) => format!("{key} {body}"),
            Some(Fault::BodiesAreKeys) => body.into_owned(),
            Some(Fault::VersionsCount) => format!("{key} {}", ask.version),
            Some(Fault::BoundariesCount) => format!("{key} {}", ask.boundary),
            _ => key,
        }))
    }

    async fn under_key(self: Arc<Self>, name: Name, ask: Ask) -> Response {
        let done = match self.records.begin(&name, &ask.print) {
            Begun::Execute(running) => return self.run(name, ask, running).await,
            Begun::Replay(kept) => return self.replay(kept).response(),
            Begun::Locked => return self.locked(),
            Begun::Reused(first) => {
                let first = first.filter(|_| self.is(Fault::TellsTheFirst)).map(|kept| kept.body);
                let key = if self.is(Fault::TellsTheKey) { &name.1 } else { "" };
                let detail = first.map_or_else(|| key.to_owned(), |body| String::from_utf8_lossy(&body).into_owned());
                return problem(422, "key_reused", &detail).response();
            }
            Begun::Wait(done) => done,
        };
        if self.rejects {
            return self.in_flight();
        }
        let wait = if self.is(Fault::WaitsForEver) { Duration::from_mins(1) } else { WAIT_MAX };
        let leaving = Leaving { shop: &self, name: &name, is_over: !self.is(Fault::LeavingFrees) };
        let connection = match self.fault {
            Some(Fault::WaitersHoldAll) => self.connections.acquire().await.ok(),
            _ => None,
        };
        let mut done = done;
        // The sender is dropped when the work is over.
        let over = tokio::time::timeout(wait, async { while done.changed().await.is_ok() {} }).await;
        drop(connection);
        leaving.stayed();
        match (over, self.records.begin(&name, &ask.print)) {
            (Ok(()), Begun::Replay(kept)) => self.replay(kept).response(),
            (Ok(()), Begun::Execute(running)) => self.run(name, ask, running).await,
            (Ok(()), Begun::Reused(_)) => problem(422, "key_reused", "").response(),
            _ => self.in_flight(),
        }
    }

    /// What is told of work whose owner is gone.
    fn locked(&self) -> Response {
        match self.doubt {
            Some(doubt) if self.is(Fault::TellsUnknownBadly) => doubt.told().without_type().response(),
            Some(doubt) => doubt.told().response(),
            None => self.in_flight(),
        }
    }

    fn in_flight(&self) -> Response {
        let refused = problem(409, "in_flight", "");
        if self.is(Fault::NeverSaysWhen) { refused.response() } else { refused.with("retry-after", "1").response() }
    }

    /// Works on it, whether the client stays or not.
    async fn run(self: Arc<Self>, name: Name, ask: Ask, running: tokio::sync::watch::Sender<()>) -> Response {
        let stays = !self.is(Fault::LeavesWithTheClient);
        let shop = self.clone();
        let working = async move {
            let freeing = Freeing(shop.clone(), name.clone());
            let (first, kept) = shop.execute(&ask).await;
            let is_down = shop.records.journal.is_told("down");
            let recording = async move {
                shop.records.finish(&name, &ask.print, &kept).await;
                drop(freeing);
                drop(running);
            };
            if is_down {
                tokio::spawn(recording);
                return Err(problem(503, "recorded_later", "").with("retry-after", "1"));
            }
            recording.await;
            Ok(first)
        };
        let panicked = |_| Err(problem(500, "broken", ""));
        let done = if stays { tokio::spawn(working).await.unwrap_or_else(panicked) } else { working.await };
        let first = match done {
            Ok(first) => first,
            Err(refused) => return refused.response(),
        };
        let mark = if self.is(Fault::MarksTheFirst) { "true" } else { "false" };
        let first = first.with("idempotency-status", "executed");
        if mark == "true" { first.with("idempotent-replayed", mark).response() } else { first.response() }
    }

    fn replay(&self, mut kept: Kept) -> Kept {
        if self.is(Fault::RendersAnew) {
            kept.body.push(b' ');
        }
        if self.is(Fault::TrimsTheBody) {
            kept.body = kept.body.trim_ascii_end().to_vec();
        }
        if self.is(Fault::DropsLocation) {
            kept.headers.retain(|(name, _)| name != "location");
        }
        if self.is(Fault::FillsEmptyBodies) && kept.status == 204 {
            kept = Kept { status: 200, body: b"null".to_vec(), ..kept };
        }
        if !self.is(Fault::LetsOthersCache) {
            kept = kept.with("cache-control", "no-store");
        }
        if self.is(Fault::MarksNothing) {
            return kept;
        }
        kept.with("idempotent-replayed", "true").with("idempotency-status", "replayed")
    }
}

/// Nothing is left of work that was broken off.
struct Freeing(Arc<Shop>, Name);

impl Drop for Freeing {
    fn drop(&mut self) {
        if !self.0.is(Fault::PanicsLock) {
            self.0.records.free(&self.1);
        }
    }
}

/// With its fault, a duplicate that leaves takes the record along.
struct Leaving<'a> {
    shop: &'a Shop,
    name: &'a Name,
    is_over: bool,
}

impl Leaving<'_> {
    fn stayed(mut self) {
        self.is_over = true;
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.shop.records.free(self.name);
        }
    }
}

/// Bytes that say that they are coded.
fn coded(body: &[u8]) -> Vec<u8> {
    [CODED, body].concat()
}
