//! Owns the JSON of keys: what stands under one, what came under it since, and what came of late.

use std::collections::BTreeMap;

use idempotency::{Answer, CommandId, Key};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{AccountName, KeyRow, SightingRow};
use utoipa::ToSchema;

use super::answers::time;
use crate::watch::{Arrival as Seen, Outcome};

/// What stands under a key, and what came under it beside its first request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyRecord {
    /// The key.
    #[schema(example = "c0ffee-1")]
    key: String,
    /// True where the server derived it from a request that came without one.
    is_derived: bool,
    /// Who sent it.
    account: Option<Sender>,
    /// Method and route of the request that was applied; null for the server's own work, and for what providers call back.
    #[schema(example = "POST /api/v1/orders")]
    request: Option<String>,
    /// From where it came; gone with its answer.
    #[schema(example = "203.0.113.7")]
    from: Option<String>,
    /// When the request that was applied arrived.
    #[schema(format = DateTime)]
    arrived_at: Option<String>,
    /// When it was answered.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// The status of its answer; null where no answer stands under the key, or no longer.
    status: Option<u16>,
    /// The order that was placed by it.
    #[schema(example = "20260501-06AWP7M3S0R8H")]
    order_no: Option<String>,
    /// The stored answer, where one key is asked for.
    answer: Option<StoredAnswer>,
    /// What else came under it, the latest first. It is counted in memory and written each second.
    seen: Vec<SeenUnder>,
}

/// Who sends requests.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Sender {
    /// A person, `per_…`, or an account of servers, `acc_…`.
    #[schema(example = "acc_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    id: String,
    /// Kind and name.
    #[schema(example = "service:admin")]
    name: String,
}

/// The answer that each repetition gets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredAnswer {
    /// The HTTP status.
    status: u16,
    /// The headers that belong to it.
    headers: BTreeMap<String, String>,
    /// The bytes of the body, as text; null where it is of a kind that may hold a secret.
    body: Option<String>,
}

/// What came of one kind under a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenUnder {
    /// `replayed` for those that got the stored answer, or the code of the problem that they were refused with.
    #[schema(example = "replayed")]
    kind: String,
    /// How many.
    #[schema(minimum = 1)]
    times: i64,
    /// The first.
    #[schema(format = DateTime)]
    first_at: String,
    /// The last.
    #[schema(format = DateTime)]
    last_at: String,
    /// From where the last came.
    #[schema(example = "203.0.113.7")]
    last_from: Option<String>,
}

/// A command that came to this node of late.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Arrival {
    /// Its place: they rise with the time.
    number: u64,
    /// When it arrived.
    #[schema(format = DateTime)]
    at: String,
    /// Method and route.
    #[schema(example = "POST /api/v1/orders")]
    route: String,
    /// Under which key.
    key: String,
    /// True where the server derived it.
    is_derived: bool,
    /// Who sent it.
    account: Option<Sender>,
    /// `executed`, `replayed`, `refused`, or `pending` where nobody knows yet.
    #[schema(example = "executed")]
    outcome: &'static str,
    /// The status of the answer.
    status: u16,
    /// The problem's code, where it was refused.
    code: Option<String>,
    /// Of which request.
    request_id: String,
    /// From where.
    from: Option<String>,
    /// How long it took, in microseconds.
    took_us: u64,
}

/// What came to this node of late, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Arrivals {
    /// The arrivals.
    pub(crate) data: Vec<Arrival>,
    /// The number to ask for what is behind.
    pub(crate) last: u64,
}

impl KeyRecord {
    /// `seen` is what came under the same key by the same sender.
    pub(crate) fn of<'a>(row: &KeyRow, seen: impl Iterator<Item = &'a SightingRow>) -> Self {
        Self {
            key: shown(&row.key),
            is_derived: row.key.is_derived(),
            account: row.account.as_ref().map(Sender::of),
            request: row.request.clone(),
            from: row.came_from.clone(),
            arrived_at: arrival(row.command),
            answered_at: row.completed_at.map(time),
            status: row.status,
            order_no: row.order_no.map(|order_no| order_no.to_string()),
            answer: row.answer.as_ref().map(StoredAnswer::of),
            seen: seen.map(SeenUnder::of).collect(),
        }
    }

    /// Of a key under which nothing stands, though requests came.
    pub(crate) fn of_refused<'a>(
        key: &Key,
        account: Option<&AccountName>,
        seen: impl Iterator<Item = &'a SightingRow>,
    ) -> Self {
        Self {
            key: shown(key),
            is_derived: key.is_derived(),
            account: account.map(Sender::of),
            request: None,
            from: None,
            arrived_at: None,
            answered_at: None,
            status: None,
            order_no: None,
            answer: None,
            seen: seen.map(SeenUnder::of).collect(),
        }
    }
}

