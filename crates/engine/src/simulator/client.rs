//! Owns what clients do: ask, ask again, ask twice at once, give up, come back, and use a key for something else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::channel::Verdict;
use domain::order::PendingLimit;
use domain::{OrderNo, PrincipalId, TenantId, Timestamp};
use idempotency::Key;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::log::Heard;
use super::node::Node;
use super::plan::{actor, pick};
use super::talk::{Begun, Seen, Talk};
use super::wish::{Pass, What, Wish};
use super::world::World;
use crate::Answered;

/// How often a client sends one request before it gives up.
const TRIES: u32 = 5;

pub(super) struct Client {
    world: Arc<World>,
    nodes: Arc<[Arc<Node>]>,
    talk: Arc<Mutex<Talk>>,
    rng: StdRng,
    number: u64,
    wishes: u64,
}

impl Client {
    pub(super) fn new(world: &Arc<World>, nodes: &Arc<[Arc<Node>]>, talk: &Arc<Mutex<Talk>>, number: u64) -> Self {
        let rng = actor(world.seed, 10_000 + number);
        Self { world: world.clone(), nodes: nodes.clone(), talk: talk.clone(), rng, number, wishes: 0 }
    }

    pub(super) async fn live(mut self) {
        for _ in 0..self.world.plan.wishes_per_client {
            let pause = self.millis(0..40);
            tokio::time::sleep(pause).await;
            let wish = self.wish();
            match self.rng.random_range(0..100) {
                0..45 => self.insist(&wish).await,
                45..60 => {
                    self.at_once(&wish).await;
                    self.insist(&wish).await;
                }
                60..70 => {
                    let patience = self.millis(0..20);
                    self.send(&wish, patience).await;
                }
                70..80 => {
                    self.send_later(&wish);
                    self.insist(&wish).await;
                }
                80..90 => {
                    self.insist(&wish).await;
                    self.click_anew(&wish).await;
                    self.send_later(&wish);
                }
                _ => {
                    if let Some(old) = self.old_wish() {
                        self.insist(&old).await;
                    }
                }
            }
        }
    }

    /// Sends until there is a final answer, or patience is at an end.
    async fn insist(&mut self, wish: &Arc<Wish>) {
        for _ in 0..TRIES {
            let patience = self.millis(20..600);
            if self.send(wish, patience).await.is_final() {
                return;
            }
            let pause = self.millis(1..120);
            tokio::time::sleep(pause).await;
        }
    }

    /// A double click, or a proxy that repeats.
    async fn at_once(&mut self, wish: &Arc<Wish>) {
        let copies: Vec<_> = (0..self.rng.random_range(2..4)).map(|_| self.spawn(wish, Duration::ZERO)).collect();
        for copy in copies {
            copy.await.expect("a send does not panic");
        }
    }

    /// A page that makes a new key for each click; its token is what it was when the page was opened.
    async fn click_anew(&mut self, wish: &Arc<Wish>) {
        if !matches!(wish.pass, Pass::Token { .. }) || !self.rng.random_ratio(1, 2) {
            return;
        }
        self.wishes += 1;
        let key = Key::new(&format!("key-{}", self.mark())).expect("a good key");
        let anew = Arc::new(Wish { key, ..Wish::clone(wish) });
        self.insist(&anew).await;
    }

    /// A number that no other wish of any client has.
    const fn mark(&self) -> u64 {
        self.number * 1_000 + self.wishes
    }

    /// A copy that the network holds back: it arrives behind what is sent after it.
    fn send_later(&mut self, wish: &Arc<Wish>) {
        let pause = self.millis(0..500);
        drop(self.spawn(wish, pause));
    }

