//! Performs what is to be done outside once it is committed, and brings the answers back as commands. It decides
//! nothing: what a channel said, or did not say, goes through the rules.
//!
//! Messages lie in lanes, by their payment. A node empties the lanes that it holds a lease of; whoever takes over a lane
//! raises its epoch, and who writes under an older one writes nothing. A message may be performed more than once; it is
//! asked for under the same number each time, and its answer is applied at most once.

mod after;
mod answer;
mod clock;
mod courier;
mod desk;
mod lanes;
mod order;
mod park;
mod run;
mod tell;
#[cfg(test)]
mod tests;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use channels::Directory;
use domain::Timestamp;
use engine::Engine;
use store::{Actors, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use after::After;
pub use wake::Waking;

/// Intake's stamps: the time, and new ids.
pub type Stamps = (fn() -> Timestamp, fn() -> u128);

/// What a relay needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who holds the lanes: unlike any other node, and any earlier life of this one.
    pub owner: String,
    /// Under which URL providers reach this platform, without a slash at its end.
    pub public_url: String,
    /// How long a lane is held without a word, by the database's clock.
    pub lease: Duration,
    /// How often it is looked for what is due, where nobody says that there is something.
    pub poll: Duration,
    /// How many messages are under way at once.
    pub under_way_max: usize,
    /// How many of them to one account.
    pub under_way_of_account_max: usize,
    /// Tells the time, and makes ids: intake's stamps.
    pub now: fn() -> Timestamp,
    /// See `now`.
    pub id: fn() -> u128,
}

impl Options {
    /// The usual ones.
    pub fn new(owner: String, public_url: String, (now, id): Stamps) -> Self {
        Self {
            owner,
            public_url,
            lease: Duration::from_secs(5),
            poll: Duration::from_secs(1),
            under_way_max: 256,
            under_way_of_account_max: 96,
            now,
            id,
        }
    }
}

/// Everything a relay works with.
#[derive(Clone)]
pub struct Relay {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) directory: Directory,
    pub(crate) actors: Actors,
    pub(crate) wake: Arc<Notify>,
    pub(crate) options: Arc<Options>,
    pub(crate) after: Arc<[Arc<dyn After>]>,
}

impl Relay {
    /// Puts the parts together. `wake` is the one of the engine's [`Waking`] storage.
    pub fn new(
        (store, engine): (&Store, &Engine),
        directory: &Directory,
        actors: &Actors,
        wake: &Arc<Notify>,
        options: Options,
    ) -> Self {
        Self {
            store: store.clone(),
            engine: engine.clone(),
            directory: directory.clone(),
            actors: actors.clone(),
            wake: wake.clone(),
            options: Arc::new(options),
            after: Arc::new([Arc::new(after::Counted)]),
        }
    }

    /// The same with one more who hears of what is done.
    #[must_use]
    pub fn heard_by(self, hook: Arc<dyn After>) -> Self {
        let after = self.after.iter().cloned().chain([hook]).collect();
        Self { after, ..self }
    }

    /// Empties lanes until it is stopped; then lets what is under way end, and gives the lanes back.
    pub async fn run(self, stop: CancellationToken) {
        run::Round::new(self).run(stop).await;
    }
}
