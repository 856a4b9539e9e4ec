//! Owns what a bus tells when its Redis is killed, stopped, half dead, or lets messages go.

use std::time::Duration;

use coord::bus::{Heard, RedisBus};
use coord::{Bus, Error};
use tokio::time::{Instant, timeout};

use super::{GAP_BY, bus, gap_by, message, next, until_heard};
use crate::harness::{PASSWORD, PATIENCE, Proxy, Server, impatient};

/// Its waits are those of every day.
fn everyday(url: &str) -> RedisBus {
    RedisBus::open(impatient(url), "bus")
}

#[tokio::test]
async fn a_server_that_was_killed_leaves_a_gap_and_is_heard_again() {
    let mut server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    server.kill();
    // The connection has ended: that is told at once.
    gap_by(&mut listener, Duration::from_secs(1)).await;
    // What is learned meanwhile is not kept for longer, either.
    for _ in 0..4 {
        gap_by(&mut listener, GAP_BY).await;
    }
    let began_at = Instant::now();
    for _ in 0..20 {
        let refused = bus.publish(b"nobody hears").await;
        assert!(matches!(refused, Err(Error::Away { .. })), "{refused:?}");
    }
    assert!(began_at.elapsed() < PATIENCE / 2, "{:?}", began_at.elapsed());
    server.start_again().await;
    until_heard(&bus, &mut listener).await;
    bus.publish(b"again").await.expect("it is said");
    assert_eq!(next(&mut listener).await, message("again"), "no gap is told without need");
}

#[tokio::test]
async fn a_server_that_was_stopped_leaves_a_gap_and_is_heard_again() {
    let server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    server.pause();
    for _ in 0..4 {
        gap_by(&mut listener, GAP_BY).await;
    }
    let began_at = Instant::now();
    let refused = bus.publish(b"late").await;
    assert!(matches!(refused, Err(Error::Away { .. })), "{refused:?}");
    assert!(began_at.elapsed() < PATIENCE / 2, "{:?}", began_at.elapsed());
    server.resume();
    until_heard(&bus, &mut listener).await;
}

/// The listener's connection is silent, as behind a router that has forgotten it; the others' are not.
#[tokio::test]
async fn a_connection_that_only_seems_to_be_there_leaves_a_gap() {
    let server = Server::start().await;
    let proxy = Proxy::start(server.port()).await;
    let (speaker, bus) = (everyday(&server.url()), everyday(&proxy.url()));
    let mut listener = bus.subscribe();
    until_heard(&speaker, &mut listener).await;
    proxy.silence();
    speaker.publish(b"missed").await.expect("it is said");
    gap_by(&mut listener, GAP_BY).await;
    until_heard(&speaker, &mut listener).await;
}

/// What is learned between a subscription and the moment from which the server is heard may be old by then.
#[tokio::test]
async fn a_gap_is_told_when_the_server_begins_to_be_heard() {
    let server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    assert_eq!(next(&mut listener).await, Heard::Gap, "it subscribes");
    gap_by(&mut listener, GAP_BY).await;
    until_heard(&bus, &mut listener).await;
}

/// Also patience with slow answers changes nothing in when a gap is told.
#[tokio::test]
async fn the_bound_is_the_same_for_who_is_patient() {
    let server = Server::start().await;
    let bus = bus(&server.url(), "bus");
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    server.pause();
    for _ in 0..3 {
        gap_by(&mut listener, GAP_BY).await;
    }
}

#[tokio::test]
async fn a_message_that_was_let_go_leaves_a_gap() {
    let server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    // Counted, and not said: with the next check it is missed, and then all is well.
    server.ask::<i64>("INCR bus").await.expect("it answers");
    gap_by(&mut listener, GAP_BY).await;
    bus.publish(b"after").await.expect("it is said");
    assert_eq!(next(&mut listener).await, message("after"));
    // The next message tells it as well, and sooner.
    server.ask::<i64>("INCR bus").await.expect("it answers");
    bus.publish(b"sooner").await.expect("it is said");
    assert_eq!(next(&mut listener).await, Heard::Gap);
    assert_eq!(next(&mut listener).await, message("sooner"));
    // What nobody understands is not passed over.
    server.ask::<i64>("PUBLISH bus@0 nonsense").await.expect("it answers");
    gap_by(&mut listener, GAP_BY).await;
}

#[tokio::test]
async fn a_counter_that_was_lost_leaves_a_gap_with_the_next_message() {
    let server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    bus.publish(b"before").await.expect("it is said");
    assert_eq!(next(&mut listener).await, message("before"));
    server.ask::<String>("FLUSHALL").await.expect("it answers");
    bus.publish(b"after").await.expect("it is said");
    assert_eq!(next(&mut listener).await, Heard::Gap);
    assert_eq!(next(&mut listener).await, message("after"));
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_and_hears_gaps() {
    let server = Server::start().await;
    let bus = everyday(&server.url().replace(PASSWORD, "a-wrong-secret"));
    let mut listener = bus.subscribe();
    for _ in 0..3 {
        gap_by(&mut listener, GAP_BY).await;
    }
    let refused = bus.publish(b"nobody hears").await.expect_err("the password is wrong");
    assert!(matches!(refused, Error::Denied { .. }), "{refused:?}");
    assert!(!format!("{refused:?} {bus:?}").contains("a-wrong-secret"));
}

/// More comes at once than is kept for a listener. What it misses, it is told of.
#[tokio::test]
async fn there_is_no_hole_without_a_gap() {
    let server = Server::start().await;
    let bus = everyday(&server.url());
    let mut listener = bus.subscribe();
    until_heard(&bus, &mut listener).await;
    // In one piece, from one script.
    let script = "for number=1,20000 do redis.call('publish','bus@0',redis.call('incr',KEYS[1])..' '..number) end";
    let script = script.replace(" '..", "'..string.char(32)..").replace(' ', "\t");
    server.ask::<Option<i64>>(&format!("EVAL {script} 1 bus")).await.expect("it answers");
    let (mut last, mut gaps, mut is_excused) = (0, 0, false);
    // The end may be among what is missed; then a check tells it, and nothing more comes.
    while let Ok(heard) = timeout(GAP_BY, listener.next()).await {
        match heard.expect("the bus is there") {
            Heard::Gap => (gaps, is_excused) = (gaps + 1, true),
            Heard::Message(bytes) => {
                let number = String::from_utf8_lossy(&bytes).parse().expect("the script said it");
                assert!(number == last + 1 || (is_excused && number > last), "{number} after {last}");
                (last, is_excused) = (number, false);
            }
        }
    }
    assert!(last == 20_000 || is_excused, "{last} is the last");
    assert!(gaps > 0, "nobody listened while they came");
    bus.publish(b"after").await.expect("it is said");
    assert_eq!(next(&mut listener).await, message("after"));
}
