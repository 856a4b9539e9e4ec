//! Owns ending somebody's session, and changing what a shop asks of sessions.

use crate::session::{self, End, Policy, Session};
use crate::{Change, Command, EndSession, Outcome, PutSessionRules, Refusal, Reply, State, person};

/// A session that is over stays over, and its first reason stays.
pub(super) fn end(state: &State, command: &Command, wanted: &EndSession) -> Result<Outcome, Refusal> {
    let person = state.person(command.tenant, wanted.principal).ok_or(person::Refusal::NotFound(wanted.person))?;
    let session = state.session(command.tenant, wanted.session).filter(|found| found.principal == wanted.principal);
    let session = session.ok_or(session::Refusal::NotFound(wanted.session))?;
    if session.is_over(person.epoch, command.at) {
        return Ok(Outcome::accepted(Reply::SessionEnded, Vec::new()));
    }
    let ended = Some((End::Kicked, command.at));
    let change = Change::SessionEnded(Session { ended, version: session.version + 1, ..*session });
    Ok(Outcome::accepted(Reply::SessionEnded, vec![change]))
}

pub(super) fn put_rules(state: &State, command: &Command, wanted: &PutSessionRules) -> Result<Outcome, Refusal> {
    let before = state.session_rules(command.tenant, wanted.kind);
    let before = before.copied().unwrap_or(Policy::usual(command.tenant, wanted.kind));
    let current = before.version;
    if let Some(expected) = wanted.expected_version.filter(|expected| *expected != current) {
        return Err(session::Refusal::VersionMismatch { current, expected }.into());
    }
    if before.rules == wanted.rules {
        return Ok(Outcome::accepted(Reply::SessionRules(before), Vec::new()));
    }
    let policy = Policy { rules: wanted.rules, version: current + 1, changed_at: command.at, ..before };
    Ok(Outcome::accepted(Reply::SessionRules(policy), vec![Change::SessionRulesPut(policy)]))
}
