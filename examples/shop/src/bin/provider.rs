//! A stand-in for a payment provider: it remembers each number that it was asked under, and what came of it. It forgets
//! everything when it ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

/// More than this is declined.
const AMOUNT_CENTS_MAX: i64 = 50_000;
/// A sum that ends so is charged, and the answer comes later than anybody waits.
const SILENT_CENTS: i64 = 99;
const SILENT_FOR: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Asked {
    amount_cents: i64,
}

/// Amounts by number.
type Book = Arc<Mutex<BTreeMap<String, i64>>>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4001".to_owned());
    let app = Router::new()
        .route("/charges", post(charge).get(total))
        .route("/charges/{number}", get(find))
        .with_state(Book::default());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}

async fn charge(State(book): State<Book>, headers: HeaderMap, Json(asked): Json<Asked>) -> (StatusCode, Json<Value>) {
    let Some(number) = headers.get("idempotency-key").and_then(|value| value.to_str().ok()) else {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "a number is missing"})));
    };
    let (amount, is_new) = {
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !book.contains_key(number);
        (*book.entry(number.to_owned()).or_insert(asked.amount_cents), is_new)
    };
    if is_new && amount % 100 == SILENT_CENTS {
        tokio::time::sleep(SILENT_FOR).await;
    }
    outcome(amount)
}

async fn find(State(book): State<Book>, Path(number): Path<String>) -> (StatusCode, Json<Value>) {
    let amount = book.lock().unwrap_or_else(PoisonError::into_inner).get(&number).copied();
    amount.map_or((StatusCode::NOT_FOUND, Json(json!({"error": "no such charge"}))), outcome)
}

/// How many charges there are, and what they come to.
async fn total(State(book): State<Book>) -> Json<Value> {
    let book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let charged: Vec<i64> = book.values().copied().filter(|amount| *amount <= AMOUNT_CENTS_MAX).collect();
    Json(json!({"count": charged.len(), "amount_cents": charged.iter().sum::<i64>()}))
}

fn outcome(amount_cents: i64) -> (StatusCode, Json<Value>) {
    if amount_cents > AMOUNT_CENTS_MAX {
        return (StatusCode::PAYMENT_REQUIRED, Json(json!({"state": "declined"})));
    }
    (StatusCode::CREATED, Json(json!({"state": "charged", "amount_cents": amount_cents})))
}
