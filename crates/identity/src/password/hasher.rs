//! Owns the answers about passwords: the hash of a new one, and whether one is right. It does not know whose hash it is
//! handed, nor whether there is anybody of that name.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, io};

use thiserror::Error;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash::{Recipe, Salt};
use super::pool::{Job, Pool};
use super::{Cost, Hash, Password};
use crate::randomness;

/// How much may be spent on passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Threads; each holds the memory of one hash. Half of the processors, and at least one, unless set.
    pub threads: NonZeroUsize,
    /// How many may wait for a thread; more are told [`Busy`].
    pub queue_max: NonZeroUsize,
    /// What a new hash costs.
    pub cost: Cost,
}

impl Default for Settings {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            threads: NonZeroUsize::new(processors / 2).unwrap_or(NonZeroUsize::MIN),
            // Some four seconds of one thread, which rests for as long as it works: who waits longer sends it again, and makes
            // it worse.
            queue_max: const { NonZeroUsize::new(128).expect("not zero") },
            cost: Cost::default(),
        }
    }
}

/// Too many passwords wait already, or the hasher is closed. Nothing was computed; the same may be asked again later.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// Whether a password was right.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is the password.
    pub right: bool,
    /// It is, and the stored hash is weaker than today's: this one is to be stored in its place. There is none while the
    /// queue is full; the next log-in makes it.
    pub rehash: Option<Hash>,
}

/// Hashes and verifies passwords on threads of its own, a bounded number at once. Dropping it waits for the hashes that
/// have begun.
pub struct Hasher {
    pool: Pool,
    cost: Cost,
    /// For who does not exist.
    nobody: Recipe,
    computed: AtomicU64,
}

impl Hasher {
    /// Starts the threads.
    pub fn open(settings: Settings) -> io::Result<Self> {
        let nobody = Recipe::new(settings.cost, new_salt());
        let pool = Pool::open(settings.threads.get(), settings.queue_max.get(), nobody.blocks())?;
        Ok(Self { pool, cost: settings.cost, nobody, computed: AtomicU64::new(0) })
    }

    /// How many hashes are computed at once.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &Password) -> Result<Hash, Busy> {
        self.hash_with(password, new_salt()).await
    }

    /// The hash of a password with this salt. Hashes that are looked through together share one.
    pub(crate) async fn hash_with(&self, password: &Password, salt: Salt) -> Result<Hash, Busy> {
        let recipe = Recipe::new(self.cost, salt);
        let output = self.compute(password, recipe.clone()).await?;
        Ok(Hash::new(recipe, &output))
    }

    /// Whether it is the password of this hash. Where there is nobody, `None` takes the same work and is wrong, so that
    /// the time does not tell who exists (ASVS 6.3.8). A hash of another cost than today's takes its own time; if it is
    /// cheaper, until its owner next logs in.
    pub async fn verify(&self, password: &Password, hash: Option<&Hash>) -> Result<Verdict, Busy> {
        let right = self.find(password, hash.map_or(&[], std::slice::from_ref)).await?.is_some();
        let rehash = match hash {
            Some(hash) if right && hash.weaker_than(self.cost) => self.hash(password).await.ok(),
            _ => None,
        };
        Ok(Verdict { right, rehash })
    }

    /// Which of these hashes is the password's. They share a salt and a cost, those of the first: one that does not is
    /// passed over, because it would take work of its own. None at all takes the same work, too.
    pub(crate) async fn find(&self, password: &Password, hashes: &[Hash]) -> Result<Option<usize>, Busy> {
        let recipe = hashes.first().map_or(&self.nobody, Hash::recipe);
        let output = self.compute(password, recipe.clone()).await?;
        // All are looked at, wherever the right one is.
        let looked = hashes.iter().enumerate();
        Ok(looked.fold(None, |found, (at, hash)| {
            let is = hash.is(&output) && hash.recipe() == recipe;
            if is { found.or(Some(at)) } else { found }
        }))
    }

    /// How many passwords wait for a thread.
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    /// How many hashes were computed. It grows alike whoever is asked about.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Takes no more passwords. Who waits is told [`Busy`]; a hash that has begun is still answered.
    pub fn close(&self) {
        self.pool.close();
    }

    async fn compute(&self, password: &Password, recipe: Recipe) -> Result<Zeroizing<Vec<u8>>, Busy> {
        let (reply, answer) = oneshot::channel();
        let job = Job { password: password.clone(), recipe, reply };
        self.pool.submit(job).map_err(|_| Busy)?;
        let output = answer.await.map_err(|_| Busy)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        Ok(output)
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("cost", &self.cost).field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

/// A salt that nobody had.
pub(crate) fn new_salt() -> Salt {
    *randomness::bytes()
}

#[cfg(test)]
mod tests;
