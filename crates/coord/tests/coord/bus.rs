//! Owns the contract over every bus, and that nodes hear each other soon.

mod outages;
mod places;

use std::collections::VecDeque;
use std::time::Duration;

use coord::bus::{BACKLOG_MAX, GAP_WITHIN, Heard, LocalBus, MESSAGE_MAX, RedisBus, Subscription};
use coord::{Bus, Error};
use tokio::time::{Instant, timeout};

use crate::harness::{PATIENCE, client, name, variable};

/// By which a gap is told, on a machine that is busy.
const GAP_BY: Duration = GAP_WITHIN.saturating_add(Duration::from_secs(1));

fn bus(url: &str, name: &str) -> RedisBus {
    RedisBus::open(client(url), name)
}

fn message(bytes: impl AsRef<[u8]>) -> Heard {
    Heard::Message(bytes.as_ref().to_vec().into())
}

async fn next(listener: &mut Subscription) -> Heard {
    timeout(PATIENCE, listener.next()).await.expect("something comes").expect("the bus is there")
}

/// The next message; the gaps before it do not matter here.
async fn next_message(listener: &mut Subscription) -> Heard {
    timeout(PATIENCE, async {
        loop {
            match next(listener).await {
                Heard::Gap => {}
                heard @ Heard::Message(_) => return heard,
            }
        }
    })
    .await
    .expect("a message comes")
}

/// One says it again and again until the other hears: from then on nothing that it heard before is on its way.
async fn until_heard(from: &impl Bus, listener: &mut Subscription) {
    until_all_hear(from, [listener]).await;
}

/// The same for several. A probe that one of them hears may still be on its way to the others, so it is one for all.
async fn until_all_hear<const N: usize>(from: &impl Bus, mut listeners: [&mut Subscription; N]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "it is not heard");
        let probe = name("probe");
        let heard = async {
            for listener in &mut listeners {
                while next(listener).await != message(&probe) {}
            }
        };
        if from.publish(probe.as_bytes()).await.is_ok() && timeout(Duration::from_secs(1), heard).await.is_ok() {
            return;
        }
    }
}

async fn gap_by(listener: &mut Subscription, bound: Duration) {
    let heard = timeout(bound, listener.next()).await.expect("it is told in time");
    assert_eq!(heard, Some(Heard::Gap));
}

/// Whatever the bus is: two who may be one and the same.
async fn holds(one: &impl Bus, other: &impl Bus) {
    let (mut own, mut listener) = (one.subscribe(), other.subscribe());
    assert_eq!(next(&mut own).await, Heard::Gap);
    assert_eq!(next(&mut listener).await, Heard::Gap);
    until_all_hear(one, [&mut own, &mut listener]).await;

    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(MESSAGE_MAX).collect();
    let said: [&[u8]; 5] = [b"one", b"", b"7 words", &every_byte, b"last"];
    for bytes in said {
        one.publish(bytes).await.expect("it is said");
    }
    for bytes in said {
        assert_eq!(next(&mut own).await, message(bytes), "who says it hears it");
        assert_eq!(next(&mut listener).await, message(bytes), "in the order in which it was said");
    }
    let refused = one.publish(&[&every_byte[..], b"x"].concat()).await;
    assert!(matches!(refused, Err(Error::TooLong { most: MESSAGE_MAX, .. })), "{refused:?}");
    who_is_slow_is_told(one, (own, listener)).await;
}

async fn who_is_slow_is_told(bus: &impl Bus, (mut slow, mut quick): (Subscription, Subscription)) {
    let mut kept = VecDeque::new();
    for number in 0..BACKLOG_MAX + 10 {
        let said = format!("message {number}");
        bus.publish(said.as_bytes()).await.expect("it is said");
        assert_eq!(next(&mut quick).await, message(&said));
        kept.push_back(said);
    }
    assert_eq!(next(&mut slow).await, Heard::Gap);
    // What is left comes without a hole, to the last.
    let Heard::Message(first) = next(&mut slow).await else { panic!("a gap is told once") };
    while kept.front().is_some_and(|said| said.as_bytes() != first) {
        kept.pop_front();
    }
    assert!(kept.len() > BACKLOG_MAX / 2, "{} are left", kept.len());
    for said in kept.iter().skip(1) {
        assert_eq!(next(&mut slow).await, message(said));
    }
}

