//! Owns what a bug of ours does to who asks: a problem without its text, and nothing that stays shut behind it.

use std::sync::Arc;

use api::{Before, Hooks, Objection, OnError, RateLimits, Refused};
use async_trait::async_trait;
use coord::limit::{Decision, Limit, LocalLimit, Rate};
use domain::{Action, CheckoutPolicy, Command};
use http::Method;
use serde_json::json;

use crate::harness::{Setup, Shop, order_of};

/// What no client may read.
const TEXT: &str = "the text of a bug, with mk_a_secret in it";

/// Breaks over an order with a note.
struct Broken;

impl Before for Broken {
    fn concerns(&self, action: &Action) -> bool {
        matches!(action, Action::PlaceOrder(_))
    }

    fn check(&self, command: &Command, _: &CheckoutPolicy) -> Result<(), Objection> {
        match &command.action {
            Action::PlaceOrder(place) if place.note.is_some() => panic!("{TEXT}"),
            _ => Ok(()),
        }
    }
}

impl OnError for Broken {
    fn refused(&self, refused: &Refused<'_>) {
        assert!(!refused.key.as_str().starts_with("break"), "{TEXT}");
    }
}

/// Breaks in front of every handler, for who comes to one path.
struct BrokenLimit(LocalLimit);

#[async_trait]
impl Limit for BrokenLimit {
    async fn check(&self, name: &str, rate: Rate, cost: u32) -> Result<Decision, coord::Error> {
        assert!(!name.starts_with("broken:"), "{TEXT}");
        self.0.check(name, rate, cost).await
    }
}

fn is_told_without_its_text(answer: &crate::harness::Answer, place: &str) {
    assert_eq!(answer.status, 500, "{place}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{place}");
    assert_eq!(answer.str("/code"), "internal_error", "{place}");
    for part in ["bug, with", "mk_a_secret", "panic", ".rs", "thread"] {
        assert!(!answer.text().contains(part), "{part} at {place}: {}", answer.text());
    }
}

/// S27: a bug behind the door is a problem; the member's turn is free again, the key is not used up, the others go on.
#[tokio::test]
async fn s27_a_bug_over_one_request_is_that_request_s_alone() {
    let mut hooks = Hooks::default();
    hooks.before.push(Arc::new(Broken));
    let shop = Shop::with(Setup { hooks, ..Setup::default() }).await;
    let policy = CheckoutPolicy { order_lock_ms: 60_000, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("the policy is set");
    shop.product("A", 100, 90).await;
    let mut breaks = order_of(&[("A", 1)]);
    breaks["note"] = json!("ring twice");
    for round in 0..3 {
        let (broken, good) = (format!("broken-{round}"), format!("good-{round}"));
        let place = order_of(&[("A", 1)]);
        let (one, other) = tokio::join!(shop.admin.place(&broken, &breaks), shop.admin.get("/api/v1/products/A"));
        is_told_without_its_text(&one, &broken);
        other.expect(200);
        // The same member is not kept out by a turn that nobody gave back, and the key is still good.
        shop.admin.place(&good, &place).await.expect(201);
        shop.admin.place(&broken, &place).await.expect(201);
    }
    assert_eq!(shop.orders().await.len(), 6);
    shop.admin.get("/readyz").await.expect(200);
    shop.close().await;
}

/// S27: and a bug behind the answer, or in front of every handler.
#[tokio::test]
async fn s27_a_bug_anywhere_is_a_problem_without_its_text() {
    let mut hooks = Hooks::default();
    hooks.on_error.push(Arc::new(Broken));
    let rule = api::Rule {
        name: "broken".to_owned(),
        by: api::By::Everyone,
        route: Some("GET /api/v1/me".to_owned()),
        rate: Rate::new(std::num::NonZeroU32::MIN, std::time::Duration::from_mins(1)),
        window_s: 60,
        when_away: coord::limit::WhenAway::Closed,
    };
    let rates = RateLimits { rules: Arc::new([rule]), limit: Arc::new(BrokenLimit(LocalLimit::new(100))) };
    let shop = Shop::with(Setup { rates, hooks, ..Setup::default() }).await;
    shop.product("A", 100, 1).await;
    for _ in 0..3 {
        let mut wire = shop.admin.connect().await;
        is_told_without_its_text(&wire.send(shop.admin.call(Method::GET, "/api/v1/me")).await, "the limit");
        // The connection is as good as before.
        wire.send(shop.admin.call(Method::GET, "/api/v1/orders")).await.expect(200);
    }
    let too_many = order_of(&[("A", 3)]);
    is_told_without_its_text(&shop.admin.place("break-1", &too_many).await, "behind the answer");
    // What was decided is decided, and is answered so.
    shop.admin.place("break-1", &too_many).await.problem(409, "stock_insufficient");
    shop.admin.place("k2", &order_of(&[("A", 1)])).await.expect(201);
    shop.close().await;
}
