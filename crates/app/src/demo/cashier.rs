//! Owns the demo's second storm: shoppers pay through a provider that loses answers and repeats callbacks, some get
//! their money back, and both books are read afterwards.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use futures_util::future::try_join_all;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::payer::{Manner, Payer, Regret};
use super::shopper::{self, Shopper};
use super::storm::Storm;
use crate::client::clock::now;
use crate::client::{Answer, Caller, Connection, Policy, Request, Target, spread};
use crate::payments::{self, Callbacks, Payment, Refund};
use crate::provider::{self, Provider, Sums};
use crate::terminal;

/// Payers at the till at once, and the connections of each.
const LANES: usize = 16;
const CONNECTIONS: usize = 4;
/// So many pay; the rest looked around.
const PAYERS_MAX: usize = 1_500;
/// At every fortieth payer the provider loses its answers to the next charges. Were it silent three times in a row, it
/// would be left alone for a while, and the demo would take long.
const LOSES_EACH: usize = 40;
const LOST_AT_ONCE: u64 = 2;

/// What paying came to. Amounts are in fen.
#[derive(Debug, Default)]
pub struct Takings {
    /// Orders that were to be paid.
    pub payers: u64,
    /// Payments that are made.
    pub payments: u64,
    /// What they took.
    pub captured: i64,
    /// What they gave back.
    pub refunded: i64,
    /// Refunds that succeeded.
    pub refunds: u64,
    /// Answers that were given before.
    pub replayed: u64,
    /// Second browsers that were refused: 409.
    pub refused: u64,
    /// Payers whom the server told something wrong, or different things.
    pub different: u64,
    /// Answers that the provider lost on their way to us, behind having charged.
    pub lost: u64,
    /// Callbacks that came.
    pub callbacks: Callbacks,
    /// What the provider's own book says.
    pub provider: Sums,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// An order that nobody paid, to be paid by hand.
    pub unpaid: Option<String>,
}

/// Where payers go.
struct Till<'a> {
    target: Arc<Target>,
    provider: &'a Provider,
    takings: RefCell<Takings>,
    payments: RefCell<Vec<String>>,
    asked: Cell<u64>,
    lost: Cell<u64>,
    loses: Cell<bool>,
}

/// Has shoppers pay, and waits until all money has moved.
pub async fn run(target: &Arc<Target>, storm: &Storm, provider: &Provider) -> anyhow::Result<Takings> {
    let begin = now();
    let mut payers: Vec<Payer> = storm.orders.iter().filter_map(payer).collect();
    payers.sort_unstable_by_key(|payer| payer.number);
    let unpaid = payers.pop().map(|payer| payer.order_no.to_owned());
    payers.truncate(PAYERS_MAX);
    provider.desk.set_mischief(&mischief()).await?;
    if let Some(first) = payers.first() {
        provider::known(target, &first.pay("phone")).await?;
    }
    let till = Till {
        target: target.clone(),
        provider,
        takings: RefCell::default(),
        payments: RefCell::default(),
        asked: Cell::default(),
        lost: Cell::default(),
        loses: Cell::default(),
    };
    till.serve(&payers).await?;
    till.finish(unpaid, begin).await
}

/// Those who cancelled owe nothing.
fn payer((number, order_no): &(u32, String)) -> Option<Payer<'_>> {
    let cancels = Shopper::new(*number).manner == shopper::Manner::Cancels;
    (!cancels).then_some(Payer { number: *number, order_no })
}

/// Each callback comes five times, two of them at once.
fn mischief() -> Value {
    json!([
        {"on": "charge", "times": LOST_AT_ONCE, "do": "drop_after"},
        {"on": "callback", "do": {"repeat": {"times": 3}}},
        {"on": "callback", "do": {"parallel": {"times": 2}}},
    ])
}

