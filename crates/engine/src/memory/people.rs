//! Owns the tables of people, tenants and audit logs in memory.

use std::collections::BTreeMap;

use domain::{Change, Needs, Person, PrincipalId, State, Tenant, TenantId, audit};

use super::tables::refuse_if;

/// Who there is, and what was done.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// People, by the name in which they act.
    pub people: BTreeMap<(TenantId, PrincipalId), Person>,
    /// Tenants.
    pub tenants: BTreeMap<TenantId, Tenant>,
    /// The audit logs, by place.
    pub audit: BTreeMap<(TenantId, i64), audit::Entry>,
}

impl People {
    pub(super) fn load(&self, needs: &Needs, state: &mut State) {
        needs.people.iter().filter_map(|key| self.people.get(key)).for_each(|person| state.put_person(person.clone()));
        needs.tenants.iter().filter_map(|id| self.tenants.get(id)).for_each(|tenant| state.put_tenant(tenant.clone()));
        let ends = needs.audits.iter().filter_map(|tenant| self.end(*tenant));
        ends.for_each(|entry| state.put_audit(entry.head()));
    }

    fn end(&self, tenant: TenantId) -> Option<&audit::Entry> {
        self.audit.range((tenant, 0)..=(tenant, i64::MAX)).next_back().map(|(_, entry)| entry)
    }

    pub(super) fn write(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::PersonAdded(person, _) => {
                let before = self.people.insert((person.tenant, person.principal), person.clone());
                refuse_if(before.is_some(), || format!("a second person {}", person.login))
            }
            Change::PersonStepped(person) => {
                let before = self.people.insert((person.tenant, person.principal), person.clone());
                let follows = before.is_some_and(|before| before.version + 1 == person.version);
                refuse_if(!follows, || format!("a lost update of the person {}", person.login))
            }
            Change::TenantStepped(tenant) => {
                let before = self.tenants.insert(tenant.id, tenant.clone());
                let follows = before.is_some_and(|before| before.version + 1 == tenant.version);
                refuse_if(!follows, || format!("a lost update of the tenant {}", tenant.name))
            }
            Change::Audited(entry) => {
                let before = self.end(entry.tenant).map_or(audit::Head::first(entry.tenant), audit::Entry::head);
                refuse_if(!entry.follows(&before), || format!("a break in the audit log at {}", entry.place))?;
                self.audit.insert((entry.tenant, entry.place), entry.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
