//! Owns the rows B: what a first answer looks like, how faithful its replay is, and what uses no key up.

use http::{HeaderName, header};

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::case::Case;
use crate::effects::Effects;
use crate::need::Need;
use crate::report::{Finding, Judged};
use crate::subject::Subject;
use crate::wish::Wish;

pub(crate) const CASES: &[Case] = &[
    Case { id: "B-01", title: "the first answer", needs: &[], run: |it| Box::pin(first(it)) },
    Case { id: "B-02", title: "the same answer again", needs: &[], run: |it| Box::pin(replay(it)) },
    Case { id: "B-03", title: "a final refusal is kept", needs: &[Need::RefusedBody], run: |it| Box::pin(refusal(it)) },
    Case {
        id: "B-04",
        title: "bad input uses no key up",
        needs: &[Need::InvalidBody],
        run: |it| Box::pin(invalid(it)),
    },
    Case {
        id: "B-05",
        title: "a missing credential uses no key up",
        needs: &[Need::Credentials],
        run: |it| Box::pin(unauthorized(it)),
    },
    Case { id: "B-06", title: "an answer without a body", needs: &[Need::EmptyRoute], run: |it| Box::pin(empty(it)) },
    Case {
        id: "B-07",
        title: "repeated headers and any bytes",
        needs: &[Need::PlainHttp],
        run: |it| Box::pin(repeated(it)),
    },
    Case { id: "B-08", title: "no cookie is shared", needs: &[], run: |it| Box::pin(cookies(it)) },
    Case { id: "B-09", title: "another Accept-Encoding", needs: &[], run: |it| Box::pin(coding(it)) },
    Case { id: "B-10", title: "an answer over the limit", needs: &[Need::LargeBody], run: |it| Box::pin(too_long(it)) },
    Case::inside("B-11", "a stream as answer", &[Need::Inside("which routes stream, and are refused at set-up")]),
    Case { id: "B-12", title: "HTTP/1.1, then HTTP/2, then elsewhere", needs: &[], run: |it| Box::pin(versions(it)) },
];

async fn first(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let answer = it.send(&it.call(&it.wish()).key(&it.key())).await?;
    answer.fresh("a new key")?;
    effects.grew_by(it, 1, &[&answer]).await?;
    match answer.status_word().as_deref() {
        Some("executed") => Ok("Idempotency-Status: executed".to_owned()),
        Some(word) => Err(Finding::failed("Idempotency-Status: executed, or none", word)),
        None => Ok("no Idempotency-Status".to_owned()),
    }
}

async fn replay(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish()).key(&it.key());
    let first = it.send(&call).await?;
    first.fresh("a new key")?;
    for _ in 0..3 {
        let again = it.send(&call).await?;
        again.replays(&first)?;
        if !again.is_marked_replayed() {
            return Err(Finding::failed("Idempotent-Replayed: true", "another mark"));
        }
        if let Some(word) = again.status_word().filter(|word| word != "replayed") {
            return Err(Finding::failed("Idempotency-Status: replayed, or none", word));
        }
        let control = again.text(header::CACHE_CONTROL.as_str()).unwrap_or_default();
        if !control.to_ascii_lowercase().contains("no-store") {
            return Err(Finding::failed("Cache-Control: no-store on the replay", format!("{control:?}")));
        }
    }
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(String::new())
}

async fn refusal(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish_of(it.profile().refused_body.as_deref())).key(&it.key());
    let first = it.send(&call).await?;
    if first.status / 100 != 4 || first.asks_to_wait() || first.says_unknown() || first.is_marked() {
        return Err(Finding::failed("a final refusal (4xx) by the business", first.shown()));
    }
    for _ in 0..2 {
        it.send(&call).await?.replays(&first)?;
    }
    effects.grew_by(it, 0, &[]).await?;
    Ok(format!("{} is kept", first.status))
}

