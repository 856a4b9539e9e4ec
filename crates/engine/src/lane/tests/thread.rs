//! Owns what is expected of a lane on a thread of its own: it ends in order, and its death is noticed.

use std::collections::BTreeSet;

use domain::Needs;

use crate::sample::{LONG, Plain, movement, word};
use crate::{Commit, Engine, Executor, Fault, Options, Scope, Snapshot, Standing, Storage};

/// A storage that forgets, or breaks down.
struct Simple {
    is_broken: bool,
}

impl Storage for Simple {
    type Transaction = ();

    async fn load(&self, _needs: &Needs, _scopes: &BTreeSet<Scope>) -> Result<((), Snapshot), Fault> {
        assert!(!self.is_broken, "a bug of the storage");
        Ok(((), Snapshot::default()))
    }

    async fn commit(&self, _transaction: (), _commit: &Commit) -> Result<(), Fault> {
        Ok(())
    }
}

#[tokio::test]
async fn a_closed_lane_finishes_what_it_took_and_ends() {
    let storage = Simple { is_broken: false };
    let (engine, ended) = Engine::start_thread(storage, Executor::new(Plain), Options::default()).expect("a thread");
    let tickets: Vec<_> =
        (0..40).map(|id| engine.submit(movement(id, 1, &format!("k{id}"), 1)).expect("there is room")).collect();
    engine.close();
    for ticket in tickets {
        assert_eq!(word(&ticket.wait(LONG).await), "Executed");
    }
    let _ended = tokio::time::timeout(LONG, ended).await.expect("the thread ends");
    assert_eq!(engine.standing(), Standing::Closed);
}

#[tokio::test]
async fn a_lane_that_panics_leaves_nobody_waiting() {
    let storage = Simple { is_broken: true };
    let (engine, ended) = Engine::start_thread(storage, Executor::new(Plain), Options::default()).expect("a thread");
    let ticket = engine.submit(movement(1, 1, "k", 1)).expect("there is room");
    let told = word(&ticket.wait(LONG).await);
    assert!(matches!(&*told, "Pending" | "Stopped"), "{told}");
    let _ended = tokio::time::timeout(LONG, ended).await.expect("the thread ends");
    assert_eq!(engine.standing(), Standing::Stopped);
    assert!(engine.submit(movement(2, 1, "l", 1)).is_err());
}

/// Both lanes wait for the same storage, so that neither holds up the thread.
#[tokio::test]
async fn lanes_that_share_a_thread_work_at_the_same_time() {
    let options = Options { lanes: 2, runs_first: true, ..Options::default() };
    let meeting = Meeting(tokio::sync::Barrier::new(2));
    let (engine, ended) = Engine::start_thread(meeting, Executor::new(Plain), options).expect("a thread");
    let first = engine.submit(movement(1, 1, "k", 1)).expect("there is room");
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let second = engine.submit(movement(2, 1, "l", 1)).expect("there is room");
    let soon = std::time::Duration::from_secs(5);
    assert_eq!((word(&first.wait(soon).await), word(&second.wait(soon).await)), ("Executed".into(), "Executed".into()));
    engine.close();
    let _ended = tokio::time::timeout(LONG, ended).await.expect("the thread ends");
}

/// A storage that commits two batches together, or none.
struct Meeting(tokio::sync::Barrier);

impl Storage for Meeting {
    type Transaction = ();

    async fn load(&self, _needs: &Needs, _scopes: &BTreeSet<Scope>) -> Result<((), Snapshot), Fault> {
        Ok(((), Snapshot::default()))
    }

    async fn commit(&self, _transaction: (), _commit: &Commit) -> Result<(), Fault> {
        self.0.wait().await;
        Ok(())
    }
}
