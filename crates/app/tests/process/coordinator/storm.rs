//! Owns shoppers who insist: the same wish several times at once, over all nodes, until each of them has a final answer. It
//! does not know what becomes of Redis meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::harness::{Answer, Server, Shopper, until};

const SHOPPERS: usize = 8;
/// How often a wish is sent at once.
const COPIES: usize = 3;
/// Nobody waits longer for an answer, whatever Redis does.
const LATENCY_MAX: Duration = Duration::from_secs(5);
/// How long a client that was told to come again stays away.
const PAUSE: Duration = Duration::from_millis(20);

/// How the copies of a wish are known to be one.
#[derive(Clone, Debug)]
enum How {
    /// By their key.
    Keyed,
    /// By what they ask for, and when.
    Keyless,
    /// By a one-time token; each click has a key of its own.
    Token(String),
    /// Not at all: each has a key of its own, and one product can wait for payment once.
    Greedy,
}

/// One order that somebody wants.
#[derive(Clone, Debug)]
struct Wish {
    shopper: usize,
    customer: String,
    how: How,
}

/// What became of a wish: each copy's final answer, in the order of the copies.
struct Told {
    wish: Wish,
    answers: Vec<Answer>,
}

/// Shoppers at work.
pub(super) struct Storm {
    counts: Arc<Counts>,
    nodes: Vec<Shopper>,
    shoppers: JoinSet<Vec<Told>>,
}

#[derive(Default)]
struct Counts {
    is_over: AtomicBool,
    wishes: AtomicUsize,
    slowest_ms: AtomicU64,
}

impl Storm {
    pub(super) fn begin(nodes: &[Server]) -> Self {
        let nodes: Vec<_> = nodes.iter().map(|node| node.admin.clone()).collect();
        let counts = Arc::new(Counts::default());
        let mut shoppers = JoinSet::new();
        for number in 0..SHOPPERS {
            shoppers.spawn(shop(number, nodes.clone(), Arc::clone(&counts)));
        }
        Self { counts, nodes, shoppers }
    }

    /// Waits until so many more wishes were begun and fulfilled.
    pub(super) async fn goes_on(&self, wishes: usize) {
        // Those that are on their way began before.
        let enough = self.counts.wishes.load(Ordering::SeqCst) + SHOPPERS + wishes;
        until("orders go on", async || self.counts.wishes.load(Ordering::SeqCst) >= enough).await;
    }

    /// Ends it. Each wish made one order and no other, whoever was told of one was told of that, and who asks another
    /// node is answered the same.
    pub(super) async fn end(self) {
        self.counts.is_over.store(true, Ordering::SeqCst);
        let told: Vec<_> = self.shoppers.join_all().await.into_iter().flatten().collect();
        for told in &told {
            told.is_one_order();
        }
        let orders = self.nodes[0].orders().await;
        let customers: BTreeSet<_> = told.iter().map(|told| told.wish.customer.clone()).collect();
        assert_eq!((orders.len(), customers.len()), (told.len(), told.len()), "one order for each wish");
        assert_eq!(orders.into_iter().collect::<BTreeSet<_>>(), customers);
        let mut askers = JoinSet::new();
        let told = Arc::new(told);
        for first in 0..SHOPPERS {
            let (told, nodes, counts) = (Arc::clone(&told), self.nodes.clone(), Arc::clone(&self.counts));
            askers.spawn(async move {
                for told in told.iter().skip(first).step_by(SHOPPERS) {
                    told.is_told_again(&nodes, &counts).await;
                }
            });
        }
        askers.join_all().await;
        let slowest = Duration::from_millis(self.counts.slowest_ms.load(Ordering::SeqCst));
        assert!(slowest < LATENCY_MAX, "somebody waited for {slowest:?}");
    }
}

