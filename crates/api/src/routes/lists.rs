//! Owns the parameters that every list takes, and the cursor that leads from page to page.

use axum::extract::Query;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Timestamp;
use serde::Deserialize;
use store::Cursor;
use utoipa::IntoParams;

use crate::problem::Problem;
use crate::wire;

/// Rows on a page where the client does not say.
const LIMIT_DEFAULT: u64 = 50;
/// The most rows on a page.
pub(crate) const LIMIT_MAX: u64 = 200;

/// The parameters of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Rows on the page, 1 to 200; 50 where it is missing.
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ListQuery {
    /// The same of a list whose rows are counted.
    pub(super) fn counted_page(&self) -> Result<(u64, Option<Cursor>), Problem> {
        Ok((limit(self.limit)?, counted(self.cursor.as_deref())?))
    }

    /// How many rows, from where on.
    pub(super) fn page(&self) -> Result<(u64, Option<Cursor>), Problem> {
        Ok((limit(self.limit)?, cursor(self.cursor.as_deref())?))
    }
}

/// A query that axum could read, or the problem with it.
pub(super) fn parameters<T>(query: Result<Query<T>, axum::extract::rejection::QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|error| Problem::new("parameter_invalid", error.body_text()))
}

/// How many rows, 1 to 200.
pub(super) fn limit(limit: Option<u64>) -> Result<u64, Problem> {
    match limit {
        None => Ok(LIMIT_DEFAULT),
        Some(limit @ 1..=LIMIT_MAX) => Ok(limit),
        Some(other) => Err(Problem::new("parameter_invalid", format!("limit is {other}; it is 1 to {LIMIT_MAX}"))),
    }
}

/// The cursor of a `next_cursor` that was given out before.
pub(super) fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = decoded.as_deref().and_then(|text| text.split_once('.'));
    parts
        // No id has one, and PostgreSQL takes no text with U+0000.
        .filter(|(_, id)| !id.chars().any(char::is_control))
        .and_then(|(at, id)| Some(Cursor { at: Timestamp(at.parse().ok()?), id: id.to_owned() }))
        .map(Some)
        .ok_or_else(not_given_out)
}

/// The same of a list whose rows are counted.
pub(super) fn counted(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let cursor = cursor(text)?;
    match cursor {
        Some(Cursor { ref id, .. }) if id.parse::<i64>().is_err() => Err(not_given_out()),
        cursor => Ok(cursor),
    }
}

fn not_given_out() -> Problem {
    Problem::new("parameter_invalid", "cursor is not one that this list gave out")
}

/// A page as an answer.
pub(super) fn list<T, W>(page: store::Page<T>, wire: impl Fn(&T) -> W) -> wire::List<W> {
    let text = |cursor: Cursor| BASE64_URL_SAFE_NO_PAD.encode(format!("{}.{}", cursor.at.0, cursor.id));
    wire::List { data: page.rows.iter().map(wire).collect(), next_cursor: page.next.map(text) }
}

/// A time of a query, RFC 3339.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse::<jiff::Timestamp>().map(|at| Some(Timestamp(at.as_millisecond()))).map_err(|_| {
        Problem::new("parameter_invalid", format!("{name} is {text:?}; write a time like 2026-05-01T00:00:00Z"))
    })
}

/// PostgreSQL takes no text with U+0000, and no number, key or name has a control character. An empty field of a form is none.
pub(super) fn word(name: &str, text: Option<String>, most: usize) -> Result<Option<String>, Problem> {
    let wrong = |text: &String| text.chars().any(char::is_control) || text.chars().count() > most;
    match text.filter(|text| !text.is_empty()) {
        Some(text) if wrong(&text) => {
            let detail = format!("{name} has {most} characters at most, none of them a control character");
            Err(Problem::new("parameter_invalid", detail))
        }
        text => Ok(text),
    }
}
