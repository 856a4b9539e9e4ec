//! Owns a transactional route over PostgreSQL, where many requests and nodes work at the same time.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::{Method, StatusCode};
use idempotency::layer::{Claim, Idempotency, Policy};
use idempotency::store::Postgres;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::harness::{Node, Seen, by_header, order, place};

/// A database of this test's own.
struct Shop {
    base: String,
    name: String,
}

impl Shop {
    async fn open() -> Self {
        let base = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is missing: run `cargo xtask test`, or `eval \"$(cargo xtask services env)\"` behind \
             `cargo xtask services up`",
        );
        let name = format!("mideng_test_{:016x}", RandomState::new().hash_one(std::process::id()));
        let shop = Self { base: base.trim_end_matches('/').to_owned(), name };
        shop.run(format!("CREATE DATABASE {}", shop.name)).await;
        let pool = shop.pool().await;
        let table = "CREATE TABLE orders (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, buyer TEXT NOT NULL)";
        sqlx::query(table).execute(&pool).await.expect("a new table");
        Postgres::new(pool).migrate().await.expect("a new table");
        shop
    }

    async fn close(self) {
        self.run(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn run(&self, statement: String) {
        let mut nobody = PgConnection::connect(&format!("{}/postgres", self.base)).await.expect("the server is there");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut nobody).await.expect("the account may do this");
    }

    /// Fewer connections than there are requests at the same time.
    async fn pool(&self) -> PgPool {
        let url = format!("{}/{}", self.base, self.name);
        PgPoolOptions::new().max_connections(3).connect(&url).await.expect("the server is there")
    }

    async fn orders(&self) -> i64 {
        let pool = self.pool().await;
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&pool).await.expect("the table is there")
    }

    async fn node(&self) -> Node {
        // The store and the handlers share a pool: nobody who waits may hold what others need (C-07).
        let pool = self.pool().await;
        let idempotency = Idempotency::new(Arc::new(Postgres::new(pool.clone())), "shop");
        let policy = Policy::transactional(by_header());
        let layer = idempotency.route(Method::POST, "/orders", policy).expect("a policy that can hold");
        let handler = move |claim: Claim, body: String| place_order(pool, claim, body);
        Node { idempotency, app: Router::new().route("/orders", post(handler).route_layer(layer)) }
    }
}

/// Places an order; the body says what goes wrong.
async fn place_order(pool: PgPool, claim: Claim, body: String) -> Response {
    let mut transaction = pool.begin().await.expect("the server is there");
    let insert = sqlx::query_scalar("INSERT INTO orders (buyer) VALUES ($1) RETURNING id");
    let number: i64 = insert.bind(claim.scope()).fetch_one(&mut *transaction).await.expect("the table is there");
    let answer = order(u32::try_from(number).expect("a small number"));
    let completed = match claim.complete(&mut transaction, answer).await {
        Ok(completed) => completed,
        Err(error) => return error.into_response(),
    };
    match body.as_str() {
        "rolls-back" => return StatusCode::BAD_GATEWAY.into_response(),
        "gives-up" => {
            tokio::spawn(async move {
                // Long enough for the layer to have asked; whoever is first, the answer is the same.
                tokio::time::sleep(Duration::from_millis(300)).await;
                transaction.commit().await
            });
            return StatusCode::BAD_GATEWAY.into_response();
        }
        _ => transaction.commit().await.expect("it commits"),
    }
    completed.into_response()
}

#[tokio::test]
async fn f_03_f_05_the_commit_decides() {
    let shop = Shop::open().await;
    let node = shop.node().await;
    place("rolls-back").body("rolls-back").send(&node).await.expect(502, "not-kept");
    assert_eq!(shop.orders().await, 0);
    let first = place("gives-up").body("gives-up").send(&node).await.expect(201, "executed");
    place("gives-up").body("gives-up").send(&node).await.replays(&first);
    assert_eq!(shop.orders().await, 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_04_c_07_many_at_once_on_three_nodes_with_few_connections() {
    let shop = Shop::open().await;
    let nodes = [shop.node().await, shop.node().await, shop.node().await];
    for round in 1..=5 {
        let key = format!("k{round}");
        let calls: Vec<_> = (0..60).map(|at| place(&key).start(&nodes[at % 3])).collect();
        let mut seen: Vec<Seen> = Vec::new();
        for call in calls {
            seen.push(call.await.expect("no panic"));
        }
        let executed: Vec<_> = seen.iter().filter(|it| it.how() == "executed").collect();
        assert_eq!(executed.len(), 1, "{seen:?}");
        for other in seen.iter().filter(|it| it.how() != "executed") {
            other.replays(executed[0]);
        }
        assert_eq!(shop.orders().await, round);
    }
    shop.close().await;
}
