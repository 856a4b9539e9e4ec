//! Owns the hooks of commands: where a shop's own rules look at one before it is sent on, and where others hear of refusals.
//! None of them runs in a transaction. What is to be done behind a commit reads the outbox, which is the relay's.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use domain::text::Sku;
use domain::{Action, CheckoutPolicy, Command, PrincipalId, TenantId, Timestamp};
use idempotency::{Answer, Key};
use serde::Deserialize;

use crate::problem::Problem;

/// A rule of the shop's that may refuse a command.
///
/// Pure: of the same command and policy it says the same, and it looks at nothing else. A request whose key is known by now
/// gets its answer, whatever the rule says of it since.
pub trait Before: Send + Sync + 'static {
    /// Whether it has anything to say of such actions: else no policy is looked up for it.
    fn concerns(&self, action: &Action) -> bool;

    /// Refuses the command, or lets it on.
    fn check(&self, command: &Command, policy: &CheckoutPolicy) -> Result<(), Objection>;
}

/// Why a rule refuses a command. Nothing is stored under the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The rule's stable name, which clients may branch on.
    pub rule: &'static str,
    /// What is wrong, in words.
    pub detail: String,
}

/// Hears of refusals, after they are answered. It must be quick, for the request waits for it.
pub trait OnError: Send + Sync + 'static {
    /// A command was refused now; repetitions that are told so again are not heard of.
    fn refused(&self, refused: &Refused<'_>);
}

/// A command that was refused.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'a> {
    /// Whose data.
    pub tenant: TenantId,
    /// Who asked.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: &'a Key,
    /// When it arrived.
    pub at: Timestamp,
    /// From where, where that is known.
    pub from: Option<IpAddr>,
    /// The problem's code.
    pub code: &'a str,
}

/// Every hook, in the order in which they are asked.
#[derive(Clone)]
pub struct Hooks {
    /// Those that may refuse.
    pub before: Vec<Arc<dyn Before>>,
    /// Those that hear of refusals.
    pub on_error: Vec<Arc<dyn OnError>>,
}

impl Default for Hooks {
    /// The rules that come with the server.
    fn default() -> Self {
        Self { before: vec![Arc::new(OrderUnits)], on_error: Vec::new() }
    }
}

impl Hooks {
    pub(crate) fn concern(&self, action: &Action) -> bool {
        self.before.iter().any(|hook| hook.concerns(action))
    }

    pub(crate) fn check(&self, command: &Command, policy: &CheckoutPolicy) -> Result<(), Objection> {
        let mut concerned = self.before.iter().filter(|hook| hook.concerns(&command.action));
        concerned.try_for_each(|hook| hook.check(command, policy))
    }

    /// Tells of an answer, if it is a refusal.
    pub(crate) fn note_answer(&self, seen: &Seen, answer: &Answer) {
        #[derive(Deserialize)]
        struct Body<'a> {
            code: &'a str,
        }
        // Hardly any answer is read: those of orders that were placed are not refusals.
        if answer.status >= 400
            && let Ok(Body { code }) = serde_json::from_slice(&answer.body)
        {
            self.note(seen, code);
        }
    }

    pub(crate) fn note(&self, seen: &Seen, code: &str) {
        let Seen { tenant, principal, ref key, at, from } = *seen;
        let refused = Refused { tenant, principal, key, at, from, code };
        self.on_error.iter().for_each(|hook| hook.refused(&refused));
    }
}

/// A command's scope, when it arrived, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) tenant: TenantId,
    pub(crate) principal: PrincipalId,
    pub(crate) key: Key,
    pub(crate) at: Timestamp,
    pub(crate) from: Option<IpAddr>,
}

impl Seen {
    pub(crate) fn of(command: &Command, from: Option<IpAddr>) -> Self {
        let Command { tenant, principal, ref key, at, .. } = *command;
        Self { tenant, principal, key: key.clone(), at, from }
    }
}

impl From<Objection> for Problem {
    fn from(objection: Objection) -> Self {
        Self::new("refused_by_rule", objection.detail).with("rule", objection.rule)
    }
}

/// So many units of one product in one order, all of its lines counted together: what a shop asks where goods are scarce.
#[derive(Clone, Copy, Debug)]
struct OrderUnits;

impl Before for OrderUnits {
    fn concerns(&self, action: &Action) -> bool {
        matches!(action, Action::PlaceOrder(_))
    }

    fn check(&self, command: &Command, policy: &CheckoutPolicy) -> Result<(), Objection> {
        let (Action::PlaceOrder(place), most @ 1..) = (&command.action, policy.order_units_max) else { return Ok(()) };
        let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
        for line in &place.lines {
            let of_product = units.entry(&line.sku).or_default();
            *of_product = of_product.saturating_add(line.quantity);
        }
        let Some((sku, _)) = units.into_iter().find(|(_, units)| *units > most) else { return Ok(()) };
        let detail = format!("this shop sells {most} units of a product in one order at most: {sku}");
        Err(Objection { rule: "order_units", detail })
    }
}
