use sqlx::sqlite::SqlitePoolOptions;

use super::*;
use crate::protocol::Guarantee;
use crate::{Fingerprint, Fingerprints, Key};

async fn store() -> Sqlite {
    // A database in memory is one connection's.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("memory is there");
    let store = Sqlite::new(pool);
    store.migrate().await.expect("the table is made");
    store
}

fn request(lease: Duration) -> Request {
    Request {
        name: Name::new("shop", Key::new("k").expect("a good key")).expect("a short scope"),
        fingerprints: Fingerprints { current: Fingerprint { version: 1, digest: [1; 32] }, earlier: None },
        guarantee: Guarantee::Transactional,
        lease,
        retention: Duration::from_mins(1),
    }
}

fn answer() -> Answer {
    Answer { status: 200, headers: vec![], body: Bytes::new() }
}

async fn execute(store: &Sqlite) -> Lease {
    match store.begin(&request(Duration::ZERO)).await {
        Ok(Begun::Execute(lease)) => lease,
        other => panic!("it is not executed: {other:?}"),
    }
}

/// Claims what was read before `meanwhile` happened.
async fn claimed(store: &Sqlite, meanwhile: impl AsyncFnOnce()) -> Option<i64> {
    let later = request(Duration::from_mins(1));
    let mut session = Session::new(store);
    let read = Records::read(&mut session, &later.name).await.expect("memory is there");
    let from = read.map(|kept| (kept.state, kept.fence));
    drop(session);
    meanwhile().await;
    let claim = Claim { from, fingerprint: later.fingerprints.current };
    Records::claim(&mut Session::new(store), &later, claim).await.expect("memory is there")
}

#[tokio::test]
async fn a_bound_that_no_clock_knows_is_a_day() {
    execute(&store().await.with_bound(Duration::MAX)).await;
}

#[tokio::test]
async fn what_was_read_is_claimed_only_while_it_stands() {
    let first = store().await;
    assert!(claimed(&first, async || ()).await.is_some());
    let taken = store().await;
    assert_eq!(claimed(&taken, async || drop(execute(&taken).await)).await, None, "it was made meanwhile");

    let renewed = store().await;
    let lease = execute(&renewed).await;
    assert!(claimed(&renewed, async || ()).await.is_some(), "it ended, and nobody wrote");
    let renewed = store().await;
    let longer = Lease { length: Duration::from_mins(1), ..execute(&renewed).await };
    let renewal = async || assert_eq!(renewed.renew(&longer).await.expect("memory is there"), Written::Done);
    assert_eq!(claimed(&renewed, renewal).await, None, "its lease was renewed meanwhile");

    let completed = store().await;
    let lease = Lease { fence: execute(&completed).await.fence, ..lease };
    let completion =
        async || assert_eq!(completed.complete(&lease, &answer()).await.expect("memory is there"), Written::Done);
    assert_eq!(claimed(&completed, completion).await, None, "it was completed meanwhile");

    let released = store().await;
    let lease = Lease { fence: execute(&released).await.fence, ..lease };
    let another = async || {
        assert_eq!(released.release(&lease).await.expect("memory is there"), Released::Free);
        execute(&released).await;
    };
    assert_eq!(claimed(&released, another).await, None, "it is another's meanwhile");
}
