//! Owns transactional routes over a real database: a handler's own transaction in SQLite, through sqlx and through SeaORM.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{Method, StatusCode};
use idempotency::layer::{Claim, Idempotency, NotCompleted, Policy};
use idempotency::store::Sqlite;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

use crate::harness::{Node, Seen, by_header, order, place};

/// A database in a file, with a table of orders.
struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let shop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let pool = shop.pool().await;
        sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY, buyer TEXT NOT NULL)")
            .execute(&pool)
            .await
            .expect("a new table");
        Sqlite::new(pool).migrate().await.expect("a new table");
        shop
    }

    async fn pool(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(self.folder.path().join("shop.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(30));
        SqlitePoolOptions::new().max_connections(4).connect_with(options).await.expect("the file can be opened")
    }

    async fn orders(&self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM orders");
        count.fetch_one(&self.pool().await).await.expect("the table is there")
    }

    /// A node on connections of its own.
    async fn node<T: 'static, H: Handler<T, ()>>(&self, handler: impl FnOnce(SqlitePool) -> H) -> Node {
        self.node_under(Policy::transactional(by_header()), handler).await
    }

    async fn node_under<T: 'static, H: Handler<T, ()>>(
        &self,
        policy: Policy,
        handler: impl FnOnce(SqlitePool) -> H,
    ) -> Node {
        let store = Arc::new(Sqlite::new(self.pool().await));
        let idempotency = Idempotency::new(store, "shop");
        let layer = idempotency.route(Method::POST, "/orders", policy).expect("a policy that can hold");
        let app = Router::new().route("/orders", post(handler(self.pool().await)).route_layer(layer));
        Node { idempotency, app }
    }
}

/// Why an order was not placed. A handler's own error, which knows nothing of keys.
#[derive(Debug)]
enum NotPlaced {
    Database,
    Claim(NotCompleted),
    Refused,
}

