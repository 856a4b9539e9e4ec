//! Owns what one client does: it wants something, sends it until it has a final answer, and remembers all of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;

use super::{Crowd, GIFT, HOT, OTHERS, SCARCE};
use crate::chaos::client::{Answer, Outcome, TIMEOUT};
use crate::chaos::ledger::Entry;
use crate::chaos::log::Try;
use crate::chaos::wish::Wish;
use crate::clock::{self, Stopwatch};

const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// The longest that a client waits because it was asked to.
const ASKED_MAX: Duration = Duration::from_secs(2);
/// How long a client goes on with a wish that it has when all is over.
const LAST_PATIENCE: Duration = Duration::from_secs(15);
/// How many orders a client keeps in mind to change them.
const ORDERS_MAX: usize = 50;
/// So few that most of them are still under way.
const PAYMENTS_MAX: usize = 3;

/// One client.
pub(super) struct Shopper {
    crowd: Arc<Crowd>,
    name: String,
    random: StdRng,
    entries: Vec<Entry>,
    /// Orders that wait for payment.
    pending: Vec<Order>,
    /// Orders that are paid and not shipped.
    paid: Vec<Order>,
    shipped: Vec<Order>,
    /// Payments that were begun.
    payments: Vec<Payment>,
}

#[derive(Clone, Deserialize)]
struct Payment {
    #[serde(rename = "payment_id")]
    id: String,
    order_no: String,
}

#[derive(Clone, Deserialize)]
struct Order {
    #[serde(rename = "order_no")]
    number: String,
    version: u64,
    status: String,
}

/// What one try, or two at once, came to.
struct Tried {
    is_settled: bool,
    /// How long the server asks to wait.
    asked: Option<Duration>,
}

impl Tried {
    fn noted(entry: &mut Entry, outcome: &Outcome) -> Self {
        let asked = match outcome {
            Outcome::Answered { retry_after, .. } => *retry_after,
            Outcome::Silence(_) => None,
        };
        Self { is_settled: entry.note(outcome), asked }
    }
}

impl Shopper {
    pub(super) fn new(crowd: Arc<Crowd>, number: usize, seed: u64) -> Self {
        let name = format!("c{number}");
        let random = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        Self {
            crowd,
            name,
            random,
            entries: Vec::new(),
            pending: Vec::new(),
            paid: Vec::new(),
            shipped: Vec::new(),
            payments: Vec::new(),
        }
    }

    /// Until all is over.
    pub(super) fn shop(mut self) -> Vec<Entry> {
        while !self.crowd.is_over() {
            if self.random.random_bool(0.03) && !self.entries.is_empty() {
                self.ask_again();
            } else {
                let wish = self.wish();
                self.fulfil(wish);
            }
            self.crowd.rest();
        }
        self.entries
    }

    /// Most want to order; some go on with an order they have.
    fn wish(&mut self) -> Wish {
        let key = format!("{}-{}", self.name, self.entries.len());
        let draw = self.random.random_range(0..100);
        match draw {
            // Some think better of it while they pay: if their money comes all the same, it goes back.
            0 if let Some(payment) = take(&mut self.payments, &mut self.random) => Wish::cancel(key, &payment.order_no),
            1 if let Some(payment) = take(&mut self.payments, &mut self.random) => Wish::refund(key, &payment.id),
            2..10 if let Some(order) = take(&mut self.pending, &mut self.random) => Wish::cancel(key, &order.number),
            10..12 if let Some(order) = take(&mut self.pending, &mut self.random) => Wish::pay(key, &order.number),
            12..22 if let Some(order) = take(&mut self.paid, &mut self.random) => {
                Wish::ship(key, &order.number, order.version)
            }
            22..28 if let Some(order) = take(&mut self.shipped, &mut self.random) => Wish::receive(key, &order.number),
            28..30 => Wish::place(key, &[(SCARCE, 1)]),
            30..45 => Wish::place(key, &[(GIFT, 1)]),
            45..75 => Wish::place(key, &[(HOT, 1)]),
            _ => {
                let at = self.random.random_range(0..OTHERS.len());
                let quantity = self.random.random_range(1..4);
                Wish::place(key, &[(HOT, 1), (OTHERS[at], quantity), (OTHERS[(at + 1) % OTHERS.len()], 1)])
            }
        }
    }