impl Sender {
    pub(crate) fn of(account: &AccountName) -> Self {
        Self { id: account.id.clone(), name: account.name.clone() }
    }
}

impl StoredAnswer {
    fn of(answer: &Answer) -> Self {
        let body = is_plain(answer).then(|| String::from_utf8_lossy(&answer.body).into_owned());
        Self { status: answer.status, headers: answer.headers.iter().cloned().collect(), body }
    }
}

impl SeenUnder {
    fn of(row: &SightingRow) -> Self {
        Self {
            kind: row.kind.clone(),
            times: row.times,
            first_at: time(domain::Timestamp(row.first_at)),
            last_at: time(domain::Timestamp(row.last_at)),
            last_from: row.last_from.clone(),
        }
    }
}

impl Arrival {
    pub(crate) fn of(seen: &Seen, account: Option<&AccountName>) -> Self {
        Self {
            number: seen.number,
            at: time(seen.at),
            route: seen.route.to_string(),
            key: shown(&seen.key),
            is_derived: seen.key.is_derived(),
            account: account.map(Sender::of),
            outcome: Outcome::name(seen.outcome),
            status: seen.status,
            code: seen.code.clone(),
            request_id: seen.request_id.clone(),
            from: seen.from.map(|from| from.to_string()),
            took_us: seen.took_us,
        }
    }
}

/// A derived key is stored behind a blank.
fn shown(key: &Key) -> String {
    key.as_str().trim_start().to_owned()
}

/// When an arrival was stamped: its id is a UUIDv7, which begins with the milliseconds.
fn arrival(command: CommandId) -> Option<String> {
    let is_timed = command.0 >> 76 & 0xF == 7;
    let ms = i64::try_from(command.0 >> 80).ok()?;
    is_timed.then(|| time(domain::Timestamp(ms)))
}

/// Whether an answer is a problem, or tells of an order, a payment, a refund or a product. Others may hold a token or a code that
/// lets somebody in.
fn is_plain(answer: &Answer) -> bool {
    const TELLING: [&str; 4] = ["order_no", "payment_id", "refund_id", "sku"];
    if answer.status >= 400 {
        return true;
    }
    let members: Option<BTreeMap<String, &RawValue>> = serde_json::from_slice(&answer.body).ok();
    members.is_some_and(|members| {
        TELLING.iter().any(|name| members.contains_key(*name)) && !members.keys().any(|name| name.contains("token"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_may_hold_a_secret_are_not_shown() {
        for (status, body, shown) in [
            (201, r#"{"order_no":"20260501-06AWP7M3S0R8H","status":"paid"}"#, true),
            (200, r#"{"payment_id":"pay_1"}"#, true),
            (201, r#"{"sku":"tea"}"#, true),
            (409, r#"{"code":"stock_insufficient"}"#, true),
            (201, r#"{"token":"tok_1","purpose":"order"}"#, false),
            (201, r#"{"order_no":"x","one_time_token":"tok_1"}"#, false),
            (201, r#"{"person_id":"per_1","reset_code":"abc"}"#, false),
            (200, "not JSON", false),
            (204, "", false),
        ] {
            let answer = Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec().into() };
            assert_eq!(is_plain(&answer), shown, "{body}");
        }
    }

    #[test]
    fn an_arrival_is_timed_by_its_id() {
        let id = 0x0196_8a3f_2c00_7000_8000_0000_0000_0001;
        assert_eq!(arrival(CommandId(id)).as_deref(), Some("2025-05-01T05:08:38.016Z"));
        assert_eq!(arrival(CommandId(7)), None);
    }
}