impl IntoResponse for NotPlaced {
    fn into_response(self) -> Response {
        match self {
            Self::Database => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Self::Claim(error) => error.into_response(),
            Self::Refused => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

impl From<sqlx::Error> for NotPlaced {
    fn from(_: sqlx::Error) -> Self {
        Self::Database
    }
}

/// Places an order; the body says what goes wrong.
async fn place_order(pool: SqlitePool, claim: Claim, body: String) -> Result<Response, NotPlaced> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let insert = sqlx::query_scalar("INSERT INTO orders (buyer) VALUES (?) RETURNING id");
    let number: i64 = insert.bind(claim.scope()).fetch_one(&mut *transaction).await?;
    let number = u32::try_from(number).map_err(|_| NotPlaced::Database)?;
    let completed = claim.complete(&mut transaction, order(number)).await.map_err(NotPlaced::Claim)?;
    match body.as_str() {
        "rolls-back" => return Err(NotPlaced::Refused),
        "forgets" => return Ok(completed.into_response()),
        _ => transaction.commit().await?,
    }
    if body == "loses-the-reply" { Err(NotPlaced::Database) } else { Ok(completed.into_response()) }
}

async fn node(shop: &Shop) -> Node {
    shop.node(|pool| move |claim: Claim, body: String| place_order(pool, claim, body)).await
}

#[tokio::test]
async fn b_02_effect_and_answer_stand_together() {
    let shop = Shop::open().await;
    let node = node(&shop).await;
    let first = place("k").send(&node).await.expect(201, "executed");
    assert_eq!(first.header("idempotency-status"), Some("executed; guarantee=transactional"));
    place("k").send(&node).await.replays(&first);
    place("k").body("other").send(&node).await.problem(422, "idempotency_key_reused");
    place("k2").send(&node).await.expect(201, "executed");
    assert_eq!(shop.orders().await, 2);
}

#[tokio::test]
async fn f_03_f_05_the_commit_decides() {
    let shop = Shop::open().await;
    let node = node(&shop).await;
    for (body, status, how, orders) in
        [("rolls-back", 502, "not-kept", 0), ("forgets", 500, "", 0), ("loses-the-reply", 201, "executed", 1)]
    {
        place(body).body(body).send(&node).await.expect(status, how);
        assert_eq!(shop.orders().await, orders, "{body}");
    }
    place("loses-the-reply").body("loses-the-reply").send(&node).await.expect(201, "replayed");
    assert_eq!(shop.orders().await, 1);
}

/// The runtime of a node is torn down in the midst of its handlers, with all that they hold: as good as killed.
#[test]
fn f_02_f_04_who_died_in_the_midst() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let (dying, living) = (runtime().expect("threads"), runtime().expect("threads"));
    let shop = living.block_on(Shop::open());
    let second = Duration::from_secs(1);
    let short = |policy: Policy| policy.lease(second).handler_timeout(second);
    let transactional = short(Policy::transactional(by_header()));
    let once = short(Policy::at_most_once(by_header()));
    let open = |policy: Policy, hangs: bool| {
        let shop = &shop;
        async move {
            let handler = |pool| {
                move |claim: Claim, body: String| async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    place_order(pool, claim, body).await
                }
            };
            shop.node_under(policy, handler).await
        }
    };
    let nodes = dying.block_on(async { [open(transactional.clone(), true).await, open(once.clone(), true).await] });
    for (node, key) in nodes.iter().zip(["transactional", "once"]) {
        let (node, key) = (node.clone(), key.to_owned());
        dying.spawn(async move { place(&key).send(&node).await });
    }
    living.block_on(async {
        let claims = "SELECT count(*) FROM idempotency_keys";
        let pool = shop.pool().await;
        while sqlx::query_scalar::<_, i64>(claims).fetch_one(&pool).await.expect("the table is there") < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    dying.shutdown_background();
    living.block_on(async {
        // It waits for the lease of the dead, and takes over.
        place("transactional").send(&open(transactional, false).await).await.expect(201, "executed");
        place("once").send(&open(once, false).await).await.problem(409, "outcome_unknown");
        assert_eq!(shop.orders().await, 1);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_04_c_07_many_at_once_on_two_nodes() {
    let shop = Shop::open().await;
    let nodes = [node(&shop).await, node(&shop).await];
    for round in 1..=3 {
        let key = format!("k{round}");
        let calls: Vec<_> = (0..24).map(|at| place(&key).start(&nodes[at % 2])).collect();
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
}

/// The handler gives up on a commit that the database is still about to make.
#[tokio::test]
async fn f_05_a_commit_that_is_under_way_is_waited_for() {
    let shop = Shop::open().await;
    let node = shop
        .node(|pool| {
            move |claim: Claim| async move {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query("INSERT INTO orders (buyer) VALUES ('x')").execute(&mut *transaction).await?;
                let _completed = claim.complete(&mut transaction, order(1)).await.map_err(NotPlaced::Claim)?;
                tokio::spawn(async move {
                    // Long enough for the layer to have asked; whoever is first, the answer is the same.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    transaction.commit().await
                });
                Err::<Response, _>(NotPlaced::Refused)
            }
        })
        .await;
    let first = place("k").send(&node).await.expect(201, "executed");
    place("k").send(&node).await.replays(&first);
    assert_eq!(shop.orders().await, 1);
}

#[tokio::test]
async fn b_12_another_process_gives_the_same_answer() {
    let shop = Shop::open().await;
    let first = place("k").send(&node(&shop).await).await.expect(201, "executed");
    place("k").send(&node(&shop).await).await.replays(&first);
    assert_eq!(shop.orders().await, 1);
}

#[cfg(feature = "sea-orm")]
#[tokio::test]
async fn a_transaction_of_a_mapper_s() {
    use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};

    async fn place_order(database: DatabaseConnection, claim: Claim, body: String) -> Response {
        let transaction = database.begin().await.expect("the file is there");
        transaction.execute_unprepared("INSERT INTO orders (buyer) VALUES ('x')").await.expect("an order");
        match claim.complete(&transaction, order(1)).await {
            Ok(completed) if body == "commits" => {
                transaction.commit().await.expect("it commits");
                completed.into_response()
            }
            Ok(_) => {
                transaction.rollback().await.expect("it rolls back");
                StatusCode::BAD_GATEWAY.into_response()
            }
            Err(error) => error.into_response(),
        }
    }

    let shop = Shop::open().await;
    let node = shop
        .node(|pool| {
            let database = DatabaseConnection::from(pool);
            move |claim: Claim, body: String| place_order(database, claim, body)
        })
        .await;
    place("k").body("rolls-back").send(&node).await.expect(502, "not-kept");
    assert_eq!(shop.orders().await, 0);
    let first = place("k").body("commits").send(&node).await.expect(201, "executed");
    place("k").body("commits").send(&node).await.replays(&first);
    assert_eq!(shop.orders().await, 1);
}

#[tokio::test]
async fn a_store_without_transactions_says_so() {
    let world = crate::harness::World::default();
    let shop = Shop::open().await;
    let pool = shop.pool().await;
    let node = world.node(Policy::transactional(by_header()), move |claim: Claim| async move {
        let mut transaction = pool.begin().await.expect("the file is there");
        let error = claim.complete(&mut transaction, "done").await.expect_err("there is no such transaction");
        assert!(matches!(error, NotCompleted::Store(idempotency::protocol::Error::Broken(_))), "{error}");
        StatusCode::IM_A_TEAPOT
    });
    place("k").send(&node).await.expect(418, "not-kept");
}
