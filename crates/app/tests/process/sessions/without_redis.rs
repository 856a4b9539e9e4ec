//! Sessions while Redis is away altogether: they work, and what was ended is over as soon as nobody remembers it.

use tokio::time::Instant;

use super::{House, REMEMBERED, Watch, out_within};
use crate::harness::{Database, Kind, Redis, on_every_server};

on_every_server!(sessions_work_and_end_while_redis_is_dead, sessions_work_and_end_while_redis_is_silent);

async fn sessions_work_and_end_while_redis_is_dead(kind: Kind) {
    let mut redis = Redis::start().await;
    let house = House::open(Database::new(kind), &redis).await;
    house.add("anna").await;
    let session = house.log_in("anna").await;
    let watch = Watch::begin(&house, &session);
    watch.goes_on(5).await;
    redis.kill().await;
    // For longer than anything is remembered.
    watch.goes_on(100).await;
    let sent_at = Instant::now();
    let ended_at = house.end(&session).await;
    watch.is_refused(10).await;
    // It comes back empty.
    redis.start_again().await;
    watch.is_refused(100).await;
    out_within(REMEMBERED, &watch.end().await, (sent_at, ended_at));
    house.log_in("anna").await;
    house.close().await;
}

/// Nobody is told that it is away: each question waits for as long as an answer may take.
async fn sessions_work_and_end_while_redis_is_silent(kind: Kind) {
    let redis = Redis::start().await;
    let house = House::open(Database::new(kind), &redis).await;
    house.add("anna").await;
    let session = house.log_in("anna").await;
    let watch = Watch::begin(&house, &session);
    watch.goes_on(5).await;
    redis.stop().await;
    watch.goes_on(100).await;
    let sent_at = Instant::now();
    let ended_at = house.end(&session).await;
    watch.is_refused(10).await;
    // It goes on where it stood, and hears late what it was told meanwhile.
    redis.resume().await;
    watch.is_refused(100).await;
    out_within(REMEMBERED, &watch.end().await, (sent_at, ended_at));
    house.log_in("anna").await;
    house.close().await;
}
