//! Owns reading a key, written for this service alone.

use axum::http::HeaderMap;

use super::fault::Fault;

/// What stands in the header.
pub(crate) enum Read {
    None,
    Key(String),
    Bad,
}

pub(crate) fn read(headers: &HeaderMap, strict: bool, fault: Option<Fault>) -> Read {
    let is = |other| fault == Some(other);
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Read::None };
    if lines.next().is_some() && !is(Fault::TakesTwoLines) {
        return Read::Bad;
    }
    let bytes = line.as_bytes().trim_ascii();
    let Ok(text) = std::str::from_utf8(bytes) else { return Read::Bad };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let key = if is(Fault::QuotesCount) && is_plain && !text.contains(',') && text.trim_matches('"').len() > 1 {
        Some(text.to_owned())
    } else if text.starts_with('"') {
        string(text, fault)
    } else {
        let takes = !strict || is(Fault::TakesTokens);
        let is_bare = is_plain && (is(Fault::TakesTokens) || !text.contains([',', '"', '(']));
        (takes && is_bare).then(|| text.to_owned())
    };
    match key {
        Some(key) if key.is_empty() && !is(Fault::TakesEmptyKeys) => Read::Bad,
        Some(key) if key.len() > 255 && is(Fault::CutsLongKeys) => Read::Key(key.chars().take(255).collect()),
        Some(key) if key.len() > 255 => Read::Bad,
        Some(key) if (1..8).contains(&key.len()) && !is(Fault::TakesWeakKeys) => Read::Bad,
        Some(key) if is(Fault::CaseDoesNotCount) => Read::Key(key.to_lowercase()),
        Some(key) => Read::Key(key),
        None => Read::Bad,
    }
}

/// A quoted string and what may be behind it.
fn string(text: &str, fault: Option<Fault>) -> Option<String> {
    let mut key = String::new();
    let mut letters = text.chars().skip(1);
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => match letters.next()? {
                _ if fault == Some(Fault::EscapesDoNotCount) => {}
                letter @ ('"' | '\\') => key.push(letter),
                _ => return None,
            },
            letter if letter.is_ascii_graphic() => key.push(letter),
            _ => return None,
        }
    }
    let rest: String = letters.collect();
    match rest.trim() {
        "" => Some(key),
        rest if rest.starts_with(';') && fault == Some(Fault::ParametersCount) => Some(key + rest),
        rest if rest.starts_with(';') && !rest.contains(',') => Some(key),
        _ => None,
    }
}
