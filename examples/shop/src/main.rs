//! A shop whose orders and payments no retry doubles. This file owns its settings, its start and its end; what a key
//! promises on which route stands in `routes`.

mod caller;
mod orders;
mod page;
mod payment;
mod problem;
mod provider;
mod routes;

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use idempotency::layer::Idempotency;
use idempotency::store::Postgres;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{interval, sleep};

use provider::Provider;

/// What is begun has so long to end when the shop is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// So often, what nobody can ask for any more is removed.
const PURGE_EVERY: Duration = Duration::from_mins(10);

/// What every request needs.
#[derive(Clone)]
pub struct Shop {
    /// Where orders and keys stand.
    pub pool: PgPool,
    /// Where charges do.
    pub provider: Provider,
    /// Whose secret it is.
    pub accounts: Arc<HashMap<String, String>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(5)).connect(&env::var("DATABASE_URL")?).await?;
    sqlx::raw_sql(include_str!("tables.sql")).execute(&pool).await?;
    // The keys stand in the same database as the orders: that is what makes one transaction of both.
    let store = Arc::new(Postgres::new(pool.clone()));
    store.migrate().await?;
    let keys = Idempotency::new(store, "shop.example");
    keys.sweep_every(PURGE_EVERY);
    tokio::spawn(purge(pool.clone()));
    let shop = Shop {
        pool: pool.clone(),
        provider: Provider::at(&setting("PROVIDER_URL", "http://127.0.0.1:4001"))?,
        accounts: Arc::new(accounts(&setting("ACCOUNTS", "alice=alices-secret,bob=bobs-secret"))),
    };
    let app = routes::all(&keys, shop)?;
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:4000")).await?;
    tracing::info!("serving at http://{}", listener.local_addr()?);

    let serving = axum::serve(listener, app).with_graceful_shutdown(told_to_stop());
    tokio::select! {
        served = serving => served?,
        // A client that keeps its connection open does not keep the shop open.
        () = async { told_to_stop().await; sleep(DRAIN).await } => {}
    }
    // A request whose client has left still runs in a task of its own.
    let drained = keys.drain(DRAIN).await;
    if drained.left > 0 {
        tracing::warn!(left = drained.left, "requests still run; their keys are free when their leases are over");
    }
    pool.close().await;
    Ok(())
}

fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Secrets and whose they are, from `name=secret,name=secret`. A shop of yours has a table of them, hashed.
fn accounts(text: &str) -> HashMap<String, String> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, secret)| (secret.to_owned(), name.to_owned())).collect()
}

async fn told_to_stop() {
    let mut terminated = signal(SignalKind::terminate()).expect("a process may listen to its signals");
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Removes pages that nobody ordered from.
async fn purge(pool: PgPool) {
    let mut due = interval(PURGE_EVERY);
    loop {
        due.tick().await;
        if let Err(error) = page::purge(&pool).await {
            tracing::warn!(%error, "old pages were not removed");
        }
    }
}