impl Told {
    fn is_one_order(&self) {
        let placed = self.answers.iter().filter(|answer| answer.status != 409);
        let numbers: BTreeSet<_> = placed.map(|answer| answer.text("/order_no")).collect();
        assert_eq!(numbers.len(), 1, "{:?}: {:?}", self.wish, self.answers);
        let executed = self.answers.iter().filter(|answer| answer.status == 201 && !answer.is_replay).count();
        assert!(executed <= 1, "{:?}: {:?}", self.wish, self.answers);
        for refused in self.answers.iter().filter(|answer| answer.status == 409) {
            assert!(matches!(self.wish.how, How::Greedy), "{:?}: {refused:?}", self.wish);
            // It names the order that the others were told of.
            assert!(numbers.contains(&refused.text("/order_no")), "{:?}: {refused:?}", self.wish);
        }
    }

    async fn is_told_again(&self, nodes: &[Shopper], counts: &Counts) {
        for (copy, first) in self.answers.iter().enumerate() {
            // Another node than the one that answered it, where there is another.
            let again = self.wish.insist(&nodes[(self.wish.shopper + copy + 1) % nodes.len()], copy, counts).await;
            again.replays(&Answer { is_replay: false, ..first.clone() });
        }
    }
}

impl Wish {
    /// Asks until there is a final answer. A refusal by rate or turn is none, nor is a server that cannot tell yet.
    async fn insist(&self, node: &Shopper, copy: usize, counts: &Counts) -> Answer {
        let customer = &self.customer;
        let body = json!({"customer_id": customer, "lines": [{"sku": "A", "quantity": 1}]}).to_string();
        let key = match &self.how {
            How::Keyed => customer.clone(),
            How::Keyless => String::new(),
            How::Token(_) | How::Greedy => format!("{customer}-{copy}"),
        };
        let mut headers = Vec::new();
        if !key.is_empty() {
            headers.push(("idempotency-key", key.as_str()));
        }
        if let How::Token(token) = &self.how {
            headers.push(("one-time-token", token.as_str()));
        }
        loop {
            let answer = timed(node, "/api/v1/orders", &headers, &body, counts).await;
            match answer.status {
                200 | 201 => return answer,
                409 if answer.text("/code") == "order_pending" => return answer,
                429 | 503 => {}
                _ => panic!("{self:?}: {answer:?}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn shop(number: usize, nodes: Vec<Shopper>, counts: Arc<Counts>) -> Vec<Told> {
    let mut told = Vec::new();
    while !counts.is_over.load(Ordering::SeqCst) {
        let customer = format!("c{number}-{}", told.len());
        let how = match (number + told.len()) % 4 {
            0 => How::Keyed,
            1 => How::Keyless,
            2 => How::Token(token(&nodes[number % nodes.len()], &customer, &counts).await),
            _ => How::Greedy,
        };
        let wish = Wish { shopper: number, customer, how };
        let copies = (0..COPIES).map(|copy| wish.insist(&nodes[(number + copy) % nodes.len()], copy, &counts));
        let answers = join_all(copies).await;
        told.push(Told { wish, answers });
        counts.wishes.fetch_add(1, Ordering::SeqCst);
    }
    told
}

async fn token(node: &Shopper, customer: &str, counts: &Counts) -> String {
    let body = json!({"purpose": "order", "subject": customer}).to_string();
    loop {
        let answer = timed(node, "/api/v1/tokens", &[], &body, counts).await;
        if answer.status == 201 {
            return answer.text("/token");
        }
        assert!(matches!(answer.status, 429 | 503), "{answer:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn timed(node: &Shopper, path: &str, headers: &[(&str, &str)], body: &str, counts: &Counts) -> Answer {
    let began_at = Instant::now();
    let answer = node.send_with(Method::POST, path, headers, body).await.expect("the server is there");
    let took_ms = u64::try_from(began_at.elapsed().as_millis()).expect("it is less than a minute");
    counts.slowest_ms.fetch_max(took_ms, Ordering::SeqCst);
    answer
}
