//! Owns paying for a replay: every order once through a provider of the command's own, in a storm of repeated requests
//! and callbacks; then what was cancelled goes back.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::cancellation::{self, Return, Unmatched};
use super::invoice::{Book, Invoice};
use super::storm::{self, Storm};
use crate::client::{Answer, Caller, Connection, Policy, Request, Server, Target, spread};
use crate::payments::{self, Callbacks, Payment, Refund};
use crate::provider::{self, Desk, Provider, Sums};
use crate::{check, terminal};

const LANES: usize = 8;
/// One in so many requests goes out several times at once.
const REPEATED_EACH: usize = 4;

/// What paying came to.
#[derive(Debug, Default)]
pub struct Paid {
    /// What our payments took, in pence.
    pub captured: i64,
    /// What they gave back.
    pub refunded: i64,
    /// Refunds that succeeded.
    pub refunds: u64,
    /// Answers that were given before.
    pub replayed: u64,
    /// Callbacks that came.
    pub callbacks: Callbacks,
    /// What the provider's own book says.
    pub provider: Sums,
    /// Broken invariants in the database, where it is the command's own.
    pub violations: Option<Violations>,
    /// Cancellations that name no invoice.
    pub unmatched: Vec<Unmatched>,
    /// Everything that is not as it should be, for people.
    pub problems: Vec<String>,
}

/// How often an invariant is broken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Violations {
    pub all: u64,
    /// Of these, of the ledger.
    pub ledger: u64,
}

/// An order that is owed for, and its payment once there is one.
struct Owed<'a> {
    place: usize,
    invoice: &'a Invoice,
    order_no: &'a str,
    payment: RefCell<Option<String>>,
}

/// The way to the server.
struct Way {
    target: Arc<Target>,
    policy: Policy,
    copies: usize,
    paid: RefCell<Paid>,
}

/// Pays all orders, gives back what was cancelled, and looks into both books. The provider is the simulator at the URL, or
/// one of the command's own where the server is its own.
pub async fn run(
    book: &Book,
    storm: &Storm,
    (server, simulator): (&Server, Option<&str>),
    (policy, copies): (Policy, usize),
) -> anyhow::Result<Paid> {
    let way = Way { target: server.target.clone(), policy, copies, paid: RefCell::default() };
    let Some((database, folder)) = server.own() else {
        let desk = Desk::at(simulator.context("--pay with --url needs --psp-sim")?)?;
        let before = desk.manners().await?;
        let paid = way.pay_all(book, storm, &desk).await;
        // It is not ours: whoever uses it next finds it as we did.
        let left = desk.behave(&before).await.context("the payment simulator is not as it was before");
        paid?;
        left?;
        return Ok(way.paid.into_inner());
    };
    let provider = Provider::start(folder.join("psp-sim"), database).await?;
    way.pay_all(book, storm, &provider.desk).await?;
    provider.stop().await;
    let mut paid = way.paid.into_inner();
    let mut violations = Violations::default();
    for finding in check::run_all(database).await? {
        violations.all += finding.violations;
        violations.ledger += if finding.id.starts_with("I-4") { finding.violations } else { 0 };
        paid.problems.extend(finding.examples.iter().map(|example| format!("{}: {example}", finding.id)));
    }
    paid.violations = Some(violations);
    Ok(paid)
}

/// What the provider does to callbacks: each comes seven times, three of them at once.
fn mischief() -> Value {
    json!([
        {"on": "callback", "do": {"repeat": {"times": 4}}},
        {"on": "callback", "do": {"parallel": {"times": 3}}},
    ])
}

impl Way {
    async fn pay_all(&self, book: &Book, storm: &Storm, desk: &Desk) -> anyhow::Result<()> {
        desk.pay_at_once().await?;
        let owed: Vec<Owed> = book.invoices.iter().enumerate().filter_map(|it| Owed::new(it, storm)).collect();
        desk.set_mischief(&mischief()).await?;
        if let Some(first) = owed.first() {
            provider::known(&self.target, &first.request()).await?;
        }
        self.each("payments", &owed, async |way, lane, owed| way.pay(lane, owed).await).await?;
        self.each("payments made", &owed, async |way, _, owed| way.wait(owed).await.map(drop)).await?;
        let (returns, unmatched) = cancellation::find(book);
        self.paid.borrow_mut().unmatched = unmatched;
        let returns: Vec<_> = returns
            .iter()
            .filter_map(|it| owed.iter().find(|owed| owed.place == it.invoice).map(|owed| (owed, it)))
            .collect();
        self.each("refunds", &returns, async |way, lane, (owed, it)| way.give_back(lane, owed, it).await).await?;
        self.each("sums", &owed, async |way, _, owed| {
            let Some(payment) = way.wait(owed).await? else { return Ok(()) };
            let mut paid = way.paid.borrow_mut();
            paid.captured += payment.captured.minor;
            paid.refunded += payment.refunded.minor;
            Ok(())
        })
        .await?;
        self.compare(desk).await
    }

