//! Owns writing what the staff did about sessions: those that they ended, and the rules that they put.

use domain::State;
use domain::session::End;

use super::Batch;
use crate::found::Stored as _;
use crate::rows::{RULES_CHANGED, RULES_NEW, StandingRow, rules_changed, rules_new};
use crate::set::{Rows, Write, number, row, text};

/// The version is expected that was loaded, as by everybody who writes a session.
static ENDED: Write = Write::update(
    "sessions",
    StandingRow::FIND.key,
    &[number("is_open"), text("ended"), number("ended_at"), number("version")],
    &[number("version")],
);

pub(super) fn rows(before: &State, batch: &Batch<'_>) -> [Rows; 3] {
    let mut ended = Rows::of(&ENDED);
    for session in batch.sessions.values() {
        let was = before.session(session.tenant, session.id).map_or(0, |session| session.version);
        let (why, at) = session.ended.unzip();
        ended.add(row![
            session.tenant.0,
            session.id.to_string(),
            i64::from(session.ended.is_none()),
            why.map(End::name),
            at.map(|at| at.0),
            session.version,
            was,
        ]);
    }
    let (mut new, mut changed) = (Rows::of(&RULES_NEW), Rows::of(&RULES_CHANGED));
    for policy in batch.session_rules.values() {
        match before.session_rules(policy.tenant, policy.kind) {
            None => new.add(rules_new(policy)),
            Some(was) => changed.add(rules_changed(policy, was.version)),
        }
    }
    [ended, new, changed]
}