async fn invalid(it: &Subject) -> Judged {
    let (key, effects) = (it.key(), Effects::now(it).await?);
    let bad = it.send(&it.call(&it.wish_of(it.profile().invalid_body.as_deref())).key(&key)).await?;
    if !matches!(bad.status, 400 | 422) {
        return Err(Finding::failed("400 or 422 for the invalid body", bad.shown()));
    }
    let good = it.send(&it.call(&it.wish()).key(&key)).await?;
    good.fresh("the corrected request under the same key")?;
    effects.grew_by(it, 1, &[&good]).await?;
    Ok(String::new())
}

/// Sends this as nobody, which must be refused; a service that lets everybody in cannot be asked.
pub(crate) async fn as_nobody(it: &Subject, wish: &Wish, key: &str) -> Result<Answer, Finding> {
    let answer = it.send(&it.call_of(Caller::Nobody, wish).key(key)).await?;
    match answer.status {
        401 | 403 => Ok(answer),
        200..300 => Err(Finding::NotApplicable("the service asks for no credential".to_owned())),
        _ => Err(Finding::failed("401 or 403 without a credential", answer.shown())),
    }
}

async fn unauthorized(it: &Subject) -> Judged {
    let (key, wish, effects) = (it.key(), it.wish(), Effects::now(it).await?);
    as_nobody(it, &wish, &key).await?;
    let good = it.send(&it.call(&wish).key(&key)).await?;
    good.fresh("the same request with a credential")?;
    effects.grew_by(it, 1, &[&good]).await?;
    Ok(String::new())
}

async fn too_long(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish_of(it.profile().large_body.as_deref())).key(&it.key());
    let first = it.send(&call).await?;
    let again = it.send(&call).await?;
    if !first.is_success() {
        effects.grew_by(it, 0, &[]).await?;
        return Ok("refused before anything is done".to_owned());
    }
    first.fresh("a request with a long answer")?;
    if again.status != first.status || again.headers.get(header::LOCATION) != first.headers.get(header::LOCATION) {
        return Err(Finding::failed("the first status and Location", again.shown()));
    }
    if !again.is_marked() {
        return Err(Finding::failed("the mark of a replay", again.shown()));
    }
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(if again.body == first.body { "kept whole" } else { "kept without its body" }.to_owned())
}

async fn empty(it: &Subject) -> Judged {
    let path = it.profile().empty_route.as_deref().unwrap_or_default();
    let call = Call::new(it, Caller::First, path, &it.wish()).key(&it.key());
    let call = if it.profile().url.starts_with("http://") { call.raw() } else { call };
    let first = it.send(&call).await?;
    first.fresh("a request without an answer's body")?;
    let again = it.send(&call).await?;
    again.replays(&first)?;
    let length = again.text("content-length").unwrap_or("0");
    if !again.body.is_empty() || length != "0" || again.headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Finding::failed("no body and no framing of one", format!("content-length {length}")));
    }
    Ok(format!("{} without a body", again.status))
}

/// The values of every header that stands more than once or is no text, which are the ones that get lost.
fn lists(answer: &Answer) -> Vec<(HeaderName, Vec<Vec<u8>>)> {
    let values = |name| answer.headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
    let names = answer.headers.keys().filter(|name| **name != header::SET_COOKIE && **name != header::VARY);
    let lists = names.map(|name| (name.clone(), values(name)));
    lists.filter(|(_, values): &(_, Vec<Vec<u8>>)| values.len() > 1 || !values[0].is_ascii()).collect()
}