    /// Our book with the provider's.
    async fn compare(&self, desk: &Desk) -> anyhow::Result<()> {
        desk.delivered().await?;
        let callbacks = payments::callbacks(&mut Caller::new(self.target.clone(), self.policy)).await?;
        let provider = desk.sums().await?;
        let mut paid = self.paid.borrow_mut();
        (paid.callbacks, paid.provider) = (callbacks, provider);
        let ours = Sums { charged: paid.captured, refunded: paid.refunded };
        if ours != provider {
            paid.problems.push(format!("our ledger has {ours:?}, the provider's {provider:?}"));
        }
        Ok(())
    }

    async fn each<T>(
        &self,
        what: &'static str,
        items: &[T],
        work: impl AsyncFn(&Self, &mut Vec<Connection>, &T) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let progress = terminal::bar(items.len(), what);
        let lane = || (0..self.copies).map(|_| Connection::new(self.target.clone())).collect::<Vec<_>>();
        let one = async |lane: &mut Vec<Connection>, _: usize, item: &T| {
            progress.inc(1);
            work(self, lane, item).await
        };
        spread(items, LANES, lane, one).await?;
        progress.finish_and_clear();
        Ok(())
    }

    async fn pay(&self, lane: &mut [Connection], owed: &Owed<'_>) -> anyhow::Result<()> {
        let answer = self.ask(lane, &owed.request(), owed.place).await?;
        match answer.read::<Payment>() {
            Ok(payment) => *owed.payment.borrow_mut() = Some(payment.id),
            Err(reason) => self.problem(format!("invoice {} has no payment: {reason}", owed.invoice.number)),
        }
        Ok(())
    }

    async fn wait(&self, owed: &Owed<'_>) -> anyhow::Result<Option<Payment>> {
        let Some(id) = owed.payment.borrow().clone() else { return Ok(None) };
        payments::settled(&mut Caller::new(self.target.clone(), self.policy), &id).await.map(Some)
    }

    async fn give_back(&self, lane: &mut [Connection], owed: &Owed<'_>, it: &Return) -> anyhow::Result<()> {
        let Some(payment) = owed.payment.borrow().clone() else { return Ok(()) };
        let lines: Vec<_> =
            it.lines.iter().map(|(line, quantity)| json!({"line": line, "quantity": quantity})).collect();
        let body = json!({"reason": format!("credit note {}", it.credit_note), "lines": lines});
        let key = format!("replay-credit-note-{}-{}", it.credit_note, owed.invoice.number);
        let answer = self.ask(lane, &payments::give_back(&payment, &key, &body), it.invoice).await?;
        let refund = match answer.read::<Refund>() {
            Ok(refund) => payments::given_back(&mut Caller::new(self.target.clone(), self.policy), &refund.id).await?,
            Err(reason) => {
                self.problem(format!("credit note {} gives nothing back: {reason}", it.credit_note));
                return Ok(());
            }
        };
        if refund.status == "succeeded" {
            self.paid.borrow_mut().refunds += 1;
        } else {
            self.problem(format!("refund {} of credit note {} is {}", refund.id, it.credit_note, refund.status));
        }
        Ok(())
    }

    /// Sends a request, some of them several times at once; all answers must be one.
    async fn ask(&self, lane: &mut [Connection], request: &Request, place: usize) -> anyhow::Result<Answer> {
        let times = if place.is_multiple_of(REPEATED_EACH) { self.copies } else { 1 };
        let copies = lane.iter_mut().take(times).zip(0_u64..).map(|(connection, copy)| {
            let random = StdRng::seed_from_u64((place as u64) << 16 | 1 << 8 | copy);
            storm::send_copy(connection, request, self.policy, random)
        });
        let mut answers: Vec<_> = try_join_all(copies).await?.into_iter().map(|copy| copy.settled.answer).collect();
        let first = answers.swap_remove(0);
        self.paid.borrow_mut().replayed += answers.iter().chain([&first]).filter(|it| it.is_replay()).count() as u64;
        for other in answers.iter().filter(|other| !other.agrees(&first)) {
            self.problem(format!("two answers differ: {first} / {other}"));
        }
        Ok(first)
    }

    fn problem(&self, text: String) {
        self.paid.borrow_mut().problems.push(text);
    }
}

impl<'a> Owed<'a> {
    fn new((place, invoice): (usize, &'a Invoice), storm: &'a Storm) -> Option<Self> {
        let order_no = storm.answered.get(&invoice.number)?;
        Some(Self { place, invoice, order_no, payment: RefCell::default() })
    }

    fn request(&self) -> Request {
        payments::begin(self.order_no, &format!("replay-payment-{}", self.invoice.number))
    }
}
