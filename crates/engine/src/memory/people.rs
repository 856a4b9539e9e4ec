//! Owns the tables of people, their sessions, API keys, tenants and audit logs in memory.

use std::collections::BTreeMap;

use domain::api_key::{self, ApiKey};
use domain::person::Kind;
use domain::session::{Policy, Session};
use domain::{Change, Needs, Person, PrincipalId, SessionId, State, Tenant, TenantId, audit, checkout};

use super::tables::refuse_if;

/// Who there is, and what was done.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// People, by the name in which they act.
    pub people: BTreeMap<(TenantId, PrincipalId), Person>,
    /// Sessions. They are opened beside the engine.
    pub sessions: BTreeMap<(TenantId, SessionId), Session>,
    /// What shops ask of sessions.
    pub session_rules: BTreeMap<(TenantId, Kind), Policy>,
    /// API keys.
    pub api_keys: BTreeMap<(TenantId, api_key::Name), ApiKey>,
    /// What shops ask of a checkout.
    pub checkout_policies: BTreeMap<TenantId, checkout::Standing>,
    /// Tenants.
    pub tenants: BTreeMap<TenantId, Tenant>,
    /// The audit logs, by place.
    pub audit: BTreeMap<(TenantId, i64), audit::Entry>,
}

impl People {
    pub(super) fn load(&self, needs: &Needs, state: &mut State) {
        needs.people.iter().filter_map(|key| self.people.get(key)).for_each(|person| state.put_person(person.clone()));
        needs.sessions.iter().filter_map(|key| self.sessions.get(key)).for_each(|session| state.put_session(*session));
        let rules = needs.session_rules.iter().filter_map(|key| self.session_rules.get(key));
        rules.for_each(|policy| state.put_session_rules(*policy));
        needs.api_keys.iter().filter_map(|key| self.api_keys.get(key)).for_each(|key| state.put_api_key(key.clone()));
        let asked = needs.checkout_policies.iter().filter_map(|tenant| self.checkout_policies.get(tenant));
        asked.for_each(|standing| state.put_checkout_policy(*standing));
        needs.tenants.iter().filter_map(|id| self.tenants.get(id)).for_each(|tenant| state.put_tenant(tenant.clone()));
        let ends = needs.audits.iter().filter_map(|tenant| self.end(*tenant));
        ends.for_each(|entry| state.put_audit(entry.head()));
    }

    /// Looks at every chain: each entry follows on the one before, from the first on.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut head: Option<audit::Head> = None;
        for entry in self.audit.values() {
            let before = head.filter(|head| head.tenant == entry.tenant).unwrap_or(audit::Head::first(entry.tenant));
            refuse_if(!entry.follows(&before), || format!("a break in the audit log: {entry:?}"))?;
            head = Some(entry.head());
        }
        Ok(())
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
            Change::SessionEnded(session) => {
                let before = self.sessions.insert((session.tenant, session.id), *session);
                let follows =
                    before.is_some_and(|before| before.ended.is_none() && before.version + 1 == session.version);
                refuse_if(!follows, || format!("a lost update of the session {}", session.id))
            }
            Change::SessionRulesPut(policy) => {
                let before = self.session_rules.insert((policy.tenant, policy.kind), *policy);
                let version = before.map_or(1, |before| before.version);
                refuse_if(version + 1 != policy.version, || format!("a lost update of the rules: {policy:?}"))
            }
            Change::ApiKeyIssued(key, _) => {
                let before = self.api_keys.insert((key.tenant, key.name), key.clone());
                refuse_if(before.is_some(), || format!("a second API key {}", key.name))
            }
            Change::ApiKeyRevoked(key) => {
                let before = self.api_keys.insert((key.tenant, key.name), key.clone());
                let was_good = before.is_some_and(|before| before.revoked_at.is_none());
                refuse_if(!was_good, || format!("a lost update of the API key {}", key.name))
            }
            Change::CheckoutPolicySet(standing) => {
                let before = self.checkout_policies.insert(standing.tenant, *standing);
                let version = before.map_or(1, |before| before.version);
                refuse_if(version + 1 != standing.version, || format!("a lost update of the checkout: {standing:?}"))
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

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    /// A log of so many entries.
    fn log(entries: i64) -> People {
        let mut people = People::default();
        let mut head = audit::Head::first(TenantId(1));
        for place in 1..=entries {
            let entry = audit::Entry {
                tenant: head.tenant,
                place,
                at: Timestamp(place),
                principal: PrincipalId(1),
                actor: "acc_1".to_owned(),
                action: "orders.ship".to_owned(),
                subject: String::new(),
                outcome: "done".to_owned(),
                reason: None,
                request_id: String::new(),
                before: head.hash,
                hash: [0; 32],
            };
            let entry = audit::Entry { hash: entry.computed(), ..entry };
            people.write(&Change::Audited(entry.clone())).expect("it follows");
            head = entry.head();
        }
        people
    }

    #[test]
    fn a_log_that_was_changed_is_found() {
        assert_eq!(log(3).check(), Ok(()));
        let mut changed = log(3);
        changed.audit.values_mut().nth(1).expect("three entries").outcome = "not_found".to_owned();
        let mut cut = log(3);
        cut.audit.pop_first();
        for people in [changed, cut] {
            assert!(people.check().is_err_and(|why| why.contains("a break in the audit log")));
        }
        let mut people = log(1);
        let again = people.audit.values().next().cloned().expect("an entry");
        assert!(people.write(&Change::Audited(again)).is_err(), "it does not follow on itself");
    }
}
