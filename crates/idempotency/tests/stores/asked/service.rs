//! Owns the service that is asked: the same routes and handlers on any store, as a user of the layer would write them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Router, serve as listen};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use idempotency::layer::{Claim, Duplicates, Idempotency, NotStarted, Policy, Reading, Scope};
use idempotency::protocol::Store;
use idempotency::store::{Memory, Mysql, Postgres, Sqlite};
use serde_json::{Value, json};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Setup;
use super::away::Away;
use super::orders::{Journal, Orders};
use crate::ground::redis::Server;

const BODY_BYTES_MAX: usize = 16_384;
const ANSWER_BYTES_MAX: usize = 8_192;
/// The slowest request takes less, and a duplicate waits less than that one takes.
const LEASE: Duration = Duration::from_millis(2_500);
const WAIT: Duration = Duration::from_secs(1);
/// Fewer connections than there are requests at the same time.
const CONNECTIONS: u32 = 5;

#[derive(Clone)]
struct Caller(&'static str);

/// Serves until it is told to stop, and ends in order.
pub async fn serve(setup: &Setup) {
    let (store, orders, journal) = open(setup).await;
    let keys = Idempotency::new(store, "asked");
    let policy = |reading| {
        let scope = Scope::of(|parts| parts.extensions.get::<Caller>().map(|caller| caller.0.to_owned()));
        let policy = if setup.transactional {
            Policy::transactional(scope)
        } else {
            Policy::at_most_once(scope).resolver(Arc::new(journal.clone()))
        };
        let policy = policy.fingerprint(reading).lease(LEASE).handler_timeout(LEASE).min_entropy(40);
        let policy = policy.body_bytes_max(BODY_BYTES_MAX).answer_bytes_max(ANSWER_BYTES_MAX);
        policy.duplicates(Duplicates::Attach { wait: WAIT })
    };
    let guard = |method, path, policy| keys.route(method, path, policy).expect("a policy that can hold");
    let json = || policy(Reading::json_without(&["/sent_at"]));
    let orders_post = guard(Method::POST, "/orders", json());
    let orders_put = guard(Method::PUT, "/orders", json());
    let guarded = Router::new()
        .route("/orders", post(place).route_layer(orders_post).merge(put(place).route_layer(orders_put)))
        .route("/numbers", post(place).route_layer(guard(Method::POST, "/numbers", json().key_optional())))
        .route("/purchases", post(place).route_layer(guard(Method::POST, "/purchases", json())))
        .route("/pings", post(place).route_layer(guard(Method::POST, "/pings", json())))
        .route("/forms", post(place).route_layer(guard(Method::POST, "/forms", policy(Reading::multipart()))))
        .route_layer(middleware::from_fn(authenticate));
    let app = Router::new().route("/about", get("shop")).route("/effects", get(effects)).merge(guarded);
    let listener = TcpListener::bind(&setup.address).await.expect("a free port");
    let mut stop = signal(SignalKind::terminate()).expect("a process may listen to its signals");
    let stopped = async move { stop.recv().await.map_or((), drop) };
    listen(listener, app.with_state(orders)).with_graceful_shutdown(stopped).await.expect("it serves");
    assert_eq!(keys.drain(LEASE).await.left, 0);
}

/// The store, where orders stand, and the journal of those that do not stand in its database.
async fn open(setup: &Setup) -> (Arc<dyn Store>, Orders, Journal) {
    let folder = Path::new(&setup.folder);
    let journal = Journal::open(folder).expect("a folder");
    let file = folder.join("away");
    let away = |orders: Orders| if setup.transactional { orders } else { Orders::Journal(journal.clone()) };
    let (store, orders): (Arc<dyn Store>, _) = match setup.store.as_str() {
        "memory" => (Arc::new(Away { store: Memory::new(), file }), Orders::Journal(journal.clone())),
        "redis" => {
            let (url, prefix) = setup.url.split_once(' ').expect("an address and a prefix");
            (Arc::new(Away { store: Server::store_at(url, prefix).await, file }), Orders::Journal(journal.clone()))
        }
        "sqlite" => {
            let options = SqliteConnectOptions::new().filename(&setup.url).create_if_missing(true);
            let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(Duration::from_secs(10));
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await;
            let pool = pool.expect("the file can be opened");
            let store = Sqlite::new(pool.clone());
            store.migrate().await.expect("a table");
            (Arc::new(Away { store, file }), away(Orders::Sqlite(pool)))
        }
        "postgres" => {
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(&setup.url).await;
            let pool = pool.expect("the server is there");
            let store = Postgres::new(pool.clone());
            store.migrate().await.expect("a table");
            (Arc::new(Away { store, file }), away(Orders::Postgres(pool)))
        }
        _ => {
            let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS).connect(&setup.url).await;
            let pool = pool.expect("the server is there");
            let store = Mysql::new(pool.clone());
            store.migrate().await.expect("a table");
            (Arc::new(Away { store, file }), away(Orders::MariaDb(pool)))
        }
    };
    orders.migrate().await.expect("a table");
    (store, orders, journal)
}

async fn authenticate(mut request: Request, next: Next) -> Response {
    let credential = request.headers().get("authorization").map(HeaderValue::as_bytes);
    let caller = match credential {
        Some(b"Bearer alice") => Caller("alice"),
        Some(b"Bearer bob") => Caller("bob"),
        _ => return StatusCode::UNAUTHORIZED.into_response(),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

async fn effects(State(orders): State<Orders>) -> Result<String, StatusCode> {
    let count = orders.count().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(json!({"count": count}).to_string())
}

async fn place(State(orders): State<Orders>, claim: Option<Claim>, uri: Uri, head: HeaderMap, body: Bytes) -> Response {
    let pause = head.get("x-slow").and_then(|value| value.to_str().ok()?.parse().ok());
    // Who is slow is so before the effect, and between the effect and the record: there it is killed.
    let pause = pause.map_or(Duration::ZERO, Duration::from_millis) / 2;
    tokio::time::sleep(pause).await;
    assert!(!head.contains_key("x-panic"), "it was asked to");
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let quantity = asked["quantity"].as_f64().unwrap_or(1.0);
    if quantity < 1.0 {
        return NotStarted((StatusCode::UNPROCESSABLE_ENTITY, "the quantity is 1 at least")).into_response();
    }
    let name = Orders::name();
    let (order, response) = match (uri.path(), quantity) {
        ("/pings", _) => (Some(name.as_str()), StatusCode::NO_CONTENT.into_response()),
        (_, 999.0) => (None, (StatusCode::CONFLICT, "sold out").into_response()),
        (_, 500.0) => (Some(name.as_str()), placed(&name, &" ".repeat(ANSWER_BYTES_MAX))),
        _ => (Some(name.as_str()), placed(&name, "")),
    };
    match orders.place(claim, order, response, pause).await {
        Ok(response) => response,
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

fn placed(name: &str, padding: &str) -> Response {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("location", format!("/orders/{name}")),
        ("etag", "\"1\"".to_owned()),
        ("link", "</orders>; rel=\"collection\"".to_owned()),
        ("link", "</about>; rel=\"about\"".to_owned()),
        ("set-cookie", "visit=1".to_owned()),
    ];
    let mut response = (StatusCode::CREATED, json!({"order_no": name}).to_string() + padding).into_response();
    response.headers_mut().remove("content-type");
    for (header, value) in headers {
        let value = HeaderValue::try_from(value).expect("visible ASCII");
        response.headers_mut().append(HeaderName::from_static(header), value);
    }
    response
}
