//! Owns the log of every try, a line of JSON each, for those who look into a failure.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::client::Outcome;
use super::ledger::Classes;
use super::wish::Wish;
use crate::clock;

/// Written by all clients.
pub(super) struct Log(Mutex<Inner>);

struct Inner {
    file: BufWriter<File>,
    classes: Classes,
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    unix_ms: u64,
    client: &'a str,
    node: usize,
    key: &'a str,
    path: &'a str,
    request: &'a str,
    took_ms: u64,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// One try, as the log has it.
pub(super) struct Try<'a> {
    pub(super) client: &'a str,
    pub(super) node: usize,
    pub(super) wish: &'a Wish,
    pub(super) took_ms: u64,
    pub(super) outcome: &'a Outcome,
}

impl Log {
    pub(super) fn create(file: &Path) -> Result<Self> {
        let file = File::create(file).with_context(|| format!("making {}", file.display()))?;
        Ok(Self(Mutex::new(Inner { file: BufWriter::new(file), classes: BTreeMap::new() })))
    }

    pub(super) fn write(&self, one: &Try<'_>) {
        let outcome = one.outcome.class();
        let (body, idempotency) = match one.outcome {
            Outcome::Answered { answer, idempotency, .. } => (Some(answer.body.as_str()), idempotency.as_deref()),
            Outcome::Silence(_) => (None, None),
        };
        let line = Line {
            unix_ms: clock::unix_ms(),
            client: one.client,
            node: one.node,
            key: &one.wish.key,
            path: &one.wish.path,
            request: &one.wish.body,
            took_ms: one.took_ms,
            outcome: &outcome,
            idempotency,
            body_hash: body.map(|body| {
                let mut hasher = DefaultHasher::new();
                body.hash(&mut hasher);
                format!("{:016x}", hasher.finish())
            }),
            // A replay is known by its hash.
            body: body.filter(|_| idempotency != Some("replayed")),
        };
        let line = serde_json::to_string(&line).expect("a line is plain data");
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.classes.entry(outcome).or_default() += 1;
        // A log that cannot be written does not change what is found.
        let _written = writeln!(inner.file, "{line}");
    }

    /// Brings the lines to the disk; gives how often tries ended how.
    pub(super) fn finish(&self) -> Classes {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _written = inner.file.flush();
        inner.classes.clone()
    }
}
