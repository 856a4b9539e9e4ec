//! Owns the rows of people, tenants and audit logs.

use std::collections::BTreeMap;

use domain::person::PasswordHash;
use domain::{Change, Person, State, TenantId, audit};

use super::{Batch, sessions};
use crate::chain;
use crate::found::Stored as _;
use crate::rows::{PersonRow, TenantRow, tenant_status};
use crate::set::{Rows, Write, number, row, text};

static PEOPLE_NEW: Write = Write::insert(
    "people",
    &[
        number("tenant_id"),
        number("principal_id"),
        text("public_id"),
        text("kind"),
        text("login"),
        text("name"),
        text("role"),
        text("status"),
        number("epoch"),
        number("factors_lost"),
        number("version"),
        number("created_at"),
        number("updated_at"),
        text("password_hash"),
        number("password_at"),
    ],
);

static PEOPLE_STEPPED: Write = Write::update(
    "people",
    PersonRow::FIND.key,
    &[text("role"), text("status"), number("epoch"), number("factors_lost"), number("version"), number("updated_at")],
    &[number("version")],
);

static TENANTS: Write =
    Write::update("tenants", TenantRow::FIND.key, &[number("status"), number("changes")], &[number("changes")]);

/// Takes a change of people, tenants or audit logs in.
pub(super) fn take<'a>(batch: &mut Batch<'a>, change: &'a Change) {
    match change {
        Change::PersonAdded(person, password) => {
            let key = (person.tenant, person.principal);
            batch.people.insert(key, person);
            batch.passwords.extend(password.as_ref().map(|password| (key, password)));
        }
        Change::PersonStepped(person) => {
            batch.people.insert((person.tenant, person.principal), person);
        }
        Change::TenantStepped(tenant) => {
            batch.tenants.insert(tenant.id, tenant);
        }
        Change::SessionEnded(session) => {
            batch.sessions.insert((session.tenant, session.id), session);
        }
        Change::SessionRulesPut(policy) => {
            batch.session_rules.insert((policy.tenant, policy.kind), policy);
        }
        Change::CheckoutPolicySet(standing) => {
            batch.checkout_policies.insert(standing.tenant, standing);
        }
        Change::Audited(entry) => batch.audit.push(entry),
        _ => {}
    }
}

pub(super) fn rows(before: &State, batch: &Batch<'_>) -> [Rows; 9] {
    let [people_new, people_stepped] = people(before, batch);
    let [sessions, rules_new, rules] = sessions::rows(before, batch);
    let [heads_new, heads] = heads(before, batch);
    let entries = chain::entries(batch.audit.iter().copied());
    let tenants = tenants(before, batch);
    [people_new, people_stepped, sessions, rules_new, rules, tenants, heads_new, heads, entries]
}

fn people(before: &State, batch: &Batch<'_>) -> [Rows; 2] {
    let (mut new, mut stepped) = (Rows::of(&PEOPLE_NEW), Rows::of(&PEOPLE_STEPPED));
    for (key, person) in &batch.people {
        match before.person(key.0, key.1) {
            None => {
                let password = batch.passwords.get(key).copied();
                add(&mut new, person, password);
            }
            Some(was) => stepped.add(row![
                person.tenant.0,
                person.principal.0,
                person.role.name(),
                person.status.name(),
                person.epoch,
                person.factors_lost,
                person.version,
                person.updated_at.0,
                was.version,
            ]),
        }
    }
    [new, stepped]
}

fn add(rows: &mut Rows, person: &Person, password: Option<&PasswordHash>) {
    rows.add(row![
        person.tenant.0,
        person.principal.0,
        person.id.to_string(),
        person.kind.name(),
        person.login.as_str(),
        person.name.as_str(),
        person.role.name(),
        person.status.name(),
        person.epoch,
        person.factors_lost,
        person.version,
        person.created_at.0,
        person.updated_at.0,
        password.map(PasswordHash::as_str),
        password.map(|_| person.created_at.0),
    ]);
}

fn tenants(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&TENANTS);
    for tenant in batch.tenants.values() {
        let was = before.tenant(tenant.id).map_or(0, |tenant| tenant.version);
        // The column counts changes: one less than the version.
        rows.add(row![tenant.id.0, tenant_status(tenant.status), tenant.version - 1, i64::from(was) - 1]);
    }
    rows
}

fn heads(before: &State, batch: &Batch<'_>) -> [Rows; 2] {
    let last: BTreeMap<TenantId, &audit::Entry> = batch.audit.iter().map(|entry| (entry.tenant, *entry)).collect();
    chain::heads(last.into_iter().map(|(tenant, entry)| (before.audit(tenant), entry.head())))
}
