//! A session that was ended, and a Redis that knows nothing of it any more.

use tokio::time::Instant;

use super::{GRACE, House, REMEMBERED, SHARED, Session, Watch, out_within};
use crate::harness::{Database, Kind, Redis, on_every_server, until};

on_every_server!(
    an_ended_session_is_over_at_once_where_redis_is_well,
    an_ended_session_stays_over_when_redis_forgets,
    an_ended_session_stays_over_through_a_fail_over_to_a_stale_replica,
);

/// The news are faster than anybody forgets by themselves.
async fn an_ended_session_is_over_at_once_where_redis_is_well(kind: Kind) {
    let redis = Redis::start().await;
    let house = House::open(Database::new(kind), &redis).await;
    house.add("anna").await;
    for _ in 0..10 {
        let session = house.log_in("anna").await;
        let watch = Watch::begin(&house, &session);
        watch.goes_on(5).await;
        let before = Instant::now();
        let ended_at = house.end(&session).await;
        watch.is_refused(3).await;
        out_within(std::time::Duration::ZERO, &watch.end().await, (before, ended_at));
    }
    house.close().await;
}

async fn an_ended_session_stays_over_when_redis_forgets(kind: Kind) {
    let redis = Redis::start().await;
    let house = House::open(Database::new(kind), &redis).await;
    house.add("anna").await;
    let session = house.log_in("anna").await;
    let watch = Watch::begin(&house, &session);
    watch.goes_on(5).await;
    redis.ask("FLUSHALL").await;
    watch.goes_on(5).await;
    let before = Instant::now();
    let ended_at = house.end(&session).await;
    for _ in 0..10 {
        redis.ask("FLUSHALL").await;
        watch.is_refused(3).await;
    }
    out_within(REMEMBERED, &watch.end().await, (before, ended_at));
    house.close().await;
}

/// The replica has the session as it was, and hears nothing of its end. Then it is the master, for every server.
async fn an_ended_session_stays_over_through_a_fail_over_to_a_stale_replica(kind: Kind) {
    let (master, replica) = (Redis::start().await, Redis::start().await);
    let house = House::open(Database::new(kind), &master).await;
    replica.follow(&master).await;
    house.add("anna").await;
    let session = house.log_in("anna").await;
    let watch = Watch::begin(&house, &session);
    watch.goes_on(5).await;
    has_just_heard(&replica, &session).await;
    replica.cut_off().await;
    let before = Instant::now();
    let ended_at = house.end(&session).await;
    replica.ask("REPLICAOF NO ONE").await;
    for way in &house.ways {
        way.turn_to(&replica);
    }
    // What is old has gone from everywhere then, and nothing comes back.
    let over = ended_at + SHARED + REMEMBERED + GRACE;
    while Instant::now() < over {
        watch.is_refused(1).await;
    }
    watch.is_refused(20).await;
    out_within(SHARED + REMEMBERED, &watch.end().await, (before, ended_at));
    // The new master is asked by all, and who comes in again is in.
    let again = house.log_in("anna").await;
    until("it is shared there", || async { !replica.ask(&keys(&again)).await.is_empty() }).await;
    house.close().await;
}

/// The session has just been put there, so that it stands for most of its time.
async fn has_just_heard(redis: &Redis, session: &Session) {
    until("the session is there, and new", || async {
        let key = redis.ask(&keys(session)).await;
        !key.is_empty() && redis.ask(&format!("PTTL {key}")).await.parse::<i64>().is_ok_and(|left| left > 1_500)
    })
    .await;
}

fn keys(session: &Session) -> String {
    format!("KEYS mideng:*:session:*{}", session.id)
}