    fn spawn(&mut self, wish: &Arc<Wish>, pause: Duration) -> tokio::task::JoinHandle<()> {
        let (node, wish, patience) = (self.node(), wish.clone(), self.millis(20..600));
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            node.send(&wish, patience).await;
        })
    }

    async fn send(&mut self, wish: &Arc<Wish>, patience: Duration) -> Heard {
        let heard = self.node().send(wish, patience).await;
        if let Heard::Answered(Answered::Executed(answer) | Answered::Replayed(answer)) = &heard {
            self.talk().hear(wish, answer);
        }
        heard
    }

    fn node(&mut self) -> Arc<Node> {
        self.nodes[self.rng.random_range(0..self.nodes.len())].clone()
    }

    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.random_range(range))
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn old_wish(&mut self) -> Option<Arc<Wish>> {
        let roll: usize = self.rng.random_range(0..usize::MAX);
        let talk = self.talk();
        talk.wishes.get(roll.checked_rem(talk.wishes.len())?).cloned()
    }

    /// A token that the same caller had.
    fn old_token(&mut self, wish: &Wish) -> Option<Pass> {
        let roll: usize = self.rng.random_range(0..usize::MAX);
        let talk = self.talk();
        let caller = |old: &&Arc<Wish>| (old.tenant, old.principal) == (wish.tenant, wish.principal);
        let had = talk.wishes.iter().filter(caller).map(|old| old.pass);
        let had: Vec<_> = had.filter(|pass| matches!(pass, Pass::Token { .. })).collect();
        had.get(roll.checked_rem(had.len())?).copied()
    }

    /// A new request; now and then under a key that was used for another.
    fn wish(&mut self) -> Arc<Wish> {
        self.wishes += 1;
        let mark = self.mark();
        let tenant = TenantId(self.rng.random_range(1..=self.world.plan.tenants));
        let principal = PrincipalId(self.rng.random_range(1..3));
        let what = self.what(tenant, principal, mark);
        let pass = if matches!(what, What::Place { .. }) { self.pass(mark) } else { Pass::None };
        let mut wish = Wish { tenant, principal, key: self.key(&what, mark), pass, what };
        if matches!(pass, Pass::Token { .. }) && self.rng.random_ratio(1, 6) {
            wish.pass = self.old_token(&wish).unwrap_or(pass);
        }
        if self.rng.random_ratio(1, 12)
            && let Some(old) = self.old_wish()
            && !old.key.is_derived()
        {
            wish.key = old.key.clone();
        }
        let wish = Arc::new(wish);
        self.talk().wishes.push(wish.clone());
        wish
    }

    /// What an order comes with. Tokens end soon, now and then, and so does the time in which the same is the same.
    fn pass(&mut self, mark: u64) -> Pass {
        match self.rng.random_range(0..8) {
            0..4 => {
                let good_ms = pick(&mut self.rng, &[60, 600, 60_000, 60_000]);
                Pass::Token { number: mark, until: self.world.now().plus_ms(good_ms) }
            }
            4 => Pass::SameWithin(pick(&mut self.rng, &[30, 300, 3_000])),
            5 if self.rng.random_ratio(1, 4) => Pass::Missing,
            _ => Pass::None,
        }
    }

    /// PUT and the sweeper's commands may come without a key of their own.
    fn key(&mut self, what: &What, mark: u64) -> Key {
        match what {
            What::Put { sku, price, initial_stock } if self.rng.random_ratio(2, 3) => {
                Key::derived("put", &format!("{sku}-{price}-{initial_stock}"))
            }
            What::Expire { order_no } if self.is_due(*order_no) => Key::derived("expire", &order_no.to_string()),
            _ => Key::new(&format!("key-{mark}")).expect("a good key"),
        }
    }

    fn is_due(&self, order_no: OrderNo) -> bool {
        let now = self.world.now();
        self.talk().orders.iter().any(|seen| seen.order_no == order_no && Timestamp(seen.expires_at) <= now)
    }

    fn what(&mut self, tenant: TenantId, principal: PrincipalId, customer: u64) -> What {
        let skus = self.world.plan.skus;
        let sku = self.rng.random_range(0..skus);
        if self.wishes <= 2 || self.rng.random_range(0..100) < self.world.plan.puts {
            return What::Put { sku, price: pick(&mut self.rng, &[100, 110]), initial_stock: 12 };
        }
        let roll = self.rng.random_range(0..100);
        match roll {
            0..12 => return What::Move { sku, quantity: self.rng.random_range(-4..12) },
            12..18 => return What::Issue,
            _ => {}
        }
        let seen: Vec<Seen> = self.talk().orders.iter().filter(|seen| seen.tenant == tenant).copied().collect();
        if roll < 60 || seen.is_empty() {
            let lines =
                (0..self.rng.random_range(1..4)).map(|_| (self.rng.random_range(0..skus), self.rng.random_range(1..4)));
            let lines = lines.collect();
            let gift = self.rng.random_ratio(1, 15);
            let limit = if self.rng.random_ratio(1, 2) {
                pick(&mut self.rng, &PendingLimit::ALL)
            } else {
                PendingLimit::Unlimited
            };
            return What::Place { number: self.number(tenant, principal), customer, lines, gift, limit };
        }
        if (66..80).contains(&roll)
            && let Some(what) = self.money(tenant, customer)
        {
            return what;
        }
        let Seen { order_no, version, .. } = pick(&mut self.rng, &seen);
        let tracking = self.rng.random_range(0..4);
        match roll {
            60..74 => What::Start { order_no, mark: customer, account: self.rng.random_range(1..3) },
            74..80 => What::Cancel { order_no },
            80..85 => What::Expire { order_no },
            85..93 => What::Ship { order_no, version, tracking, part: self.rng.random_ratio(1, 2) },
            93..96 => What::Correct { order_no, version, tracking },
            _ => What::Receive { order_no, automatic: self.rng.random_ratio(1, 2) },
        }
    }

    /// What a channel says of money that was asked for; or a refund of money that was taken.
    fn money(&mut self, tenant: TenantId, mark: u64) -> Option<What> {
        let begun: Vec<Begun> = self.talk().money.iter().filter(|begun| begun.tenant == tenant).copied().collect();
        // Refunds are few: else hardly anybody would ever decide on one.
        let refunds: Vec<Begun> = begun.iter().filter(|begun| begun.is_refund).copied().collect();
        let begun = if !refunds.is_empty() && self.rng.random_ratio(1, 2) { refunds } else { begun };
        let one = *begun.get(self.rng.random_range(0..begun.len().max(1)))?;
        let verdict = match self.rng.random_range(0..10) {
            0 => Verdict::Failed,
            1 => Verdict::Closed,
            2 => Verdict::Pending,
            _ => Verdict::Succeeded,
        };
        let Begun { payment, account, minor, .. } = one;
        Some(match one.is_refund {
            true if self.rng.random_ratio(2, 3) => {
                What::Decide { refund: one.mark, approves: self.rng.random_ratio(2, 3) }
            }
            true => What::Back { refund: one.mark, account, verdict },
            false if self.rng.random_ratio(1, 3) => {
                let limit = pick(&mut self.rng, &[None, Some(0), Some(0), Some(minor / 2)]);
                What::Refund { payment, mark, minor: self.rng.random_range(1..=minor.max(1)), limit }
            }
            false => {
                let minor = minor - i64::from(self.rng.random_ratio(1, 15));
                What::Said { attempt: one.mark, account, verdict, minor }
            }
        })
    }

    /// Sometimes a number that was taken before; mostly by the same principal.
    fn number(&mut self, tenant: TenantId, principal: PrincipalId) -> Option<OrderNo> {
        if self.rng.random_ratio(1, 2) {
            return None;
        }
        let strict = self.rng.random_ratio(9, 10);
        let talk = self.talk();
        let mut numbers = talk.numbers.iter().rev();
        numbers.find(|row| row.0 == tenant && (row.1 == principal || !strict)).map(|row| row.2)
    }
}
