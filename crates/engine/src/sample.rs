//! Owns what the engine's tests are made of: commands, a plain renderer, a storage whose faults are written down,
//! and an engine over them.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::text::{MoveReason, ProductName, Sku};
use domain::{
    Accepted, Action, Command, Money, MoveStock, MovementId, Outcome, PrincipalId, PutProduct, Reply, TenantId,
    Timestamp, Whose,
};
use idempotency::{Answer, CommandId, Fingerprints, Key, Target};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::memory::{Call, Fate, Faults, Faulty, Memory};
use crate::{Answered, Engine, Execute, Executor, Options, Render, Scope, Snapshot, Ticket, Verdict, Waiting};

/// The key whose command makes a run panic.
pub(crate) const POISON: &str = "poison";
/// Longer than anything takes that ends at all.
pub(crate) const LONG: Duration = Duration::from_mins(10);

/// Moves stock of tea under a key. `id` names the arrival.
pub(crate) fn movement(id: u128, tenant: i64, key: &str, quantity: i64) -> Command {
    let action = MoveStock {
        id: MovementId::new(id),
        sku: Sku::from_stored("tea"),
        quantity,
        reason: MoveReason::from_stored("a count"),
    };
    command(id, tenant, key, Action::MoveStock(action))
}

/// Puts tea at a price, under the key that is derived from what the request says.
pub(crate) fn product(id: u128, tenant: i64, price: i64) -> Command {
    let action = PutProduct {
        sku: Sku::from_stored("tea"),
        name: ProductName::from_stored("Tea"),
        price: Money::new(price, "CNY".parse().expect("a known currency")),
        initial_stock: 100,
        expected_version: None,
        must_be_new: false,
    };
    let key = Key::derived("put", &price.to_string());
    Command { key, ..command(id, tenant, "put", Action::PutProduct(action)) }
}

fn command(id: u128, tenant: i64, key: &str, action: Action) -> Command {
    let body = match &action {
        Action::MoveStock(movement) => movement.quantity.to_string(),
        Action::PutProduct(put) => put.price.minor.to_string(),
        _ => String::new(),
    };
    let target = Target { method: "POST", route: "/", ids: &[], query: "", precondition: "" };
    Command {
        id: CommandId(id),
        tenant: TenantId(tenant),
        principal: PrincipalId(1),
        key: Key::new(key).expect("a good key"),
        fingerprints: Fingerprints::of(&target, &body),
        at: Timestamp(0),
        request_id: String::new(),
        aliases: Vec::new(),
        token: domain::Token::None,
        origin: domain::Origin::default(),
        whose: Whose::Anybodys,
        note: None,
        action,
    }
}

/// An engine over a memory in which tenants 1 and 2 have a hundred tea.
pub(crate) struct Sample {
    pub(crate) engine: Engine,
    pub(crate) task: JoinHandle<()>,
    pub(crate) memory: Memory,
    /// The keys of each batch that was run.
    pub(crate) batches: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Sample {
    /// Starts an engine whose commits come to these fates; every other call is fine.
    pub(crate) fn start(commits: &[Fate], options: Options) -> Self {
        Self::with(Script { loads: Mutex::default(), commits: script(commits) }, options)
    }

    /// Starts an engine whose loads come to these fates.
    pub(crate) fn start_loads(loads: &[Fate], options: Options) -> Self {
        Self::with(Script { loads: script(loads), commits: Mutex::default() }, options)
    }

    /// Starts an engine with these faults.
    pub(crate) fn with<F: Faults>(faults: F, options: Options) -> Self {
        let memory = Memory::default();
        for tenant in [1, 2] {
            let mut snapshot = Snapshot::default();
            let verdicts = Executor::new(Plain).run(&mut snapshot, &[product(1_000, tenant, 100)], &HashSet::new());
            let Some(Verdict::Decided { changes, .. }) = verdicts.into_iter().next() else {
                unreachable!("an empty shop takes a product")
            };
            let (transaction, _) = memory.open(&domain::Needs::default(), &std::collections::BTreeSet::new());
            let commit = crate::Commit { records: Vec::new(), changes };
            memory.apply(transaction, &commit).expect("nothing else writes");
        }
        let batches = Arc::new(Mutex::default());
        let execute = Watched { real: Executor::new(Plain), batches: batches.clone() };
        let storage = Faulty::new(memory.clone(), faults, Arc::new(Notify::new()));
        let (engine, task) = Engine::start(storage, execute, options);
        Self { engine, task, memory, batches }
    }

    pub(crate) fn submit(&self, command: Command) -> Ticket {
        self.engine.submit(command).expect("there is room")
    }

    /// Submits one movement and waits for its answer.
    pub(crate) async fn answer(&self, id: u128, key: &str) -> Result<Answered, Waiting> {
        self.submit(movement(id, 1, key, 1)).wait(LONG).await
    }

    /// How much tea tenant 1 has moved in by hand.
    pub(crate) fn moved(&self) -> i64 {
        let tables = self.memory.tables();
        tables.audit().expect("the tables hold");
        tables.stock[&(TenantId(1), Sku::from_stored("tea"))].on_hand - 100
    }

    /// The sizes of the batches that were run.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Vec::len).collect()
    }
}

/// What an answer came to, in a word.
pub(crate) fn word(answered: &Result<Answered, Waiting>) -> String {
    match answered {
        Ok(Answered::Executed(_)) => "Executed".to_owned(),
        Ok(Answered::Replayed(_)) => "Replayed".to_owned(),
        Ok(Answered::KeyReused) => "KeyReused".to_owned(),
        Ok(Answered::Failed(failure)) => format!("{failure:?}"),
        Err(waiting) => format!("still {waiting:?}"),
    }
}

/// Waits for all of them, in order.
pub(crate) async fn words(tickets: Vec<Ticket>) -> Vec<String> {
    let mut words = Vec::new();
    for ticket in tickets {
        words.push(word(&ticket.wait(LONG).await));
    }
    words
}

struct Script {
    loads: Mutex<VecDeque<Fate>>,
    commits: Mutex<VecDeque<Fate>>,
}

fn script(fates: &[Fate]) -> Mutex<VecDeque<Fate>> {
    Mutex::new(fates.iter().copied().collect())
}

impl Faults for Script {
    fn next(&self, call: Call) -> Fate {
        let fates = if call == Call::Load { &self.loads } else { &self.commits };
        fates.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Fate::Fine)
    }
}

pub(crate) struct Plain;

impl Render for Plain {
    fn render(&self, command: &Command, outcome: &Outcome) -> Answer {
        let body = format!("{:?} {outcome:?}", command.id);
        let headers = match outcome {
            Outcome::Accepted(Accepted { reply: Reply::Product { product, .. }, .. }) => {
                vec![("etag".to_owned(), format!("\"{}\"", product.version))]
            }
            _ => Vec::new(),
        };
        Answer { status: 200, headers, body: body.into_bytes().into() }
    }
}

struct Watched {
    real: Executor<Plain>,
    batches: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Execute for Watched {
    fn run(&self, snapshot: &mut Snapshot, batch: &[Command], settled: &HashSet<Scope>) -> Vec<Verdict> {
        let keys: Vec<String> = batch.iter().map(|command| command.key.to_string()).collect();
        let poisoned = keys.iter().any(|key| key == POISON);
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(keys);
        assert!(!poisoned, "a poisoned command");
        self.real.run(snapshot, batch, settled)
    }
}
