//! Owns the requests about people and tenants: few of them, so that names are taken and steps are refused.

use domain::access::Role;
use domain::order::PendingLimit;
use domain::person::{Kind, Login, PasswordHash, Step};
use domain::session::{Renewal, Rules, WhenFull};
use domain::text::{PersonName, TenantName};
use domain::{
    Action, AddPerson, CheckoutPolicy, EndSession, PutSessionRules, SetCheckoutPolicy, StepPerson, StepTenant,
    TenantId, tenant,
};
use engine::memory::Tables;

use super::What;
use crate::contract::subjects::{self, PEOPLE, SHOPS};

/// What is wished of people and tenants.
pub fn action(what: &What, tenant: TenantId, tables: &Tables) -> Option<Action> {
    Some(match *what {
        What::Add { person, role, password } => {
            let kind = subjects::kind(person);
            let fit = if kind == Kind::Staff { Role::STAFF[usize::from(role) % 4] } else { Role::Shopper };
            Action::AddPerson(AddPerson {
                principal: subjects::acts(tenant, person),
                id: subjects::person(tenant, person),
                kind,
                login: login(person),
                name: PersonName::from_stored("O\u{2019}Hara \u{8336}'\""),
                // Some would have a role of another kind.
                role: Role::ALL.get(usize::from(role)).copied().unwrap_or(fit),
                password: password.then(|| PasswordHash::new("$argon2id$v=19$hash")),
            })
        }
        What::Step { person, step, stale, .. } => {
            let principal = subjects::acts(tenant, person);
            let found = tables.people.people.get(&(tenant, principal));
            let version = found.map_or(1, |person| person.version);
            Action::StepPerson(StepPerson {
                principal,
                id: subjects::person(tenant, person),
                step: stepped(subjects::kind(person), step),
                expected_version: stale.map(|stale| version.saturating_sub(stale)),
            })
        }
        What::Shop { shop, step } => Action::StepTenant(StepTenant {
            tenant: TenantId(shop),
            public_id: subjects::shop(shop).public_id,
            name: TenantName::from_stored(&format!("shop {shop}")),
            step: [tenant::Step::Open, tenant::Step::Suspend, tenant::Step::Resume][usize::from(step)],
            admin: None,
        }),
        What::Kick { person, session, whose } => Action::EndSession(EndSession {
            principal: subjects::acts(tenant, person),
            person: subjects::person(tenant, person),
            // Some would end another's.
            session: subjects::session(tenant, (person + whose) % PEOPLE, session).id,
        }),
        What::Rules { staff, pick, stale, .. } => {
            let kind = if staff { Kind::Staff } else { Kind::Member };
            let version = tables.people.session_rules.get(&(tenant, kind)).map_or(1, |policy| policy.version);
            Action::PutSessionRules(PutSessionRules {
                kind,
                rules: rules(pick),
                expected_version: stale.map(|stale| version.saturating_sub(stale)),
            })
        }
        What::Checkout { pick, stale, .. } => {
            let version = tables.people.checkout_policies.get(&tenant).map_or(1, |standing| standing.version);
            Action::SetCheckoutPolicy(SetCheckoutPolicy {
                policy: checkout(pick),
                expected_version: stale.map(|stale| version.saturating_sub(stale)),
            })
        }
        _ => return None,
    })
}

/// A few that differ in everything.
fn rules(pick: u8) -> Rules {
    match pick {
        0 => Rules::MEMBERS,
        1 => Rules { renewal: Renewal::Writes, ..Rules::STAFF },
        _ => Rules {
            open_max: [3, 2, 1],
            when_full: WhenFull::Refuse,
            idle_ms: 60_000,
            absolute_ms: 90_000,
            renewal: Renewal::EveryRequest,
        },
    }
}

/// The same of what is asked of a checkout.
fn checkout(pick: u8) -> CheckoutPolicy {
    match pick {
        0 => CheckoutPolicy::default(),
        1 => CheckoutPolicy { checkout_token: true, order_lock_ms: 3_000, guests: true, ..CheckoutPolicy::default() },
        _ => CheckoutPolicy {
            pending_limit: PendingLimit::OnePerProduct,
            same_within_ms: 9,
            order_units_max: 5,
            registration: true,
            ..CheckoutPolicy::default()
        },
    }
}

/// One tenant more than there are.
pub const SHOPS_NAMED: i64 = SHOPS + 1;

/// How a person is called at the door; two of them differ only by what some databases take for the same.
pub fn login(person: u8) -> Login {
    Login::from_stored(["anna", "\u{e4}nna", "b\u{f6}b'\"\\"][usize::from(person) % 3])
}

fn stepped(kind: Kind, step: u8) -> Step {
    match step {
        0 => Step::Disable,
        1 => Step::Enable,
        2 => Step::DropFactor,
        3 => Step::SignOut,
        4 => Step::LetReset,
        5 => Step::Role(Role::Shopper),
        _ if kind == Kind::Staff => Step::Role(Role::STAFF[usize::from(step) % 4]),
        _ => Step::Role(Role::Support),
    }
}
