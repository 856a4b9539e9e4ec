//! Measures what the layer costs, over HTTP on this machine: `cost layer`, `cost replay-sqlite`. Two servers are asked in
//! turns, a second each, by the same lean client. It prints one line of JSON; a run is one round.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, Method, StatusCode};
use idempotency::layer::{Idempotency, Policy, Scope};
use idempotency::protocol::Store;
use idempotency::store::{Memory, Sqlite};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// As in Mideng's own binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each asks again when it has its answer.
const CONNECTIONS: u64 = 16;
/// So long each side is asked at a time, and so often.
const TURN: Duration = Duration::from_secs(1);
const TURNS: usize = 5;
/// Keys of which answers are kept before they are asked for again.
const KEPT: u64 = 1_000;
const BODY: &str = r#"{"customer_id":"c-1001","lines":[{"sku":"A","quantity":1}]}"#;

#[derive(Deserialize)]
struct Wanted {
    customer_id: String,
    lines: Vec<Line>,
}

#[derive(Deserialize, Serialize)]
struct Line {
    sku: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Order {
    number: String,
    customer_id: String,
    lines: Vec<Line>,
}

/// Numbers of keys that are asked for.
struct Keys {
    next: AtomicU64,
    /// So many are asked for again and again; none: each is new.
    again: Option<u64>,
}

fn main() {
    let line = std::env::args().nth(1).unwrap_or_default();
    let servers = runtime(2);
    let folder = tempfile::tempdir().expect("a folder");
    let (with, without, again) = match line.as_str() {
        "layer" => (guarded(Arc::new(Memory::new())), plain(), None),
        "replay-sqlite" => {
            let (store, rows) = servers.block_on(kept_in(folder.path()));
            (guarded(Arc::new(store)), reading(rows), Some(KEPT))
        }
        _ => panic!("say layer or replay-sqlite"),
    };
    let [with, without] = [with, without].map(|app| servers.block_on(serve(app)));
    // The client has a thread of its own, as if it were elsewhere.
    let [with, without] = runtime(1).block_on(async {
        let keys = Arc::new(Keys { next: AtomicU64::new(0), again });
        if again.is_some() {
            let first = Arc::new(Keys { next: AtomicU64::new(0), again: None });
            for _ in 0..KEPT {
                ask(&mut connected(with).await, &mut Vec::new(), &first).await;
            }
        }
        let mut asked = [(0_u64, Duration::ZERO); 2];
        for turn in 0..=TURNS {
            for (side, address) in [with, without].into_iter().enumerate() {
                let (answers, took) = load(address, &keys).await;
                // The first turn is for warming up.
                if turn > 0 {
                    asked[side] = (asked[side].0 + answers, asked[side].1 + took);
                }
            }
        }
        asked.map(|(answers, took)| f64::from(u32::try_from(answers).expect("few")) / took.as_secs_f64())
    });
    println!("{}", json!({ "with": with, "without": without }));
    servers.shutdown_background();
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().expect("a runtime")
}

/// A cheap handler: it reads JSON and answers with JSON.
async fn place(Json(wanted): Json<Wanted>) -> (StatusCode, Json<Order>) {
    let Wanted { customer_id, lines } = wanted;
    (StatusCode::CREATED, Json(Order { number: "ord_0000000000".to_owned(), customer_id, lines }))
}

fn plain() -> Router {
    Router::new().route("/orders", post(place))
}

fn guarded(store: Arc<dyn Store>) -> Router {
    let keys = Idempotency::new(store, "speed.example");
    let policy = Policy::at_most_once(Scope::everybody_is_one_caller());
    let layer = keys.route(Method::POST, "/orders", policy).expect("a policy that can hold");
    Router::new().route("/orders", post(place).route_layer(layer))
}

/// A store, and the same answers in a table beside it.
async fn kept_in(folder: &std::path::Path) -> (Sqlite, SqlitePool) {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("speed.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = || SqlitePoolOptions::new().max_connections(4).test_before_acquire(false).connect_with(options.clone());
    let (store, rows) = (pool().await.expect("a database"), pool().await.expect("a database"));
    let store = Sqlite::new(store);
    store.migrate().await.expect("a table");
    sqlx::query("CREATE TABLE answers (key_text BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        .execute(&rows)
        .await
        .expect("a table");
    let body = serde_json::to_vec(&Order {
        number: "ord_0000000000".to_owned(),
        customer_id: "c-1001".to_owned(),
        lines: vec![Line { sku: "A".to_owned(), quantity: 1 }],
    });
    let body = body.expect("it is JSON");
    for number in 0..KEPT {
        let insert = sqlx::query("INSERT INTO answers (key_text, body) VALUES (?, ?)");
        insert.bind(key(number).into_bytes()).bind(body.clone()).execute(&rows).await.expect("a row");
    }
    (store, rows)
}

/// Reads one row by its key, and does nothing else.
fn reading(rows: SqlitePool) -> Router {
    async fn read(State(rows): State<SqlitePool>, headers: HeaderMap) -> (StatusCode, Vec<u8>) {
        let key = headers.get("idempotency-key").expect("the client sends one").as_bytes().to_vec();
        let query = sqlx::query_scalar("SELECT body FROM answers WHERE key_text = ?").bind(key);
        (StatusCode::CREATED, query.fetch_one(&rows).await.expect("a row"))
    }
    Router::new().route("/orders", post(read)).with_state(rows)
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn key(number: u64) -> String {
    format!("8e03978e-40d5-43e8-bc93-{number:012}")
}

async fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the server is there");
    stream.set_nodelay(true).expect("it can be set");
    stream
}

/// How many answers came in a turn.
async fn load(address: SocketAddr, keys: &Arc<Keys>) -> (u64, Duration) {
    let began_at = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let keys = Arc::clone(keys);
        clients.spawn(async move {
            let (mut stream, mut answer, mut answers) = (connected(address).await, Vec::new(), 0);
            while began_at.elapsed() < TURN {
                ask(&mut stream, &mut answer, &keys).await;
                answers += 1;
            }
            answers
        });
    }
    let answers = clients.join_all().await.into_iter().sum();
    (answers, began_at.elapsed())
}

/// Sends a request under the next key, and reads the whole answer.
async fn ask(stream: &mut TcpStream, answer: &mut Vec<u8>, keys: &Keys) {
    let number = keys.next.fetch_add(1, Ordering::Relaxed);
    let key = key(keys.again.map_or(number, |again| number % again));
    let length = BODY.len();
    let request = format!(
        "POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
         content-length: {length}\r\n\r\n{BODY}"
    );
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    answer.clear();
    while !is_whole(answer) {
        assert!(stream.read_buf(answer).await.expect("the server answers") > 0, "the server hung up");
    }
    assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(answer));
    let is_replay = answer.windows(19).any(|bytes| bytes == b"idempotent-replayed");
    assert!(keys.again.is_some() || !is_replay, "a new key is executed");
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head_text = std::str::from_utf8(&answer[..head]).expect("headers are text");
    let length = head_text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("it has a length");
    answer.len() == head + 4 + length.parse::<usize>().expect("a number")
}
