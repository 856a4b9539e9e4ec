//! Owns adding and changing people, and opening and closing tenants.

use crate::person::{self, Person, Status};
use crate::{AddPerson, Change, Command, Outcome, Refusal, Reply, State, StepPerson, StepTenant, TenantId, tenant};

pub(super) fn add(state: &State, command: &Command, wanted: &AddPerson) -> Result<Outcome, Refusal> {
    let person = added(state, command, (command.tenant, wanted))?;
    let changes = vec![Change::PersonAdded(person.clone(), wanted.password.clone())];
    Ok(Outcome::accepted(Reply::Person { person, created: true }, changes))
}

fn added(state: &State, command: &Command, (tenant, wanted): (TenantId, &AddPerson)) -> Result<Person, Refusal> {
    if !wanted.kind.takes(wanted.role) {
        return Err(person::Refusal::RoleUnfit { role: wanted.role, kind: wanted.kind }.into());
    }
    if state.person(tenant, wanted.principal).is_some() {
        return Err(person::Refusal::LoginTaken(wanted.login.clone()).into());
    }
    Ok(Person {
        tenant,
        principal: wanted.principal,
        id: wanted.id,
        kind: wanted.kind,
        login: wanted.login.clone(),
        name: wanted.name.clone(),
        role: wanted.role,
        status: Status::Active,
        epoch: 1,
        factors_lost: 0,
        version: 1,
        created_at: command.at,
        updated_at: command.at,
    })
}

pub(super) fn step(state: &State, command: &Command, wanted: &StepPerson) -> Result<Outcome, Refusal> {
    let person = state.person(command.tenant, wanted.principal).ok_or(person::Refusal::NotFound(wanted.id))?;
    if let Some(expected) = wanted.expected_version.filter(|expected| *expected != person.version) {
        return Err(person::Refusal::VersionMismatch { current: person.version, expected }.into());
    }
    let person = person.stepped(wanted.step, command.principal, command.at)?;
    let changes = vec![Change::PersonStepped(person.clone())];
    Ok(Outcome::accepted(Reply::Person { person, created: false }, changes))
}

pub(super) fn step_tenant(state: &State, command: &Command, wanted: &StepTenant) -> Result<Outcome, Refusal> {
    let tenant = state.tenant(wanted.tenant).ok_or(tenant::Refusal::NotFound(wanted.public_id))?;
    let tenant = tenant.stepped(wanted.step, command.tenant)?;
    let mut changes = vec![Change::TenantStepped(tenant.clone())];
    // It opens with somebody who can get in, or not at all.
    if let Some(admin) = &wanted.admin {
        let person = added(state, command, (wanted.tenant, admin))?;
        changes.push(Change::PersonAdded(person, admin.password.clone()));
    }
    Ok(Outcome::accepted(Reply::Tenant { tenant, created: wanted.step == tenant::Step::Open }, changes))
}