    /// Sends a wish until its answer is final, and keeps in mind the order that came of it.
    fn fulfil(&mut self, wish: Wish) {
        let mut entry = Entry::new(wish);
        self.settle(&mut entry);
        if let Some(answer) = entry.answer() {
            self.crowd.answered.fetch_add(1, Ordering::Relaxed);
            self.keep(&answer.clone());
        }
        self.entries.push(entry);
    }

    /// A request from long ago arrives once more.
    fn ask_again(&mut self) {
        let at = self.random.random_range(0..self.entries.len());
        let wish = self.entries[at].wish.clone();
        let node = self.any_node();
        let outcome = self.send(node, &wish, TIMEOUT);
        self.entries[at].note(&outcome);
    }

    fn settle(&mut self, entry: &mut Entry) {
        let mut node = self.any_node();
        let mut pause = PAUSE_MIN;
        let mut over = None::<Stopwatch>;
        let mut is_first = true;
        loop {
            let Tried { is_settled, asked } = self.try_once(entry, node, is_first);
            if is_settled || self.has_waited(&mut over) {
                return;
            }
            is_first = false;
            // Half of the clients wait as they are asked to, but not as long: who sleeps is in nobody's way.
            let asked = asked.filter(|_| self.random.random_bool(0.5)).unwrap_or_default().min(ASKED_MAX);
            clock::pause(pause.mul_f64(self.random.random_range(0.5..=1.0)).max(asked));
            pause = (pause * 2).min(PAUSE_MAX);
            // Half of the clients turn to another server.
            if self.random.random_bool(0.5) {
                node = self.any_node();
            }
        }
    }

    /// One try, or two at the same time.
    fn try_once(&mut self, entry: &mut Entry, node: usize, is_first: bool) -> Tried {
        let draw = self.random.random_range(0..100);
        let other = self.any_node();
        if is_first && draw < 10 {
            // A double click, or a gateway that retries: both are on their way at once.
            let this = &*self;
            let wish = &entry.wish;
            let outcomes = thread::scope(|scope| {
                let second = scope.spawn(|| this.send(other, wish, TIMEOUT));
                let first = this.send(node, wish, TIMEOUT);
                [Some(first), second.join().ok()]
            });
            let nothing = Tried { is_settled: false, asked: None };
            return outcomes.iter().flatten().fold(nothing, |before, outcome| {
                let one = Tried::noted(entry, outcome);
                Tried { is_settled: before.is_settled || one.is_settled, asked: before.asked.max(one.asked) }
            });
        }
        // Some go away in the middle.
        let goes_away = is_first && draw < 13;
        let timeout = if goes_away { Duration::from_millis(self.random.random_range(1..8)) } else { TIMEOUT };
        let outcome = self.send(node, &entry.wish, timeout);
        Tried::noted(entry, &outcome)
    }

    fn send(&self, node: usize, wish: &Wish, timeout: Duration) -> Outcome {
        let stopwatch = Stopwatch::start();
        let outcome = self.crowd.http.send(node, wish, timeout);
        let took_ms = u64::try_from(stopwatch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.crowd.log.write(&Try { client: &self.name, node, wish, took_ms, outcome: &outcome });
        outcome
    }

    /// Whether all has been over for so long that even this wish is left to the audit.
    fn has_waited(&self, over: &mut Option<Stopwatch>) -> bool {
        self.crowd.is_over() && over.get_or_insert_with(Stopwatch::start).elapsed() > LAST_PATIENCE
    }

    fn keep(&mut self, answer: &Answer) {
        if let Ok(payment) = serde_json::from_str::<Payment>(&answer.body)
            && self.payments.len() < PAYMENTS_MAX
        {
            self.payments.push(payment);
        }
        let Ok(order) = serde_json::from_str::<Order>(&answer.body) else { return };
        let orders = match order.status.as_str() {
            "pending_payment" => &mut self.pending,
            "paid" => &mut self.paid,
            "shipped" => &mut self.shipped,
            _ => return,
        };
        if orders.len() < ORDERS_MAX {
            orders.push(order);
        }
    }

    fn any_node(&mut self) -> usize {
        self.random.random_range(0..self.crowd.http.nodes())
    }
}

fn take<T>(orders: &mut Vec<T>, random: &mut StdRng) -> Option<T> {
    (!orders.is_empty()).then(|| orders.swap_remove(random.random_range(0..orders.len())))
}
