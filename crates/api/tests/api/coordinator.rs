//! Owns what stands in front of the database, rate limits and a member's turn, and that it is a hint: whatever a
//! coordinator answers, nothing is applied twice.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{By, RateLimits, Rule};
use async_trait::async_trait;
use coord::limit::{Decision, Limit, LocalLimit, Rate, WhenAway};
use coord::lock::{Guard, Lock, NotAcquired, StripedLock, Terms};
use domain::CheckoutPolicy;
use domain::access::Role;
use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::harness::{Call, Client, Setup, Shop, Step, all, until};

fn order(customer: &str) -> Value {
    json!({"customer_id": customer, "lines": [{"sku": "A", "quantity": 1}]})
}

fn rule(by: By, count: u32, when_away: WhenAway) -> Rule {
    let count = NonZeroU32::new(count).expect("more than none");
    let rate = Rate::new(count, Duration::from_mins(1));
    Rule { name: by.name().to_owned(), by, route: None, rate, window_s: 60, when_away }
}

async fn shop(rules: Vec<Rule>, limit: Arc<dyn Limit>, locks: Arc<dyn Lock>) -> Shop {
    let rates = RateLimits { rules: rules.into(), limit };
    let shop = Shop::with(Setup { rates, locks, ..Setup::default() }).await;
    shop.product("A", 1_999, 1_000).await;
    shop
}

fn local() -> (Arc<LocalLimit>, Arc<StripedLock>) {
    (Arc::new(LocalLimit::new(1_000)), Arc::new(StripedLock::new()))
}

/// F18. Five for each account: one was for the product.
#[tokio::test]
async fn f18_a_refusal_by_rate_leaves_the_key_alone() {
    let (limit, locks) = local();
    let shop = shop(vec![rule(By::Credential, 5, WhenAway::Open)], limit, locks).await;
    let first = shop.admin.place("k", &order("c")).await.expect(201);
    assert_eq!(first.header("ratelimit-policy"), Some("\"credential\";q=5;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"credential\";r=3;t=24"));
    for _ in 0..3 {
        shop.admin.place("k", &order("c")).await.replays(&first);
    }
    let refused = shop.admin.place("k2", &order("c")).await.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit"), Some("\"credential\";r=0;t=60"));
    let seconds: u32 = refused.header("retry-after").and_then(|text| text.parse().ok()).expect("when to come again");
    assert!((11..=12).contains(&seconds), "{seconds}");
    // Others are counted apart, and the refused key is as new.
    let other = shop.client(shop.tenant, "other", Role::Service).await;
    other.place("k2", &order("c")).await.expect(201);
    shop.close().await;
}

#[tokio::test]
async fn f18_routes_tenants_and_addresses_are_counted_as_the_rules_say() {
    let (limit, locks) = local();
    let of_route = Rule { route: Some("POST /api/v1/orders".to_owned()), ..rule(By::Tenant, 2, WhenAway::Open) };
    let shop = shop(vec![of_route, rule(By::Address, 100, WhenAway::Open)], limit, locks).await;
    let other = shop.client(shop.tenant, "other", Role::Service).await;
    let tenant = shop.tenant("elsewhere").await;
    let elsewhere = shop.client(tenant, "admin", Role::Admin).await;
    shop.admin.place("k1", &order("c")).await.expect(201);
    other.place("k2", &order("c")).await.expect(201);
    shop.admin.place("k3", &order("c")).await.problem(429, "rate_limited");
    other.place("k4", &order("c")).await.problem(429, "rate_limited");
    elsewhere.place("k1", &order("c")).await.problem(409, "product_not_found");
    let page = shop.admin.get("/api/v1/orders").await.expect(200);
    assert_eq!(page.header("ratelimit-policy"), Some("\"address\";q=100;w=60"), "no rule of the route");
    // Who has no credential is of an address all the same; probes are of nobody.
    let nobody = shop.admin.nobody().get("/api/v1/orders").await.problem(401, "unauthorized");
    assert!(nobody.header("ratelimit").is_some());
    assert_eq!(shop.admin.get("/livez").await.header("ratelimit"), None);
    shop.close().await;
}

