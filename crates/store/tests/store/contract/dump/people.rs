//! Owns the lines of the tables of people, their sessions, tenants and audit logs. Passwords are no part of the trade, and not in it.

use std::fmt::Display;

use domain::order::PendingLimit;
use domain::session::{Renewal, Rules};
use domain::tenant::Status;
use engine::memory::People;

use super::{hex, or_none};

pub fn put(people: &People, put: &mut impl FnMut(&'static str, &[&dyn Display])) {
    for row in people.people.values() {
        let (kind, login, role, status) = (row.kind.name(), row.login.as_str(), row.role.name(), row.status.name());
        let who: [&dyn Display; 6] = [&row.tenant.0, &row.principal.0, &row.id, &kind, &login, &row.name];
        let rest: [&dyn Display; 6] = [&role, &status, &row.epoch, &row.version, &row.created_at.0, &row.updated_at.0];
        put("people", &[who.as_slice(), &rest].concat());
    }
    for row in people.sessions.values() {
        let (is_open, end) = (u8::from(row.ended.is_none()), or_none(row.ended.map(|(end, _)| end.name())));
        let at = or_none(row.ended.map(|(_, at)| at.0));
        let who: [&dyn Display; 6] = [&row.tenant.0, &row.id, &row.principal.0, &is_open, &end, &at];
        let rest: [&dyn Display; 4] = [&row.opened_in, &row.idle_until.0, &row.ends_at.0, &row.version];
        put("sessions", &[who.as_slice(), &rest].concat());
    }
    for row in people.session_rules.values() {
        let Rules { open_max: [web, app, mini_program], when_full, idle_ms, absolute_ms, renewal } = row.rules;
        let renewal = match renewal {
            Renewal::EveryRequest => 0,
            Renewal::Below(hundredths) => hundredths,
            Renewal::Writes => 101,
        };
        let (kind, when_full, changes) = (row.kind.name(), when_full.name(), row.version - 1);
        let what: [&dyn Display; 6] = [&row.tenant.0, &kind, &web, &app, &mini_program, &when_full];
        let rest: [&dyn Display; 5] = [&idle_ms, &absolute_ms, &renewal, &row.changed_at.0, &changes];
        put("session_rules", &[what.as_slice(), &rest].concat());
    }
    for row in people.checkout_policies.values() {
        let asked = &row.policy;
        let limit = PendingLimit::ALL.iter().position(|limit| *limit == asked.pending_limit).expect("one of all");
        let [token, guests, registration] = [asked.checkout_token, asked.guests, asked.registration].map(u8::from);
        let what: [&dyn Display; 5] = [&row.tenant.0, &token, &asked.order_lock_ms, &limit, &asked.same_within_ms];
        let at = or_none(row.changed_at.map(|at| at.0));
        let rest: [&dyn Display; 5] = [&asked.order_units_max, &guests, &registration, &at, &row.version];
        put("tenant_policies", &[what.as_slice(), &rest].concat());
    }
    for row in people.tenants.values() {
        let status = match row.status {
            Status::Active => 0,
            Status::Prepared => 1,
            Status::Suspended => 2,
        };
        put("tenants", &[&row.id.0, &row.public_id, &row.name, &status, &(row.version - 1), &row.created_at.0]);
    }
    let mut last = people.audit.values().peekable();
    while let Some(row) = last.next() {
        let (reason, before, hash) = (or_none(row.reason.as_ref()), hex(&row.before), hex(&row.hash));
        let what: [&dyn Display; 6] =
            [&row.tenant.0, &row.place, &row.at.0, &row.principal.0, &row.action, &row.subject];
        let rest: [&dyn Display; 5] = [&row.outcome, &reason, &row.request_id, &before, &hash];
        put("audit_entries", &[what.as_slice(), &rest].concat());
        if last.peek().is_none_or(|next| next.tenant != row.tenant) {
            put("audit_heads", &[&row.tenant.0, &row.place, &hash]);
        }
    }
}
