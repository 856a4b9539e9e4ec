//! Owns the lock within this process: names spread over stripes, and a queue for each name that is waited for.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::guard::{End, Standing};
use super::{Guard, Keep, Lock, NotAcquired, Terms};

const STRIPES: usize = 64;
/// How many may wait for one name; who comes then is refused at once.
pub const WAITING_MAX: usize = 4_096;

/// A lock among the tasks of this process, and of nobody else. Those who wait for one name are served in the order in which
/// they came; those of different names do not wait for each other.
///
/// Nothing is lost while a guard lives, unless the terms say [`Keep::OneLease`]. Its fence grows over all names and guards
/// of this lock, and means nothing to another process or after a restart.
#[derive(Clone)]
pub struct StripedLock(Arc<Inside>);

struct Inside {
    stripes: Box<[Mutex<Stripe>]>,
    hasher: RandomState,
    fence: AtomicI64,
}

/// The names that are held, each with who waits for it.
type Stripe = HashMap<Arc<str>, VecDeque<oneshot::Sender<Place>>>;

/// A name that is held; dropping it lets the next one in.
pub(super) struct Place {
    seat: Arc<Mutex<Option<Seat>>>,
    /// Where it is for one lease only: what ends with it is not waited for until the lease would have.
    clock: Option<oneshot::Sender<()>>,
}

/// The same without an end of its own.
struct Seat {
    lock: Arc<Inside>,
    name: Arc<str>,
}

impl StripedLock {
    /// A lock of its own, with names of its own.
    pub fn new() -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self(Arc::new(Inside { stripes, hasher: RandomState::new(), fence: AtomicI64::new(0) }))
    }

    async fn place(&self, name: &str, deadline: Instant) -> Option<Place> {
        let turn = match self.0.enter(name, deadline)? {
            Entered::Free(name) => return Some(Place::new(Seat { lock: Arc::clone(&self.0), name })),
            Entered::Queued(turn) => turn,
        };
        // Who gives up drops the receiver, and a place that is in it already goes on to the next.
        timeout_at(deadline, turn).await.ok()?.ok()
    }
}

impl Default for StripedLock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Lock for StripedLock {
    async fn acquire(&self, name: &str, terms: Terms) -> Result<Guard, NotAcquired> {
        let mut place = self.place(name, terms.deadline()).await.ok_or(NotAcquired::Held)?;
        let fence = self.0.fence.fetch_add(1, Ordering::Relaxed) + 1;
        let until = (terms.keep == Keep::OneLease).then(|| Instant::now() + terms.lease());
        let standing = Standing::new(until);
        if let Some(until) = until {
            let (clock, ended) = oneshot::channel();
            place.clock = Some(clock);
            tokio::spawn(run_out(Arc::downgrade(&place.seat), Arc::downgrade(&standing), (until, ended)));
        }
        Ok(Guard::new(name, Some(fence), standing, End::Place(place)))
    }
}

enum Entered {
    Free(Arc<str>),
    Queued(oneshot::Receiver<Place>),
}

impl Inside {
    fn stripe(&self, name: &str) -> &Mutex<Stripe> {
        let sum = usize::try_from(self.hasher.hash_one(name) % STRIPES as u64).expect("it is less than the stripes");
        &self.stripes[sum]
    }

    /// `None` where it is held and nobody may wait.
    fn enter(&self, name: &str, deadline: Instant) -> Option<Entered> {
        let mut stripe = self.stripe(name).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = stripe.get_mut(name) {
            if waiting.len() >= WAITING_MAX {
                waiting.retain(|turn| !turn.is_closed());
            }
            if waiting.len() >= WAITING_MAX || deadline <= Instant::now() {
                return None;
            }
            let (turn, mine) = oneshot::channel();
            waiting.push_back(turn);
            return Some(Entered::Queued(mine));
        }
        let name: Arc<str> = name.into();
        stripe.insert(Arc::clone(&name), VecDeque::new());
        Some(Entered::Free(name))
    }

    /// The first who still waits, or nobody, and the name is free.
    fn next(&self, name: &Arc<str>) -> Option<oneshot::Sender<Place>> {
        let mut stripe = self.stripe(name).lock().unwrap_or_else(PoisonError::into_inner);
        match stripe.entry(Arc::clone(name)) {
            Entry::Vacant(_) => None,
            Entry::Occupied(mut held) => {
                let next = held.get_mut().pop_front();
                if next.is_none() {
                    held.remove();
                }
                next
            }
        }
    }
}

impl Place {
    fn new(seat: Seat) -> Self {
        Self { seat: Arc::new(Mutex::new(Some(seat))), clock: None }
    }

    /// Lets the next one in; false where that has happened, because the lease ran out.
    pub(super) fn give_back(&self) -> bool {
        give_back(&self.seat)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn give_back(place: &Mutex<Option<Seat>>) -> bool {
    let taken = place.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut seat) = taken else { return false };
    while let Some(turn) = seat.lock.next(&seat.name) {
        match turn.send(Place::new(seat)) {
            Ok(()) => return true,
            // Nobody waits there any more.
            Err(back) => match back.seat.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(again) => seat = again,
                None => return true,
            },
        }
    }
    true
}

/// Ends a hold that is for one lease only: at that moment, and not if its place has ended before.
async fn run_out(
    place: Weak<Mutex<Option<Seat>>>,
    standing: Weak<Standing>,
    (until, ended): (Instant, oneshot::Receiver<()>),
) {
    if timeout_at(until, ended).await.is_ok() {
        return;
    }
    let (Some(place), Some(standing)) = (place.upgrade(), standing.upgrade()) else { return };
    standing.lost.cancel();
    give_back(&place);
}