impl Till<'_> {
    async fn serve(&self, payers: &[Payer<'_>]) -> anyhow::Result<()> {
        let progress = terminal::bar(payers.len(), "payers");
        let lane = || (0..CONNECTIONS).map(|_| Connection::new(self.target.clone())).collect::<Vec<_>>();
        let visit = async |lane: &mut Vec<Connection>, place: usize, payer: &Payer| {
            if place.is_multiple_of(LOSES_EACH) {
                self.lose().await?;
            }
            self.visit(lane, payer).await?;
            progress.inc(1);
            anyhow::Ok(())
        };
        spread(payers, LANES, lane, visit).await?;
        progress.finish_and_clear();
        self.takings.borrow_mut().payers = payers.len() as u64;
        Ok(())
    }

    /// Has the provider lose answers again, once it has lost those before.
    async fn lose(&self) -> anyhow::Result<()> {
        if self.loses.replace(true) {
            return Ok(());
        }
        if self.hits().await? == LOST_AT_ONCE {
            self.lost.set(self.lost.get() + LOST_AT_ONCE);
            self.provider.desk.set_mischief(&mischief()).await?;
        }
        self.loses.set(false);
        Ok(())
    }

    /// How many answers were lost since the faults were set.
    async fn hits(&self) -> anyhow::Result<u64> {
        Ok(self.provider.desk.hits().await?.first().copied().unwrap_or_default())
    }

    async fn visit(&self, lane: &mut [Connection], payer: &Payer<'_>) -> anyhow::Result<()> {
        let answer = match payer.manner() {
            Manner::Patient => self.send(lane, &payer.pay("phone"), 1).await?,
            Manner::Clicks(times) => self.send(lane, &payer.pay("phone"), times).await?,
            Manner::Browsers => self.race(lane, [&payer.pay("phone"), &payer.pay("laptop")]).await?,
        };
        let Some(id) = self.told::<Payment>(&answer).map(|payment| payment.id) else { return Ok(()) };
        self.payments.borrow_mut().push(id.clone());
        if payer.regret() == Regret::None {
            return Ok(());
        }
        payments::settled(&mut self.caller(), &id).await?;
        let phone = payer.refund(&id, "phone");
        let answer = match payer.regret() {
            Regret::Twice => self.send(lane, &phone, 2).await?,
            Regret::Browsers => self.race(lane, [&phone, &payer.refund(&id, "laptop")]).await?,
            Regret::Once | Regret::None => self.send(lane, &phone, 1).await?,
        };
        let Some(refund) = self.told::<Refund>(&answer) else { return Ok(()) };
        let refund = payments::given_back(&mut self.caller(), &refund.id).await?;
        self.takings.borrow_mut().refunds += u64::from(refund.status == "succeeded");
        Ok(())
    }

    /// Sends a request so many times at once; gives the answer, which must be one.
    async fn send(&self, lane: &mut [Connection], request: &Request, times: usize) -> anyhow::Result<Answer> {
        let copies = lane.iter_mut().take(times).map(|connection| self.ask(connection, request));
        let mut answers = try_join_all(copies).await?;
        let first = answers.swap_remove(0);
        let differ = answers.iter().filter(|other| !other.agrees(&first)).count();
        self.takings.borrow_mut().different += differ as u64;
        Ok(first)
    }

    /// Sends two requests at once of which one must be refused; gives the answer to the other.
    async fn race(&self, lane: &mut [Connection], requests: [&Request; 2]) -> anyhow::Result<Answer> {
        let both = lane.iter_mut().zip(requests).map(|(connection, request)| self.ask(connection, request));
        let (good, refused): (Vec<_>, Vec<_>) =
            try_join_all(both).await?.into_iter().partition(|answer| answer.status.is_success());
        let mut takings = self.takings.borrow_mut();
        let is_right = good.len() == 1 && refused.iter().all(|answer| answer.status == http::StatusCode::CONFLICT);
        takings.refused += refused.len() as u64;
        takings.different += u64::from(!is_right);
        Ok(good.into_iter().chain(refused).next().expect("both were answered"))
    }

    async fn ask(&self, connection: &mut Connection, request: &Request) -> anyhow::Result<Answer> {
        self.asked.set(self.asked.get() + 1);
        let mut random = StdRng::seed_from_u64(self.asked.get());
        let answer = Policy::default().settle(connection, request, &mut random).await?.answer;
        self.takings.borrow_mut().replayed += u64::from(answer.is_replay());
        Ok(answer)
    }

    /// What the answer says; a refusal of what must be possible is counted.
    fn told<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Option<T> {
        let told = answer.read().inspect_err(|error| tracing::warn!(%error, "a payer was refused")).ok();
        self.takings.borrow_mut().different += u64::from(told.is_none());
        told
    }

    /// Waits until all money has moved and every callback has come, and reads both books.
    async fn finish(self, unpaid: Option<String>, begin: Instant) -> anyhow::Result<Takings> {
        let progress = terminal::spinner("waiting until all money has moved".to_owned());
        let ids = self.payments.take();
        let read = async |caller: &mut Caller, _: usize, id: &String| {
            let payment = payments::settled(caller, id).await?;
            let mut takings = self.takings.borrow_mut();
            takings.payments += u64::from(payment.captured.minor > 0);
            takings.captured += payment.captured.minor;
            takings.refunded += payment.refunded.minor;
            Ok(())
        };
        spread(&ids, LANES, || self.caller(), read).await?;
        self.provider.desk.delivered().await?;
        let callbacks = payments::callbacks(&mut self.caller()).await?;
        let lost = self.lost.get() + self.hits().await?;
        let sums = self.provider.desk.sums().await?;
        progress.finish_and_clear();
        let seconds = begin.elapsed().as_secs_f64();
        Ok(Takings { callbacks, lost, provider: sums, unpaid, seconds, ..self.takings.into_inner() })
    }

    fn caller(&self) -> Caller {
        Caller::new(self.target.clone(), Policy::default())
    }
}

impl Takings {
    /// True where both books hold the same.
    pub fn is_both_books(&self) -> bool {
        self.provider == Sums { charged: self.captured, refunded: self.refunded }
    }

    /// True where every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.is_both_books() && self.different == 0 && self.payments == self.payers
    }
}
