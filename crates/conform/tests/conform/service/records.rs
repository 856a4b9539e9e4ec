//! Owns the records of keys: who does what, who waits, and what was answered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::Setup;
use super::fault::Fault;
use super::journal::Journal;

/// Whose key, and which.
pub(crate) type Name = (String, String);

/// An answer as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone)]
pub(crate) enum Record {
    /// Somebody works on it; dropped when that is over.
    Running(String, watch::Receiver<()>),
    /// Somebody worked on it when the service was killed.
    Locked,
    Done(String, Kept),
}

/// What is to be done with a request.
pub(crate) enum Begun {
    Execute(watch::Sender<()>),
    Wait(watch::Receiver<()>),
    Replay(Kept),
    Locked,
    Reused(Option<Kept>),
}

pub(crate) struct Records {
    by_name: Mutex<HashMap<Name, Record>>,
    pub(crate) effects: AtomicI64,
    pub(crate) journal: Journal,
    fault: Option<Fault>,
    claims: bool,
}

impl Records {
    pub(crate) fn open(setup: Setup<'_>) -> Self {
        let fault = setup.fault;
        let claims = setup.doubt.is_some() || matches!(fault, Some(Fault::StaysLocked));
        let (journal, lines) = Journal::open(setup.folder);
        let mut records = HashMap::new();
        let mut effects = 0;
        for line in lines {
            let text = |member: &str| line[member].as_str().unwrap_or_default().to_owned();
            let name = (text("scope"), text("key"));
            let is_lost = fault == Some(Fault::LosesEffects) && line["status"].is_number();
            effects += line["effects"].as_i64().filter(|_| !is_lost).unwrap_or_default();
            let is_doubted = fault == Some(Fault::DoubtsWhatIsDone) && line["status"].is_number();
            if line["claim"] == true || is_doubted {
                records.insert(name, Record::Locked);
            } else if line["status"].is_number() && fault != Some(Fault::ForgetsAtRestart) {
                records.insert(name, Record::Done(text("print"), kept(&line)));
            }
        }
        Self { by_name: Mutex::new(records), effects: AtomicI64::new(effects), journal, fault, claims }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<Name, Record>> {
        self.by_name.lock().expect("nobody panicked")
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Finds or makes the record of a request.
    pub(crate) fn begin(&self, name: &Name, print: &str) -> Begun {
        let mut records = self.lock();
        if self.is(Fault::BelievesTheFront) && self.journal.is_told("forget") {
            records.clear();
        }
        let stranger = self.is(Fault::TellsOfOthers)
            && records.iter().any(|((_, key), record)| *key == name.1 && !record.is_of(print));
        if stranger {
            return Begun::Reused(None);
        }
        let latest = records.iter().find(|((scope, key), _)| *key == name.1 && *scope != name.0);
        match records.get(name) {
            _ if self.is(Fault::ExecutesAgain) => {}
            None | Some(Record::Running(..)) if self.is(Fault::ExecutesInParallel) => {}
            None => {}
            Some(Record::Locked) => return Begun::Locked,
            Some(Record::Running(_, done)) if self.is(Fault::WaitsBeforeComparing) => return Begun::Wait(done.clone()),
            Some(Record::Running(other, _)) if other != print => return Begun::Reused(None),
            Some(Record::Running(_, done)) => return Begun::Wait(done.clone()),
            Some(Record::Done(other, kept)) if other != print && !self.is(Fault::ComparesNothing) => {
                return Begun::Reused(Some(kept.clone()));
            }
            Some(Record::Done(_, kept)) => {
                let other = latest.and_then(|(_, record)| record.kept()).filter(|_| self.is(Fault::ReplaysTheLatest));
                return Begun::Replay(other.unwrap_or_else(|| kept.clone()));
            }
        }
        let (sender, receiver) = watch::channel(());
        records.insert(name.clone(), Record::Running(print.to_owned(), receiver));
        if self.claims {
            self.journal.write(&json!({"scope": name.0, "key": name.1, "claim": true}));
        }
        Begun::Execute(sender)
    }

    /// Writes an effect and the record of its answer as one.
    pub(crate) async fn finish(&self, name: &Name, print: &str, kept: &Kept) {
        let effects = i64::from(kept.status / 100 == 2);
        let mut line = json!({"scope": name.0, "key": name.1, "print": print, "status": kept.status,
            "headers": kept.headers, "body": kept.body, "effects": effects});
        if self.is(Fault::RecordsLater) {
            self.journal.write(&json!({"effects": effects}));
            tokio::time::sleep(Duration::from_millis(60)).await;
            line["effects"] = 0.into();
        }
        self.effects.fetch_add(effects, Ordering::SeqCst);
        if self.is(Fault::FreesUnrecorded) && self.journal.is_told("down") {
            self.journal.write(&json!({"effects": effects}));
            return;
        }
        while self.journal.is_told("down") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.journal.write(&line);
        let is_long = kept.body.is_empty() && kept.status == 201;
        let forgets_refusal = self.is(Fault::ForgetsRefusals) && kept.status / 100 == 4;
        if forgets_refusal || (self.is(Fault::ForgetsLongAnswers) && is_long) {
            self.lock().remove(name);
        } else {
            self.lock().insert(name.clone(), Record::Done(print.to_owned(), kept.clone()));
        }
    }

    /// Nothing is kept of a request that was not worked on to its end.
    pub(crate) fn free(&self, name: &Name) {
        let mut records = self.lock();
        if matches!(records.get(name), Some(Record::Running(..))) {
            records.remove(name);
        }
    }
}

impl Record {
    fn is_of(&self, print: &str) -> bool {
        match self {
            Self::Running(other, _) | Self::Done(other, _) => other == print,
            Self::Locked => false,
        }
    }

    fn kept(&self) -> Option<Kept> {
        match self {
            Self::Done(_, kept) => Some(kept.clone()),
            _ => None,
        }
    }
}

fn kept(line: &Value) -> Kept {
    let pairs = line["headers"].as_array().cloned().unwrap_or_default();
    let text = |pair: &Value, at: usize| pair[at].as_str().unwrap_or_default().to_owned();
    let bytes = line["body"].as_array().cloned().unwrap_or_default();
    Kept {
        status: u16::try_from(line["status"].as_u64().unwrap_or_default()).unwrap_or_default(),
        headers: pairs.iter().map(|pair| (text(pair, 0), text(pair, 1))).collect(),
        body: bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
    }
}