/// Nobody can count.
struct Away;

#[async_trait]
impl Limit for Away {
    async fn check(&self, _: &str, _: Rate, _: u32) -> Result<Decision, coord::Error> {
        Err(coord::Error::away("the coordinator", "gone"))
    }
}

#[async_trait]
impl Lock for Away {
    async fn acquire(&self, _: &str, _: Terms) -> Result<Guard, NotAcquired> {
        Err(NotAcquired::Away(coord::Error::away("the coordinator", "gone")))
    }
}

#[tokio::test]
async fn f18_without_a_coordinator_a_rule_is_open_or_closed() {
    let closed = Rule { route: Some("GET /api/v1/orders".to_owned()), ..rule(By::Credential, 9, WhenAway::Closed) };
    let shop = shop(vec![closed, rule(By::Address, 1, WhenAway::Open)], Arc::new(Away), Arc::new(Away)).await;
    let policy = CheckoutPolicy { order_lock_ms: 5_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    shop.admin.place("k", &order("c")).await.expect(201);
    let refused = shop.admin.get("/api/v1/orders").await.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    shop.close().await;
}

/// F3: while one order request of a member is worked on, another one is too frequent, and a repetition is not.
#[tokio::test]
async fn f3_one_order_request_of_a_member_at_a_time() {
    let (limit, locks) = local();
    let shop = shop(Vec::new(), limit, locks.clone()).await;
    let policy = CheckoutPolicy { order_lock_ms: 60_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let first = shop.admin.place("k1", &order("c")).await.expect(201);
    let name = format!("order:{}:c", shop.tenant.0);
    let held = locks.try_acquire(&name, Terms::default()).await.expect("nobody else has it");
    let refused = shop.admin.place("k2", &order("c")).await.problem(429, "operation_too_frequent");
    assert_eq!(refused.header("retry-after"), Some("1"));
    shop.admin.place("k1", &order("c")).await.replays(&first);
    shop.admin.place("k3", &order("d")).await.expect(201);
    drop(held);
    until("the turn is over", async || shop.admin.place("k2", &order("c")).await.is_created()).await;
    shop.close().await;
}

/// A request without a key is a repetition for some time only, and needs its member's turn afterwards.
#[tokio::test]
async fn f3_what_is_the_same_no_more_needs_a_turn() {
    let (limit, locks) = local();
    let settings = api::Settings { answer_wait: Duration::from_millis(50), ..Default::default() };
    let rates = RateLimits { rules: [].into(), limit };
    let shop = Shop::with(Setup { settings, rates, locks: locks.clone(), ..Setup::default() }).await;
    shop.product("A", 1_999, 9).await;
    let policy = CheckoutPolicy { order_lock_ms: 60_000, same_within_ms: 400, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let place = async || shop.admin.call(Method::POST, "/api/v1/orders").json(&order("c")).send().await;
    place().await.expect(201);
    let placed = api::now();
    let held = locks.try_acquire(&format!("order:{}:c", shop.tenant.0), Terms::default()).await.expect("it is free");
    until("the time is over", async || api::now() > placed.plus_ms(600)).await;
    place().await.problem(429, "operation_too_frequent");
    drop(held);
    until("the turn is over", async || place().await.is_created()).await;
    assert_eq!(shop.orders().await.len(), 2);
    shop.close().await;
}

/// Whatever name the clicks share, a repetition waits for the answer and is not told that it is too frequent.
#[tokio::test]
async fn f3_a_repetition_needs_no_turn() {
    let (limit, locks) = local();
    let shop = shop(Vec::new(), limit, locks).await;
    let policy = CheckoutPolicy { order_lock_ms: 60_000, same_within_ms: 60_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let body = json!({"purpose": "order", "subject": "t"});
    let token = shop.admin.call(Method::POST, "/api/v1/tokens").json(&body).send().await.expect(201).str("/token");
    // The first of each is under way when the others come.
    shop.faults.hold();
    let call = |customer: &str| shop.admin.call(Method::POST, "/api/v1/orders").json(&order(customer));
    let keyed = (0..3).map(|_| call("k").header("idempotency-key", "k"));
    let keyless = (0..3).map(|_| call("c"));
    let with_token =
        (0..3).map(|at| call("t").header("idempotency-key", format!("t{at}")).header("one-time-token", token.as_str()));
    let calls: Vec<_> = keyed.chain(keyless).chain(with_token).collect();
    let sent: Vec<_> = calls.into_iter().map(|call| tokio::spawn(async move { call.send().await })).collect();
    shop.faults.holding().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    shop.faults.release();
    for answer in sent {
        answer.await.expect("it is answered").expect(201);
    }
    assert_eq!(shop.orders().await.len(), 3);
    shop.close().await;
}

/// Whoever clicks twice with one key is told of one order, whether the lock is on or not.
#[tokio::test]
async fn f3_clicks_with_one_key_are_one_order_behind_the_lock() {
    let (limit, locks) = local();
    let shop = shop(Vec::new(), limit, locks).await;
    let policy = CheckoutPolicy { order_lock_ms: 60_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    let client = shop.admin.clone();
    let clicks = (0..50).map(|_| {
        let client = client.clone();
        async move { insisted(&client, Some("k"), &order("c")).await }
    });
    let mut numbers = all(clicks).await;
    numbers.dedup();
    assert_eq!((numbers.len(), shop.orders().await), (1, numbers));
    shop.close().await;
}

/// Sends until there is an order, as a client does that is told to come again.
async fn insisted(client: &Client, key: Option<&str>, body: &Value) -> String {
    ordered(|| match key {
        Some(key) => client.post("/api/v1/orders", key).json(body),
        None => client.call(Method::POST, "/api/v1/orders").json(body),
    })
    .await
}

/// Calls until there is an order.
async fn ordered(mut call: impl FnMut() -> Call) -> String {
    let number = Mutex::new(None);
    until("an order", || {
        let (call, number) = (call(), &number);
        async move {
            let answer = call.send().await;
            let is_there = answer.is_created();
            if is_there {
                *number.lock().expect("nobody panicked") = Some(answer.order_no());
            }
            is_there
        }
    })
    .await;
    number.into_inner().expect("nobody panicked").expect("an order")
}

/// A coordinator that lies: it grants twice, refuses what is free, forgets whom it granted, counts as it likes, and goes
/// away.
struct Liar {
    rng: Mutex<StdRng>,
    locks: Mutex<Vec<StripedLock>>,
    lies: AtomicU64,
}

impl Liar {
    fn new(seed: u64) -> Self {
        let locks = Mutex::new(vec![StripedLock::new(), StripedLock::new()]);
        Self { rng: Mutex::new(StdRng::seed_from_u64(seed)), locks, lies: AtomicU64::new(0) }
    }

    fn roll(&self) -> u32 {
        self.rng.lock().expect("nobody panicked").random_range(0..10)
    }

    fn lie(&self) {
        self.lies.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Lock for Liar {
    async fn acquire(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired> {
        let roll = self.roll();
        let lock = {
            let mut locks = self.locks.lock().expect("nobody panicked");
            if roll == 0 {
                // Flushed: whoever holds something holds it of nobody.
                *locks = vec![StripedLock::new(), StripedLock::new()];
            }
            locks[usize::from(roll < 4)].clone()
        };
        match roll {
            0..4 => self.lie(),
            4 => {
                self.lie();
                return Err(NotAcquired::Held);
            }
            5 => {
                self.lie();
                return Err(NotAcquired::Away(coord::Error::away("the liar", "gone")));
            }
            6 => tokio::time::sleep(Duration::from_millis(3)).await,
            _ => {}
        }
        lock.acquire(name, terms).await
    }
}

#[async_trait]
impl Limit for Liar {
    async fn check(&self, _: &str, rate: Rate, _: u32) -> Result<Decision, coord::Error> {
        let away = Err(coord::Error::away("the liar", "gone"));
        let decision = WhenAway::Closed.decide(&away, rate);
        match self.roll() {
            0 => away,
            1 => Ok(decision),
            _ => Ok(Decision { allowed: true, retry_after: None, ..decision }),
        }
    }
}

/// What the storage does with the first commits: every other one is told of, or done, as it should be.
fn setbacks(seed: u64) -> Vec<Step> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut setback = || match rng.random_range(0..8) {
        0..4 => Step::Apply,
        4..6 => Step::LoseReply,
        6 => Step::LoseCommit,
        _ => Step::Conflict,
    };
    std::iter::once(Step::LoseReply).chain(std::iter::repeat_with(&mut setback).take(20)).collect()
}

/// F14 and G6: shoppers insist through a coordinator that lies, over a storage that loses replies: with keys, without, and
/// with one token and a new key for each click. Each wish makes one order and is told of that one. Closing asks every
/// invariant.
#[tokio::test]
async fn f_14_a_coordinator_that_lies_makes_no_second_order() {
    for seed in 0..12 {
        let liar = Arc::new(Liar::new(seed));
        let placing = Some("POST /api/v1/orders".to_owned());
        let rule = Rule { route: placing, ..rule(By::Credential, 5, WhenAway::Open) };
        let shop = shop(vec![rule], liar.clone(), liar.clone()).await;
        let policy = CheckoutPolicy { order_lock_ms: 1_000, same_within_ms: 600_000, ..CheckoutPolicy::default() };
        shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
        let pages = all((0..9).map(|number| Page::open(shop.admin.clone(), number))).await;
        let setbacks = setbacks(seed);
        shop.faults.next(setbacks.clone());
        let clicks = pages.iter().flat_map(|page| (0..3).map(|click| (page.clone(), click)));
        let clicks = clicks.map(|(page, click)| async move { (page.number, page.click(click).await) });
        let mut told = all(clicks).await;
        told.sort_unstable();
        told.dedup();
        assert_eq!((told.len(), shop.orders().await.len()), (9, 9), "seed {seed}: {told:?}");
        assert!(liar.lies.load(Ordering::Relaxed) > 0);
        assert!(shop.faults.left() < setbacks.len());
        shop.close().await;
    }
}

/// A wish, for a customer who has others.
#[derive(Clone)]
struct Page {
    client: Client,
    number: u32,
    body: Value,
    token: Option<String>,
}

impl Page {
    async fn open(client: Client, number: u32) -> Self {
        let customer = format!("c{}", number % 4);
        let mut body = order(&customer);
        body["note"] = json!(format!("wish {number}"));
        let mut token = None;
        if number % 3 == 2 {
            let asked = json!({"purpose": "order", "subject": customer});
            let issued = client.call(Method::POST, "/api/v1/tokens").json(&asked).send().await.expect(201);
            token = Some(issued.str("/token"));
        }
        Self { client, number, body, token }
    }

    /// Insists on the order. What makes the clicks one wish is a token, a key, or that nothing else is known of them.
    async fn click(&self, click: u32) -> String {
        let Self { client, number, body, token } = self;
        let Some(token) = token else {
            let key = format!("k{number}");
            return insisted(client, number.is_multiple_of(3).then_some(key.as_str()), body).await;
        };
        let mut times = 0;
        ordered(|| {
            times += 1;
            let key = format!("k{number}-{click}-{times}");
            client.post("/api/v1/orders", &key).header("one-time-token", token).json(body)
        })
        .await
    }
}
