//! Owns the removal of what has ended: as often as was said, and no longer than the service lives.

use std::time::Duration;

use crate::faulty::{Fault, Op};
use crate::harness::{World, once, place, until};

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_swept_until_the_end() {
    let world = World::default();
    let node = world.orders(once().retention(Duration::from_mins(10)));
    for key in 0..1_500 {
        place(&key.to_string()).send(&node).await.expect(201, "executed");
    }
    // A store that is away for a while costs one round.
    world.store.fails(Op::Purge, Fault::Down, 1);
    node.idempotency.sweep_every(Duration::from_mins(1));
    assert_eq!(node.idempotency.running(), 0, "it is no request");
    tokio::time::sleep(Duration::from_mins(9)).await;
    assert_eq!(world.store.memory.len(), 1_500);
    tokio::time::sleep(Duration::from_mins(3)).await;
    assert!(world.store.memory.is_empty(), "{} are left", world.store.memory.len());
    assert_eq!(node.idempotency.drain(Duration::from_secs(1)).await.left, 0);
    nobody_asks(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_sweeper_ends_with_its_service() {
    let world = World::default();
    let node = world.plain();
    node.idempotency.sweep_every(Duration::ZERO);
    until("it sweeps", || world.store.asked(Op::Purge) > 2).await;
    drop(node);
    tokio::time::sleep(Duration::from_secs(2)).await;
    nobody_asks(&world).await;
}

async fn nobody_asks(world: &World) {
    let asked = world.store.asked(Op::Purge);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(world.store.asked(Op::Purge), asked, "it goes on");
}
