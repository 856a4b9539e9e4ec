//! Owns how a test writes down commands about people and tenants, and what is written into the audit log.

use domain::access::Role;
use domain::person::{Kind, Login, PasswordHash, Step};
use domain::text::{PersonName, Reason};
use domain::{
    Action, AddPerson, Command, Person, PersonId, PrincipalId, StepPerson, StepTenant, Tenant, audit, tenant,
};

use super::Desk;

impl Desk {
    /// Adds somebody for whom there is an account: a shopper, or an administrator.
    pub fn add(&self, kind: Kind, login: &str, (principal, id): (PrincipalId, PersonId)) -> Command {
        let role = match kind {
            Kind::Member => Role::Shopper,
            Kind::Staff => Role::Admin,
            Kind::Guest => Role::Guest,
        };
        let action = AddPerson {
            principal,
            id,
            kind,
            login: Login::from_stored(login),
            name: PersonName::from_stored(login),
            role,
            password: Some(PasswordHash::new("$first")),
        };
        self.command(&format!("add-{principal:?}"), Action::AddPerson(action))
    }

    pub fn step(&self, key: &str, person: &Person, step: Step) -> Command {
        let action = StepPerson { principal: person.principal, id: person.id, step, expected_version: None };
        self.command(key, Action::StepPerson(action))
    }

    pub fn step_tenant(&self, key: &str, of: &Tenant, step: tenant::Step) -> Command {
        let action = StepTenant { tenant: of.id, public_id: of.public_id, name: of.name.clone(), step, admin: None };
        self.command(key, Action::StepTenant(action))
    }
}

/// The same command, to be written into the audit log as its account's, `acc_1` and so on.
pub fn noted(command: Command, reason: Option<&str>) -> Command {
    let actor = format!("acc_{}", command.principal.0);
    let note = audit::Note { actor, reason: reason.map(Reason::from_stored) };
    Command { note: Some(note), ..command }
}
