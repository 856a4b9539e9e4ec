//! Owns doing what happens by itself, when its time comes. It does not know what follows from it.

use crate::agenda::Due;
use crate::clock;
use crate::world::World;

/// Does what is due, for ever.
pub(crate) async fn keep(world: &World) {
    loop {
        match world.agenda.take(clock::now()) {
            Ok(dues) => {
                for due in dues {
                    attend(world, &due);
                }
                tokio::task::yield_now().await;
            }
            Err(wait) => world.agenda.rest(wait).await,
        }
    }
}

fn attend(world: &World, due: &Due) {
    world.turn(|turn| match due {
        // Paid, refused or closed meanwhile: then this is over.
        Due::Pay(charge_no) => drop(turn.pay(charge_no)),
        Due::Expire(charge_no) => drop(turn.close(charge_no, Some("expired"))),
        Due::Refund(refund_no) => turn.end_refund(refund_no),
    });
}
