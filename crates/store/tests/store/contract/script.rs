//! Owns a script: batches of commands, with what each command came to and what the tables held behind each batch
//! when the commands were run one by one in memory.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use domain::order::{PendingLimit, Status};
use domain::stock::Source;
use domain::{Action, Command, Order, Whose};
use engine::Scope;
use engine::memory::{Memory, Tables};
use proptest::prelude::{Just, Strategy, prop_oneof};

use super::dump::{self, Dump};
use super::requests::{Request, Wish, wish};
use crate::shop;

/// One batch, before it is known which orders there are.
#[derive(Clone, Debug)]
pub enum Step {
    /// These requests, some of them sent before.
    Batch(Vec<Sending>),
    /// The last batch once more, the same arrivals: its commit's reply was lost.
    Rerun,
}

/// One arrival.
#[derive(Clone, Debug)]
pub enum Sending {
    /// Of a new request.
    New(Wish),
    /// Of an earlier one, counted back from the latest.
    Again(u8),
}

/// What one batch is and what it must come to.
pub struct Batch {
    pub commands: Vec<Command>,
    /// The derived keys that an earlier run of the same commands has answered.
    pub settled: HashSet<Scope>,
    pub verdicts: Vec<String>,
    pub dump: Dump,
}

/// Batches, and the tables at their end.
pub struct Script {
    pub batches: Vec<Batch>,
    pub tables: Arc<Tables>,
}

pub fn step() -> impl Strategy<Value = Step> {
    let sending = prop_oneof![4 => wish().prop_map(Sending::New), 1 => (0..8_u8).prop_map(Sending::Again)];
    prop_oneof![
        9 => proptest::collection::vec(sending, 1..16).prop_map(Step::Batch),
        1 => Just(Step::Rerun),
    ]
}

impl Script {
    /// Makes the steps concrete, each command on what those before it left.
    pub async fn draw(steps: &[Step]) -> Self {
        let memory = super::subjects::memory();
        let mut requests: Vec<Request> = Vec::new();
        let mut arrivals = 0;
        let mut batches: Vec<Batch> = Vec::new();
        for step in steps {
            let (mut commands, mut verdicts, mut settled) = (Vec::new(), Vec::new(), HashSet::new());
            match step {
                Step::Rerun => {
                    let Some(last) = batches.last() else { continue };
                    settled = last.settled_behind();
                    for command in &last.commands {
                        verdicts.push(alone(&memory, command, &settled).await);
                        commands.push(command.clone());
                    }
                }
                Step::Batch(sendings) => {
                    for sending in sendings {
                        arrivals += 1;
                        let Some(request) = drawn(sending, &memory, &mut requests, arrivals) else { continue };
                        let command = request.arrive(arrivals);
                        verdicts.push(alone(&memory, &command, &settled).await);
                        commands.push(command);
                    }
                }
            }
            batches.push(Batch { commands, settled, verdicts, dump: dump::memory(&memory.tables()) });
        }
        Self { batches, tables: memory.tables() }
    }

