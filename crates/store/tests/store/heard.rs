//! Owns what listening to a store's statements hears: its work, and nothing of how a connection is set up.

use crate::capture;
use crate::ground::{Ground, Kind, on_every_database};

on_every_database!(what_sets_up_a_connection_is_not_heard);

/// What the drivers say by themselves, and what the store does.
async fn what_sets_up_a_connection_is_not_heard(kind: Kind) {
    let ground = Ground::new(kind).await;
    let (store, statements) = capture::statements(ground.store()).await;
    store.close().await;
    assert_eq!(statements, Vec::<String>::new());
    let one = async { ground.connect().await.cells("select 1").await };
    let (_, statements) = capture::statements(one).await;
    assert_eq!(statements, ["select 1"]);
}