async fn holds_at(server: &str) {
    let name = name("bus");
    let (one, other) = (bus(server, &name), bus(server, &name));
    holds(&one, &other).await;
}

#[tokio::test]
async fn in_the_process() {
    let bus = LocalBus::new();
    bus.publish(b"nobody listens").await.expect("that is no failure");
    holds(&bus, &bus).await;
}

#[tokio::test]
async fn on_redis() {
    holds_at(&variable("TEST_REDIS_URL")).await;
}

#[tokio::test]
async fn on_redis_with_tls() {
    let authority = variable("TEST_TLS_FOLDER") + "/authority.pem";
    holds_at(&format!("{}?ca={authority}", variable("TEST_REDIS_TLS_URL"))).await;
}

#[tokio::test]
async fn behind_sentinels() {
    holds_at(&variable("TEST_REDIS_SENTINEL_URL")).await;
}

#[tokio::test]
async fn on_a_cluster() {
    holds_at(&variable("TEST_REDIS_CLUSTER_URL")).await;
}

#[tokio::test]
async fn a_bus_that_is_no_more_ends_its_subscriptions() {
    let (local, redis) = (LocalBus::new(), bus(&variable("TEST_REDIS_URL"), &name("bus")));
    let mut of_redis = redis.subscribe();
    until_heard(&redis, &mut of_redis).await;
    for (mut listener, bus) in [(local.subscribe(), Box::new(local) as Box<dyn Bus>), (of_redis, Box::new(redis))] {
        bus.publish(b"last").await.expect("it is said");
        assert_eq!(next_message(&mut listener).await, message("last"));
        drop(bus);
        assert_eq!(timeout(PATIENCE, listener.next()).await.expect("it ends"), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_hear_each_other_within_a_tenth_of_a_second() {
    let name = name("bus");
    let nodes = [(); 2].map(|()| bus(&variable("TEST_REDIS_URL"), &name));
    let mut listeners = [nodes[0].subscribe(), nodes[1].subscribe()];
    until_all_hear(&nodes[0], listeners.each_mut()).await;
    let mut waits = Vec::new();
    for number in 0..40 {
        let (from, to) = (number % 2, (number + 1) % 2);
        let (said, said_at) = (format!("message {number}"), Instant::now());
        nodes[from].publish(said.as_bytes()).await.expect("it is said");
        assert_eq!(next_message(&mut listeners[to]).await, message(&said));
        waits.push(said_at.elapsed());
        assert_eq!(next_message(&mut listeners[from]).await, message(&said));
    }
    // The machine may be busy for a moment, and not for most of them.
    waits.sort();
    assert!(waits[waits.len() / 2] < Duration::from_millis(100), "{waits:?}");
}

/// Channels are shared by all databases of a server, and their counters are not: one would see gaps in the other's.
#[tokio::test]
async fn databases_of_one_server_do_not_hear_each_other() {
    let (name, url) = (name("bus"), variable("TEST_REDIS_URL"));
    let (here, there) = (bus(&url, &name), bus(&format!("{url}/3"), &name));
    let (mut listener, mut other) = (here.subscribe(), there.subscribe());
    until_heard(&here, &mut listener).await;
    until_heard(&there, &mut other).await;
    listener = here.subscribe();
    assert_eq!(next(&mut listener).await, Heard::Gap);
    there.publish(b"there").await.expect("it is said");
    assert_eq!(next_message(&mut other).await, message("there"));
    here.publish(b"here").await.expect("it is said");
    assert_eq!(next(&mut listener).await, message("here"));
}
