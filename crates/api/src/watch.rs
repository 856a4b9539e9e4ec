//! Owns what this node saw of late, for people who look on: the last arrivals one by one, and numbers by the ten seconds. It
//! is in memory, bounded, and gone with the process; what is to last stands in the database.

mod arrivals;
mod lights;
mod pulse;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::MatchedPath;
use domain::{Action, Command, PrincipalId, TenantId, Timestamp};
use http::Method;
use idempotency::{Answer, Key};
use serde::Deserialize;
use tokio::time::Instant;

use crate::problem::Problem;

pub(crate) use arrivals::{Arrival, Arrivals, Outcome};
pub use lights::{Light, Lights, Looked};
pub(crate) use pulse::{Beat, Pulse};

/// Numbers are kept of so many tenants; of those beyond there are none.
const TENANTS_MAX: usize = 64;

/// Where a request came in.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) method: Method,
    pub(crate) route: Option<MatchedPath>,
    /// The client's address, where it is known.
    pub(crate) from: Option<IpAddr>,
    pub(crate) begun: Instant,
}

impl Origin {
    /// What of it is kept beside the answer.
    pub(crate) fn kept(&self) -> domain::Origin {
        domain::Origin {
            request: self.route.as_ref().map(|route| format!("{} {}", self.method, route.as_str()).into()),
            from: self.from.map(|from| from.to_string().into()),
        }
    }
}

/// A command that was sent on and is not answered yet.
pub(crate) struct Begun {
    tenant: TenantId,
    principal: PrincipalId,
    key: Key,
    at: Timestamp,
    request_id: String,
    /// Method and route, as it is kept.
    route: Option<Arc<str>>,
    origin: Origin,
    /// Whether it is to place an order.
    is_order: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Watch {
    arrivals: Mutex<Arrivals>,
    pulses: Mutex<HashMap<TenantId, Pulse>>,
}

impl Begun {
    pub(crate) fn of(command: &Command, origin: Origin) -> Self {
        Self {
            tenant: command.tenant,
            principal: command.principal,
            key: command.key.clone(),
            at: command.at,
            request_id: command.request_id.clone(),
            route: command.origin.request.clone(),
            origin,
            is_order: matches!(command.action, Action::PlaceOrder(_)),
        }
    }
}

impl Watch {
    /// Notes how a command was answered.
    pub(crate) fn note(&self, begun: Begun, answered: &Result<(Answer, bool), Problem>) {
        let took = begun.origin.begun.elapsed();
        let (outcome, status, code) = match answered {
            Ok((answer, true)) => (Outcome::Replayed, answer.status, None),
            Ok((answer, false)) if answer.status < 400 => (Outcome::Executed, answer.status, None),
            Ok((answer, false)) => (Outcome::Refused, answer.status, code_of(answer)),
            Err(problem) => {
                let is_open = matches!(problem.code(), "outcome_pending" | "request_in_flight");
                let outcome = if is_open { Outcome::Pending } else { Outcome::Refused };
                (outcome, problem.status(), Some(problem.code().to_owned()))
            }
        };
        let Begun { tenant, principal, key, at, request_id, route, origin, is_order } = begun;
        // An order that was there before is answered as found, and not as made.
        let has_placed = is_order && outcome == Outcome::Executed && status == 201;
        self.beat(tenant, |pulse| {
            pulse.note(at, outcome, took);
            if has_placed {
                pulse.note_order(at);
            }
        });
        let route = route.unwrap_or_default();
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let arrival = Arrival {
            number: 0,
            at,
            tenant,
            principal,
            key,
            route,
            outcome,
            status,
            code,
            request_id,
            from: origin.from,
            took_us,
        };
        held(&self.arrivals).push(arrival);
    }

    /// The arrivals behind this one, oldest first, at most `most` of the latest of them, and the number of the last of these.
    pub(crate) fn behind(&self, after: u64, most: usize, which: impl Fn(&Arrival) -> bool) -> (Vec<Arrival>, u64) {
        held(&self.arrivals).behind(after, most, which)
    }

    /// What a tenant's numbers tell; of one that nothing came for, zeros.
    pub(crate) fn pulse<T>(&self, tenant: TenantId, read: impl FnOnce(&Pulse) -> T) -> T {
        let pulses = held(&self.pulses);
        match pulses.get(&tenant) {
            Some(pulse) => read(pulse),
            None => read(&Pulse::default()),
        }
    }

    fn beat(&self, tenant: TenantId, note: impl FnOnce(&mut Pulse)) {
        let mut pulses = held(&self.pulses);
        if pulses.len() < TENANTS_MAX || pulses.contains_key(&tenant) {
            note(pulses.entry(tenant).or_default());
        }
    }
}

/// Whoever panicked with it left nothing half done that matters to onlookers.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The code of an answer that refuses.
fn code_of(answer: &Answer) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        code: String,
    }
    serde_json::from_slice::<Body>(&answer.body).ok().map(|body| body.code)
}
