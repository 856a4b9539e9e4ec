//! Owns the door for providers' callbacks. The signature is the credential; what is believed becomes a command like any
//! other, under a key that names what was said and in which message: sent again, it is answered from the record.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use channels::{Acknowledgement, Callback, Channel, Entry, Learned, Notice, Receipt, Rejected};
use domain::Token;
use domain::channel::{Digest, Fact, RawAnswer, Source};
use domain::{Action, ApplyChannelFact, ChannelAccountId, Command, Whose};
use http::{HeaderValue, StatusCode, header};
use idempotency::{CommandId, Fingerprints, Key, Target};
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, timeout_at};

use super::ids::IdPath;
use crate::hooks::Seen;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::stamp;
use crate::state::Api;

/// The longest callback: providers' own have a few kilobytes.
const CALLBACK_BYTES_MAX: usize = 256 << 10;
/// How long a callback may take to arrive.
const ARRIVE_WITHIN: Duration = Duration::from_secs(10);
/// How soon it is answered once it is there: WeChat Pay wants an answer within five seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// A provider's callback, in its own format, answered in its own format.
#[utoipa::path(post, path = "/notify/{channel_account_id}", tag = "payments",
    params(("channel_account_id" = String, Path, description = "The account with the provider")),
    responses((status = "2XX", description = "Taken, in the provider's own words"),
        (status = "4XX", description = "Not believed, in the provider's own words; or there is no such account"),
        (status = "5XX", description = "Not taken now: send it again")))]
pub(crate) async fn notify(
    State(api): State<Api>,
    path: IdPath<ChannelAccountId>,
    request: Request,
) -> Result<Response, Problem> {
    let entry = api.directory().find(path.0);
    let Some(entry) = entry else {
        return Err(Problem::new("not_found", format!("there is no channel account {}", path.0)));
    };
    let Ok(channel) = &entry.channel else {
        return Err(Problem::new("channel_unavailable", "the channel's account is not set up"));
    };
    let request_id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(String, String)> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = tokio::time::timeout(ARRIVE_WITHIN, axum::body::to_bytes(body, CALLBACK_BYTES_MAX));
    let body = match body.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(Problem::new("body_too_large", "the callback is too long, or did not arrive whole")),
        Err(_) => return Err(Problem::new("body_timeout", "the callback did not arrive in time")),
    };
    let callback = Callback { headers: &headers, body: &body, at: stamp::now() };
    let deadline = Instant::now() + ANSWER_WITHIN;
    let receipt = match read(&**channel, &callback, deadline).await {
        None => {
            count(&entry, "later");
            Receipt::Later
        }
        Some(Ok(Notice::Fact { fact, raw, event })) => {
            take((&api, deadline), &entry, (fact, raw, event), &request_id).await
        }
        Some(Ok(Notice::Ignored(what))) => {
            tracing::debug!(channel = entry.account.name, what, "a callback of no concern");
            count(&entry, "ignored");
            Receipt::Taken
        }
        Some(Err(rejected)) => {
            disbelieve(&api, &entry, &rejected, (&body, &request_id)).await;
            Receipt::Rejected
        }
    };
    Ok(respond(&channel.acknowledge(receipt)))
}

/// What it says, if it is believed; `None` where that is not known yet, for something is missing that is under way.
async fn read(channel: &dyn Channel, callback: &Callback<'_>, deadline: Instant) -> Option<Result<Notice, Rejected>> {
    let said = channel.read(callback);
    if !matches!(said, Err(Rejected::Signature(_))) {
        return Some(said);
    }
    match timeout_at(deadline, channel.learn(callback)).await {
        Ok(Learned::Something) => Some(channel.read(callback)),
        Ok(Learned::Nothing) => Some(said),
        Ok(Learned::Later) | Err(_) => None,
    }
}