async fn repeated(it: &Subject) -> Judged {
    let call = it.call(&it.wish()).key(&it.key()).raw();
    let first = it.send(&call).await?;
    first.fresh("a new key")?;
    let headers = lists(&first);
    let is_text = std::str::from_utf8(&first.body).is_ok_and(|text| !text.contains('\0'));
    if headers.is_empty() && is_text {
        return Err(Finding::NotApplicable("the answer has no repeated header, and its body is text".to_owned()));
    }
    let again = it.send(&call).await?;
    for (name, values) in headers {
        let now: Vec<_> = again.headers.get_all(&name).iter().map(|value| value.as_bytes().to_vec()).collect();
        if now != values {
            let seen = format!("{} after {}", now.len(), values.len());
            return Err(Finding::failed(format!("every line of {name}, in order"), seen));
        }
    }
    if again.body != first.body {
        return Err(Finding::failed("every byte of the body", "another body"));
    }
    Ok(String::new())
}

async fn cookies(it: &Subject) -> Judged {
    let call = it.call(&it.wish()).key(&it.key());
    let first = it.send(&call).await?;
    first.fresh("a new key")?;
    let again = it.send(&call).await?;
    if again.headers.contains_key(header::SET_COOKIE) {
        return Err(Finding::failed("a replay that sets no cookie", "Set-Cookie"));
    }
    let nominated = first.text("connection").unwrap_or_default().split(',').map(str::trim);
    let kept = nominated.filter(|name| !name.is_empty()).find(|name| again.headers.contains_key(*name));
    if let Some(name) = kept {
        return Err(Finding::failed("no header that belonged to the first connection", name));
    }
    if first.headers.contains_key(header::SET_COOKIE) {
        return Ok("the first answer's cookie is not in the replay".to_owned());
    }
    Err(Finding::NotApplicable("the first answer sets no cookie".to_owned()))
}

/// A client that did not ask for a coding must not get one, whoever came first.
async fn coding(it: &Subject) -> Judged {
    let mut first_was_coded = false;
    for asks_first in [true, false] {
        let effects = Effects::now(it).await?;
        let call = it.call(&it.wish()).key(&it.key());
        let asking = call.clone().header("Accept-Encoding", "gzip, deflate, br");
        let calls = if asks_first { [&asking, &call] } else { [&call, &asking] };
        let (first, second) = (it.send(calls[0]).await?, it.send(calls[1]).await?);
        first.fresh("a new key")?;
        let (coded, plain) = if asks_first { (&first, &second) } else { (&second, &first) };
        if is_coded(plain) {
            return Err(Finding::failed("a plain body for who did not ask for a coding", "a coded one"));
        }
        first_was_coded |= is_coded(coded);
        if !is_coded(coded) && coded.body != plain.body {
            return Err(Finding::failed("the same bytes for both", "another body"));
        }
        if first.status != second.status {
            return Err(Finding::failed("the same operation", second.shown()));
        }
        effects.grew_by(it, 1, &[]).await?;
    }
    Ok(if first_was_coded { "coded for who asks" } else { "never coded" }.to_owned())
}

/// Coded by what the headers say, or by how the bytes begin.
fn is_coded(answer: &Answer) -> bool {
    let said = answer.text(header::CONTENT_ENCODING.as_str()).is_some_and(|coding| coding != "identity");
    said || answer.body.starts_with(&[0x1f, 0x8b])
}

async fn versions(it: &Subject) -> Judged {
    let effects = Effects::now(it).await?;
    let call = it.call(&it.wish()).key(&it.key());
    let first = it.send(&call).await?;
    first.fresh("a new key")?;
    let mut seen = Vec::new();
    if let Ok(second) = it.try_send(&call.clone().http2()).await {
        second.replays(&first)?;
        seen.push("HTTP/2".to_owned());
    }
    for node in 1..it.nodes() {
        it.settled(&call.clone().node(node)).await?.replays(&first)?;
    }
    if it.nodes() > 1 {
        seen.push(format!("{} nodes", it.nodes()));
    }
    if seen.is_empty() {
        return Err(Finding::NotApplicable("the service speaks no HTTP/2, and no other node is known".to_owned()));
    }
    effects.grew_by(it, 1, &[&first]).await?;
    Ok(seen.join(", "))
}
