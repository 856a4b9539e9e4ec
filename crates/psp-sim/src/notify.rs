//! Owns the way of a callback: when it leaves, whether it was taken, and when it leaves again. It does not know what
//! stands in it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::book::{Letter, Record, Twist};
use crate::clock;
use crate::post::AT_ONCE;
use crate::protocols;
use crate::world::World;

/// Sends what is due, for ever.
pub(crate) async fn keep(world: &Arc<World>, tracker: &TaskTracker) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        match world.post.due() {
            Ok(letters) => {
                for letter in letters {
                    let Ok(place) = places.clone().acquire_owned().await else { return };
                    let world = Arc::clone(world);
                    tracker.spawn(async move {
                        attempt(&world, letter).await;
                        drop(place);
                    });
                }
            }
            Err(wait) => world.post.rest(wait).await,
        }
    }
}

async fn attempt(world: &World, mut letter: Letter) {
    // Nobody is told of what is not on the disk.
    if world.book.settled().await.is_err() {
        return;
    }
    let protocol = protocols::of(letter.kind);
    let at = clock::now();
    let mut answer = world.post.send(&letter.url, protocols::parcel(world, &letter)).await;
    if let (Ok((_, body)), 0, true) = (&mut answer, letter.attempts, letter.is(Twist::Answer)) {
        body.push(b'?');
    }
    letter.attempts += 1;
    let taken = answer.as_ref().is_ok_and(|(status, body)| protocol.is_taken(*status, body));
    let again = usize::try_from(letter.attempts - 1).ok().and_then(|at| protocol.redelivery().get(at));
    let again = again.copied().filter(|_| !taken);
    let sent = Record::Sent { number: letter.number, attempts: letter.attempts, done: again.is_none() };
    world.book.change(|pages| pages.write(sent));
    tracing::debug!(kind = %letter.kind, event = letter.name, attempts = letter.attempts, taken, "a callback was sent");
    world.post.tried(letter, at, answer, (taken, again));
}