    /// What the script came to, in words.
    pub fn sights(&self) -> BTreeSet<String> {
        let mut sights = BTreeSet::new();
        for batch in &self.batches {
            for verdict in &batch.verdicts {
                sights.extend(verdict.split(|letter: char| !letter.is_alphabetic()).next().map(str::to_owned));
                if verdict.contains("replaces: true, is_passing: true") {
                    sights.insert("token used anew".to_owned());
                }
                if verdict.contains("replaces: true, claims") {
                    sights.insert("superseded".to_owned());
                }
            }
            let placed: Vec<_> = batch.commands.iter().filter_map(|command| command.action.order_no()).collect();
            let closed = |order: &Order| order.status == Status::Closed && placed.contains(&order.order_no);
            let born = |order: &Order| batch.commands.iter().any(|command| command.at == order.created_at);
            let ended = |order: &Order| batch.commands.iter().any(|command| command.at == order.updated_at);
            if self.tables.orders.values().any(|order| closed(order) && born(order) && ended(order)) {
                sights.insert("placed and closed in one batch".to_owned());
            }
            let limited = |order: &Order| order.pending_limit != PendingLimit::Unlimited;
            if self.tables.orders.values().any(|order| limited(order) && closed(order) && born(order) && ended(order)) {
                sights.insert("place taken and freed in one batch".to_owned());
            }
        }
        sights.extend(self.tables.history.values().map(|entry| entry.event.name().to_owned()));
        let codes = self.tables.records.values().filter_map(|record| {
            let body: serde_json::Value = serde_json::from_slice(&record.answer.body).ok()?;
            Some(body.get("code")?.as_str()?.to_owned())
        });
        sights.extend(codes);
        let money = &self.tables.money;
        let refunds = money.payments.values().flat_map(|payment| &payment.refunds);
        sights.extend(refunds.map(|refund| format!("{} {}", refund.cause, refund.status)));
        sights.extend(money.history.values().map(|entry| format!("payment {}", entry.step.event)));
        if money.refund_policies.values().any(|policy| policy.version > 3) {
            sights.insert("limits set anew".to_owned());
        }
        if self.tables.people.checkout_policies.values().any(|standing| standing.version > 3) {
            sights.insert("checkout set anew".to_owned());
        }
        sights.extend(money.events.values().map(|event| format!("event {}", event.state)));
        sights.extend(money.reviews.values().map(|review| format!("review {}", review.kind)));
        for command in self.batches.iter().flat_map(|batch| &batch.commands) {
            sights.extend(self.sight(command));
        }
        for entry in self.tables.people.audit.values() {
            let refused = if entry.outcome == "done" { "" } else { " refusal" };
            sights.insert(format!("audited{refused}"));
            sights.insert(format!("audited {}", entry.action));
            sights.extend(entry.reason.as_ref().map(|_| "audited with a reason".to_owned()));
        }
        if self.tables.movements.values().any(|movement| matches!(movement.source, Source::Return(_))) {
            sights.insert("brought back into stock".to_owned());
        }
        sights
    }
}

impl Script {
    /// What became of a command about people, and of one that names a stranger's order.
    fn sight(&self, command: &Command) -> Option<String> {
        let record = self.tables.records.get(&Scope::of(command)).filter(|record| record.command == command.id)?;
        let order = command.action.order_no().and_then(|order_no| self.tables.orders.get(&(command.tenant, order_no)));
        let is_done = record.answer.status < 300;
        match &command.action {
            Action::StepPerson(step) if is_done => Some(format!("person: {}", step.step.name())),
            Action::StepTenant(step) if is_done => Some(format!("tenant: {}", step.step.name())),
            Action::EndSession(end) if is_done => {
                let session = self.tables.people.sessions.get(&(command.tenant, end.session))?;
                let is_by_this = session.ended.is_some_and(|(_, at)| at == command.at);
                Some(format!("session: {}", if is_by_this { "ended" } else { "was over" }))
            }
            Action::PutSessionRules(_) if is_done => {
                let version = record.answer.header("etag")?;
                Some(format!("rules: {}", if version == "\"1\"" { "as usual" } else { "other" }))
            }
            Action::PlaceOrder(_) => None,
            _ if !is_done && command.whose != Whose::Anybodys => {
                let is_strange = order.is_some_and(|order| !command.whose.includes(&order.customer_id));
                is_strange.then(|| "a stranger's order".to_owned())
            }
            _ => None,
        }
    }
}

impl Batch {
    /// The derived keys that are settled once this batch was committed.
    fn settled_behind(&self) -> HashSet<Scope> {
        let decided = self.commands.iter().zip(&self.verdicts).filter(|(_, verdict)| verdict.starts_with("Decided"));
        let derived = decided.filter(|(command, _)| command.key.is_derived()).map(|(command, _)| Scope::of(command));
        self.settled.iter().cloned().chain(derived).collect()
    }
}

fn drawn(sending: &Sending, memory: &Memory, requests: &mut Vec<Request>, arrival: u64) -> Option<Request> {
    match sending {
        Sending::New(wish) => {
            let request = Request::of(wish, &memory.tables(), arrival)?;
            requests.push(request.clone());
            Some(request)
        }
        Sending::Again(back) => requests.iter().rev().nth(usize::from(*back)).cloned(),
    }
}

/// Runs one command in a transaction of its own.
async fn alone(memory: &Memory, command: &Command, settled: &HashSet<Scope>) -> String {
    let batch = std::slice::from_ref(command);
    let verdicts = shop::run_again(memory, batch, settled).await.expect("nothing else writes");
    format!("{:?}", verdicts[0])
}
