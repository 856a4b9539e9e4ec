//! Owns what happens by itself when its time comes: payments, refunds that end, charges that expire. It does not know
//! what follows from them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock;
use crate::world::World;

/// What is due, with the provider's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Pay(String),
    Expire(String),
    Refund(String),
}

/// What is due, and when.
#[derive(Default)]
pub(crate) struct Agenda {
    dues: Mutex<BTreeSet<(i64, Due)>>,
    earlier: Notify,
}

impl Agenda {
    pub(crate) fn note(&self, dues: Vec<(i64, Due)>) {
        if !dues.is_empty() {
            self.lock().extend(dues);
            self.earlier.notify_one();
        }
    }

    /// What is due by now, or how long there is nothing.
    fn take(&self, now: i64) -> Result<Vec<Due>, Duration> {
        let mut dues = self.lock();
        let mut taken = Vec::new();
        while let Some((at, _)) = dues.first() {
            if *at > now {
                let wait = Duration::from_millis(u64::try_from(at - now).unwrap_or_default());
                return if taken.is_empty() { Err(wait) } else { Ok(taken) };
            }
            taken.extend(dues.pop_first().map(|(_, due)| due));
        }
        if taken.is_empty() { Err(Duration::from_hours(1)) } else { Ok(taken) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(i64, Due)>> {
        self.dues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
            Err(wait) => {
                // An hour at most: the clock may be set.
                let wait = wait.min(Duration::from_hours(1));
                let _ = tokio::time::timeout(wait, world.agenda.earlier.notified()).await;
            }
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
