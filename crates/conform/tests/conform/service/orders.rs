//! Owns what this service is asked for and what it does: orders, forms, pings.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::request::Parts;
use serde_json::{Value, json};

use super::fault::Fault;
use super::records::Kept;
use super::{Shop, coded, problem};

/// How bytes begin that are coded with gzip.
pub(crate) const CODED: &[u8] = &[0x1f, 0x8b];

/// A longer body is not kept, only that there was one.
pub(crate) const KEPT_BYTES_MAX: usize = 4_096;

/// The numbers of orders, of every service of this process: no two are alike.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// A request that can be worked on.
pub(crate) struct Ask {
    caller: String,
    path: String,
    order: Value,
    slow: Duration,
    panics: bool,
    is_coded: bool,
    /// What it is compared by.
    pub(crate) print: String,
    pub(crate) key_is_optional: bool,
    pub(crate) version: String,
    pub(crate) boundary: String,
}

impl Ask {
    /// Reads what is sent, or says why it can never be worked on.
    pub(crate) fn read(parts: &Parts, caller: &str, body: &Bytes, fault: Option<Fault>) -> Result<Self, Kept> {
        let is = |other| fault == Some(other);
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = parts.uri.path().to_owned();
        let order = match path.as_str() {
            "/orders" | "/numbers" | "/purchases" => {
                serde_json::from_slice(body).map_err(|_| problem(400, "malformed", ""))?
            }
            "/pings" => Value::Null,
            "/forms" => form(body, header("content-type")),
            _ => return Err(problem(404, "not_found", "")),
        };
        if order["quantity"].as_f64().is_some_and(|quantity| quantity < 1.0) {
            return Err(problem(422, "invalid", ""));
        }
        let mut compared = order.clone();
        // 1 and 1.0 are one quantity.
        if let Some(quantity) = compared["quantity"].as_f64() {
            compared["quantity"] = quantity.into();
        }
        if is(Fault::ReadsTwice) && body.starts_with(b"{") {
            compared = json!(first_members(body));
        }
        if let Some(members) = compared.as_object_mut().filter(|_| !is(Fault::ComparesExcluded)) {
            members.remove("sent_at");
        }
        let target = format!("{} {}?{}", parts.method, path, parts.uri.query().unwrap_or_default());
        let target = if is(Fault::TargetsDoNotCount) { String::new() } else { target };
        let slow = header("x-slow").parse().map_or(Duration::ZERO, Duration::from_millis);
        Ok(Self {
            caller: caller.to_owned(),
            key_is_optional: path == "/numbers",
            path,
            order,
            slow,
            panics: !header("x-panic").is_empty(),
            is_coded: is(Fault::CodesForAll) && header("accept-encoding").contains("gzip"),
            print: format!("{target} {compared}"),
            version: format!("{:?}", parts.version),
            boundary: header("content-type").split("boundary=").nth(1).unwrap_or_default().to_owned(),
        })
    }
}

/// The members of a flat object, each with the first value it has.
fn first_members(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let mut members = serde_json::Map::new();
    for member in text.trim().trim_matches(['{', '}']).split(',') {
        let (name, value) = member.split_once(':').unwrap_or((member, "null"));
        let value = serde_json::from_str(value.trim()).unwrap_or(Value::Null);
        members.entry(name.trim().trim_matches('"').to_owned()).or_insert(value);
    }
    Value::Object(members)
}

/// The parts of a form, without what stands between them.
fn form(body: &Bytes, content_type: &str) -> Value {
    let boundary = content_type.split("boundary=").nth(1).unwrap_or_default();
    let text = String::from_utf8_lossy(body).into_owned();
    let line = format!("--{boundary}");
    let parts = text.split(&line).map(str::trim).filter(|part| !part.is_empty() && *part != "--");
    json!({"parts": parts.collect::<Vec<_>>()})
}

impl Shop {
    /// Does what is asked for, and gives the answer as it goes out, and as it is kept.
    pub(crate) async fn execute(&self, ask: &Ask) -> (Kept, Kept) {
        // Two at once are seen only if there is a moment in which they can meet.
        let moment = if self.is(Fault::ExecutesInParallel) { Duration::from_millis(50) } else { Duration::ZERO };
        tokio::time::sleep(ask.slow + moment).await;
        if ask.panics && self.is(Fault::PanicsTooLate) {
            self.records.effects.fetch_add(1, Ordering::SeqCst);
        }
        assert!(!ask.panics, "it was asked to");
        if ask.path == "/pings" {
            let empty = Kept { status: 204, headers: Vec::new(), body: Vec::new() };
            return (empty.clone(), empty);
        }
        if ask.order["quantity"] == 999 {
            let refused = problem(409, "sold_out", "");
            return (refused.clone(), refused);
        }
        // The process counts: numbers of one that was killed are not made again.
        let number = format!("ord-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let body = json!({"order_no": number, "of": ask.caller, "order": ask.order});
        let padding = if ask.order["quantity"] == 500 { " ".repeat(KEPT_BYTES_MAX) } else { String::new() };
        let body = format!("{body}{padding}\n");
        let plain = Kept { status: 201, headers: Vec::new(), body: body.into_bytes() }
            .with("content-type", "application/json")
            .with("location", &format!("/orders/{number}"))
            .with("etag", "\"1\"")
            .with("link", "</orders>; rel=\"collection\"")
            .with("link", "</about>; rel=\"about\"");
        let answer = if ask.is_coded {
            let body = coded(&plain.body);
            Kept { body, ..plain }.with("content-encoding", "gzip")
        } else {
            plain
        };
        let first = answer.clone().with("set-cookie", "visit=1").with("x-hop", "1").with("connection", "x-hop");
        let mut answer = answer;
        if answer.body.len() > KEPT_BYTES_MAX {
            answer.body.clear();
        }
        let mut kept = if self.is(Fault::KeepsCookies) { answer.with("set-cookie", "visit=1") } else { answer };
        if self.is(Fault::KeepsOneLine) {
            let mut links = 0;
            kept.headers.retain(|(name, _)| {
                links += usize::from(name == "link");
                name != "link" || links == 1
            });
        }
        (first, kept)
    }
}