/// Counts what is not believed: one row for each account and reason, however many come, for anybody may send them. Of one
/// among many, the log has a hash: it may be anything.
async fn disbelieve(api: &Api, entry: &Entry, rejected: &Rejected, (body, request_id): (&[u8], &RequestId)) {
    count(entry, "rejected");
    let Ok(actor) = api.actor(entry.account.tenant).await else { return };
    let key = Key::derived("callback", &format!("{}:{}", entry.account.id, rejected.reason()));
    let seen = Seen { tenant: entry.account.tenant, principal: actor, key, at: stamp::now(), from: None };
    if api.sightings().note(&seen, "callback_rejected") {
        let hash = hex(&Sha256::digest(body)[..8]);
        tracing::warn!(channel = entry.account.name, %rejected, hash, %request_id, "a callback is not believed");
    }
}

/// Applies what was said in a message, once; the same in another message is said anew.
async fn take(
    (api, deadline): (&Api, Instant),
    entry: &Entry,
    (fact, raw, event): (Fact, RawAnswer, Option<String>),
    request_id: &RequestId,
) -> Receipt {
    let account = &entry.account;
    let digest = digest(account.id, &fact, event.as_deref());
    let name = hex(&digest.0);
    let Ok(principal) = api.actor(account.tenant).await else { return Receipt::Later };
    let target = Target { method: "POST", route: "/notify", ids: &[&name], query: "", precondition: "" };
    let command = Command {
        id: CommandId(stamp::id()),
        tenant: account.tenant,
        principal,
        key: Key::derived("callback", &name),
        fingerprints: Fingerprints::of(&target, ""),
        at: stamp::now(),
        request_id: request_id.to_string(),
        aliases: Vec::new(),
        token: Token::None,
        origin: domain::Origin::default(),
        whose: Whose::Anybodys,
        note: None,
        action: Action::ApplyChannelFact(ApplyChannelFact {
            account: account.id,
            source: Source::Callback,
            fact,
            digest,
            raw: Some(raw),
            action: None,
            is_again: false,
        }),
    };
    match timeout_at(deadline, api.submit(command, None)).await {
        Ok(Ok((_, replayed))) => {
            count(entry, if replayed { "repeated" } else { "taken" });
            Receipt::Taken
        }
        Ok(Err(problem)) => {
            tracing::warn!(channel = account.name, code = problem.code(), %request_id, "a callback was not taken now");
            count(entry, "later");
            Receipt::Later
        }
        Err(_) => {
            count(entry, "later");
            Receipt::Later
        }
    }
}

fn count(entry: &Entry, result: &'static str) {
    metrics::counter!("mideng_callbacks_total", "channel" => entry.account.kind.name(), "result" => result)
        .increment(1);
}

/// What names what was said: all of it, who said it, and the provider's own number of the message, where it has one. A refund
/// may fail, be found well, and fail again days later in the same words.
pub fn digest(account: ChannelAccountId, fact: &Fact, event: Option<&str>) -> Digest {
    let Fact { subject, verdict, amount, channel_no, code, stranger } = fact;
    let amount = amount.map(|amount| format!("{} {}", amount.minor, amount.currency)).unwrap_or_default();
    let mut parts = vec![
        account.to_string(),
        subject.name().to_owned(),
        subject.reference().to_string(),
        verdict.name().to_owned(),
        amount,
        channel_no.as_ref().map(ToString::to_string).unwrap_or_default(),
        code.as_ref().map(ToString::to_string).unwrap_or_default(),
        stranger.as_ref().map(ToString::to_string).unwrap_or_default(),
    ];
    // None of them holds a control character; a number may, and is the last.
    parts.extend(event.map(str::to_owned));
    let all = Sha256::digest(parts.join("\0"));
    let mut digest = [0; 16];
    digest.copy_from_slice(&all[..16]);
    Digest(digest)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text does not fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

fn respond(said: &Acknowledgement) -> Response {
    let mut response = Response::new(Body::from(said.body));
    *response.status_mut() = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(kind) = said.content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
