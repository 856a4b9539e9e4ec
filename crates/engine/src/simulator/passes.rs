//! Owns the judgement on what was sent beside a key, or in its place: tokens, and the time within which the same is the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PrincipalId, TenantId};
use idempotency::Answer;

use super::log::{Arrival, Heard, Log};
use super::wish::{Pass, What};
use crate::Answered;
use crate::memory::Tables;

/// Looks at every order that was made, and at every answer of an arrival without a key.
pub(super) fn audit(tables: &Tables, log: &Log) -> Result<(), String> {
    let mut tokens = BTreeSet::new();
    let mut times = BTreeMap::<_, Vec<i64>>::new();
    for arrival in made(tables, log) {
        let (wish, sent_at) = (&arrival.wish, arrival.sent.as_ref().map_or(0, |sent| sent.at.0));
        match wish.pass {
            Pass::Missing => return Err(format!("made without a token: {arrival:?}")),
            Pass::Token { until, .. } if sent_at >= until.0 => {
                return Err(format!("made behind its token's end: {arrival:?}"));
            }
            Pass::Token { number, .. } if !tokens.insert((wish.tenant, wish.principal, number)) => {
                return Err(format!("a second order of one token: {arrival:?}"));
            }
            Pass::None | Pass::Token { .. } => {}
            Pass::SameWithin(within_ms) => {
                times.entry((wanted(arrival), within_ms)).or_default().push(sent_at);
            }
        }
    }
    for ((_, within_ms), mut times) in times {
        times.sort_unstable();
        if let Some(pair) = times.windows(2).find(|pair| pair[1] - pair[0] <= within_ms) {
            return Err(format!("the same within {within_ms} ms was made twice: {pair:?}"));
        }
    }
    keyless(tables, log)
}

/// The orders, by the arrivals that made them.
fn made<'a>(tables: &'a Tables, log: &'a Log) -> impl Iterator<Item = &'a Arrival> {
    log.iter().filter_map(|(id, arrival)| {
        let record = tables.records.get(arrival.names()?.0)?;
        let made = matches!(arrival.wish.what, What::Place { .. }) && record.answer.status == 201;
        (made && record.command == id).then_some(arrival)
    })
}

/// Who came without a key and was told that it is a repetition, was told what a like arrival was told within the time.
fn keyless(tables: &Tables, log: &Log) -> Result<(), String> {
    let mut told = BTreeMap::<Wanted, Vec<(i64, &Answer)>>::new();
    let keyless = || log.iter().filter(|(_, arrival)| arrival.is_keyless());
    for (id, arrival) in keyless() {
        let Some((own, _)) = arrival.names() else { continue };
        if let Some(record) = tables.records.get(own).filter(|record| record.command == id) {
            told.entry(wanted(arrival)).or_default().push((record.completed_at_ms, &record.answer));
        }
    }
    for (_, arrival) in keyless() {
        let (Some(Heard::Answered(Answered::Replayed(answer))), Some(sent)) = (&arrival.heard, &arrival.sent) else {
            continue;
        };
        let Pass::SameWithin(within_ms) = arrival.wish.pass else { continue };
        let like = told.get(&wanted(arrival)).into_iter().flatten();
        if !like.into_iter().any(|(at, other)| *other == answer && sent.at.0 - at <= within_ms) {
            return Err(format!("told what no like arrival was told within {within_ms} ms: {arrival:?}"));
        }
    }
    Ok(())
}

/// Who wants what.
type Wanted = (TenantId, PrincipalId, String);

fn wanted(arrival: &Arrival) -> Wanted {
    let wish = &arrival.wish;
    (wish.tenant, wish.principal, wish.fingerprints().current.to_string())
}

impl Arrival {
    /// It came without a key of its own.
    pub(super) fn is_keyless(&self) -> bool {
        matches!(self.wish.pass, Pass::SameWithin(_))
    }
}
