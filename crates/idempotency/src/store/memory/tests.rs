use bytes::Bytes;

use super::*;
use crate::protocol::Guarantee;
use crate::{Fingerprint, Fingerprints, Key};

fn request(key: &str) -> Request {
    Request {
        name: Name::new("shop", Key::new(key).expect("a good key")).expect("a short scope"),
        fingerprints: Fingerprints { current: Fingerprint { version: 1, digest: [1; 32] }, earlier: None },
        guarantee: Guarantee::Transactional,
        lease: Duration::from_secs(1),
        retention: Duration::from_mins(1),
    }
}

async fn executed(store: &Memory, key: &str) -> Lease {
    match store.begin(&request(key)).await {
        Ok(Begun::Execute(lease)) => lease,
        other => panic!("{key} is not executed: {other:?}"),
    }
}

fn answer() -> Answer {
    Answer { status: 201, headers: vec![], body: Bytes::from_static(b"done") }
}

#[tokio::test(start_paused = true)]
async fn a_transactional_lease_is_purged_when_nobody_came_for_a_day() {
    let store = Memory::new();
    executed(&store, "left").await;
    let outside = Request { guarantee: Guarantee::AtMostOnce, ..request("doubted") };
    assert!(matches!(store.begin(&outside).await, Ok(Begun::Execute(_))));
    let renewed = executed(&store, "renewed").await;
    tokio::time::advance(Duration::from_hours(24)).await;
    assert_eq!(store.purge(10).await.expect("memory is there"), 0, "its lease ended a second later");
    assert_eq!(store.renew(&renewed).await.expect("memory is there"), Written::Done);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(store.purge(10).await.expect("memory is there"), 1);
    assert_eq!(store.standing(&request("left").name).await.expect("memory is there"), None);
    assert_eq!((store.len(), store.doubts(9).await.expect("memory is there").len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_purged_and_counted() {
    let store = Memory::new();
    for key in ["a", "b", "c"] {
        let lease = executed(&store, key).await;
        store.complete(&lease, &answer()).await.expect("memory is there");
    }
    executed(&store, "running").await;
    assert_eq!(store.purge(9).await.expect("memory is there"), 0);
    tokio::time::advance(Duration::from_mins(2)).await;
    assert_eq!(store.purge(2).await.expect("memory is there"), 2);
    assert_eq!((store.purge(9).await.expect("memory is there"), store.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_store_takes_known_keys_and_makes_room_from_what_has_ended() {
    let store = Memory::new().with_records_max(SHARDS);
    let mut leases = Vec::new();
    for key in 0..SHARDS {
        leases.push(executed(&store, &format!("k{key}")).await);
    }
    assert!(matches!(store.begin(&request("one-more")).await, Err(Error::Busy(_))));
    assert_eq!(store.begin(&request("k0")).await.expect("a known key"), Begun::Attach);
    for lease in &leases {
        store.complete(lease, &answer()).await.expect("memory is there");
    }
    tokio::time::advance(Duration::from_mins(2)).await;
    let lease = executed(&store, "one-more").await;
    assert_eq!(store.len(), 1);
    store.release(&lease).await.expect("memory is there");
    assert!(store.is_empty(), "a released record is counted no more");
}
