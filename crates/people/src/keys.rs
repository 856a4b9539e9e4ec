//! Owns the keys that sign access tokens, as this process knows them: read at the start and every half minute. A new key signs
//! once every node has it, and the ones before verify until the last token of theirs is over.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::Timestamp;
use identity::access::{Ring, SigningKey, Times};
use store::Store;

use crate::{People, Stamp};

/// For whom access tokens are.
const AUDIENCE: &str = "mideng";
/// Between two readings of the keys.
const READ_EVERY: Duration = Duration::from_secs(30);
/// A new key begins to sign after this: every node has read it by then.
pub const ROTATED_IN: Duration = Duration::from_mins(2);
/// Beside a token's own time: clocks, and answers on their way.
const GRACE: Duration = Duration::from_mins(1);

/// See the module.
pub struct Keys {
    store: Store,
    issuer: String,
    known: RwLock<Known>,
}

/// The keys, and how often others were found.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) ring: Arc<Ring>,
    /// What was believed under another is to be looked at again: a key may have been retired.
    pub(crate) generation: u64,
    /// Which verify.
    verifying: Arc<str>,
}

/// A new key, as it is kept: it signs when every node has read it.
pub fn new_key(now: Timestamp) -> store::SigningKey {
    key(now, now.plus_ms(milliseconds(ROTATED_IN)))
}

/// The first key of an installation: it signs at once. Tokens tell whole seconds, so it does from the beginning of this one.
pub fn first_key(now: Timestamp) -> store::SigningKey {
    key(now, Timestamp(now.0 - now.0.rem_euclid(1_000)))
}

fn key(now: Timestamp, signs_from: Timestamp) -> store::SigningKey {
    let times = Times { made_at_ms: now.0, signs_from_ms: signs_from.0, verifies_until_ms: None };
    let key = SigningKey::generate(times);
    store::SigningKey {
        kid: key.kid().to_owned(),
        secret: BASE64_STANDARD.encode(key.pkcs8()),
        created_at: now,
        signs_from,
        verifies_until: None,
    }
}

impl Keys {
    /// Reads them; makes the first. `issuer` signs access tokens: the installation, the same on every node.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(store: &Store, issuer: &str, stamp: Stamp) -> Result<Self, store::Error> {
        if store.signing_keys().await?.is_empty() {
            store.signing_key_first(&first_key((stamp.now)())).await?;
        }
        let ring = ring(store, issuer).await?;
        let verifying = ring.jwks((stamp.now)().0).into();
        let known = RwLock::new(Known { ring: Arc::new(ring), generation: 0, verifying });
        Ok(Self { store: store.clone(), issuer: issuer.to_owned(), known })
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        self.known().ring
    }

    pub(crate) fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn read_again(&self, now: Timestamp) -> Result<(), store::Error> {
        let ring = ring(&self.store, &self.issuer).await?;
        let verifying: Arc<str> = ring.jwks(now.0).into();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let generation = known.generation + u64::from(known.verifying != verifying);
        *known = Known { ring: Arc::new(ring), generation, verifying };
        drop(known);
        Ok(())
    }
}

async fn ring(store: &Store, issuer: &str) -> Result<Ring, store::Error> {
    let kept = store.signing_keys().await?;
    let mut keys = Vec::with_capacity(kept.len());
    for (key, until) in kept.iter().zip(ends(&kept)) {
        let times = Times {
            made_at_ms: key.created_at.0,
            signs_from_ms: key.signs_from.0,
            verifies_until_ms: until.map(|until| until.0),
        };
        let bytes = BASE64_STANDARD.decode(&key.secret).unwrap_or_default();
        match SigningKey::restore(&key.kid, &bytes, times) {
            Ok(key) => keys.push(key),
            Err(error) => {
                tracing::error!(%error, kid = key.kid, "a key that signs tokens cannot be read; it is left out");
            }
        }
    }
    Ok(Ring::new(issuer, AUDIENCE, keys))
}

/// Until when each key verifies, as they follow each other. One that was retired before it signed anything follows nobody.
fn ends(keys: &[store::SigningKey]) -> Vec<Option<Timestamp>> {
    let follows = |key: &&store::SigningKey| key.verifies_until.is_none_or(|until| until > key.signs_from);
    let next = |place: usize| keys[place + 1..].iter().find(follows).map(|next| next.signs_from);
    keys.iter().enumerate().map(|(place, key)| verifies_until(key, next(place))).collect()
}

/// Whether there is a key that signs, now and at any time from now on, when this one is retired now. The keys are in the order
/// in which they were made.
pub fn others_sign(keys: &[store::SigningKey], retired: &str, now: Timestamp) -> bool {
    let mut keys = keys.to_vec();
    for key in keys.iter_mut().filter(|key| key.kid == retired) {
        key.verifies_until = Some(key.verifies_until.map_or(now, |until| until.min(now)));
    }
    // A key signs what is over before it is.
    let signs_until = |end: Timestamp| end.plus_ms(-milliseconds(crate::ACCESS_TOKEN_FOR));
    let ends: Vec<_> = ends(&keys).into_iter().map(|end| end.map(signs_until)).collect();
    let one_signs_at = |at: Timestamp| {
        let mut all = keys.iter().zip(&ends);
        all.any(|(key, end)| key.signs_from <= at && end.is_none_or(|end| end >= at))
    };
    let gaps = ends.iter().flatten().map(|end| end.plus_ms(1)).filter(|at| *at > now);
    one_signs_at(now) && gaps.into_iter().all(one_signs_at)
}

/// A key that is followed by another verifies until the last token that it signed is over; one that leaked until somebody
/// said, if that is earlier.
fn verifies_until(key: &store::SigningKey, next: Option<Timestamp>) -> Option<Timestamp> {
    let last = next.map(|from| from.plus_ms(milliseconds(crate::ACCESS_TOKEN_FOR + GRACE)));
    [key.verifies_until, last].into_iter().flatten().min()
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Reads the keys again and again for as long as the people are there.
pub(crate) fn follow(people: &People) {
    let people = Arc::downgrade(&people.0);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(READ_EVERY).await;
            let Some(people) = people.upgrade() else { return };
            if let Err(error) = people.tokens.keys().read_again((people.stamp.now)()).await {
                tracing::warn!(%error, "the keys that sign tokens could not be read again; those that are known stay");
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_key_verifies() {
        let key = |verifies_until: Option<i64>| store::SigningKey {
            kid: String::new(),
            secret: String::new(),
            created_at: Timestamp(0),
            signs_from: Timestamp(0),
            verifies_until: verifies_until.map(Timestamp),
        };
        let lasts = milliseconds(crate::ACCESS_TOKEN_FOR + GRACE);
        // Until when somebody said, when the next begins to sign, until when it verifies.
        let table = [
            (None, None, None),
            (None, Some(1_000), Some(1_000 + lasts)),
            (Some(500), None, Some(500)),
            (Some(500), Some(1_000), Some(500)),
            (Some(i64::MAX), Some(1_000), Some(1_000 + lasts)),
        ];
        for (said, next, wanted) in table {
            let until = verifies_until(&key(said), next.map(Timestamp));
            assert_eq!(until, wanted.map(Timestamp), "{said:?} {next:?}");
        }
    }

    /// Of keys that follow each other: when each begins to sign, and whether it was retired, then; which may go now.
    #[test]
    fn a_key_is_retired_where_others_sign() {
        type Keys<'a> = &'a [(i64, Option<i64>)];
        let now = Timestamp(1_000_000_000);
        let table: [(Keys<'_>, &[usize]); 7] = [
            (&[(0, None)], &[]),
            // The second signs since long, or since a moment, or not yet.
            (&[(0, None), (1_000, None)], &[0]),
            (&[(0, None), (now.0 - 1, None)], &[0]),
            (&[(0, None), (now.0 + 1, None)], &[1]),
            // The second leaked, and the third does not sign yet; then it does.
            (&[(0, None), (1_000, None), (now.0 + 1, None)], &[0, 2]),
            (&[(0, None), (1_000, None), (now.0 - 1, None)], &[0, 1]),
            // One that was retired before it signed ended nobody.
            (&[(0, None), (5_000, Some(4_000)), (now.0 + 1, None)], &[1, 2]),
        ];
        for (keys, wanted) in table {
            let key = |(at, (signs_from, retired)): (usize, &(i64, Option<i64>))| store::SigningKey {
                kid: at.to_string(),
                secret: String::new(),
                created_at: Timestamp(0),
                signs_from: Timestamp(*signs_from),
                verifies_until: retired.map(Timestamp),
            };
            let kept: Vec<_> = keys.iter().enumerate().map(key).collect();
            let may_go: Vec<_> = (0..keys.len()).filter(|at| others_sign(&kept, &at.to_string(), now)).collect();
            assert_eq!(may_go, wanted, "{keys:?}");
        }
    }

    /// A token tells whole seconds; the first key signs those of the second in which it is made.
    #[test]
    fn keys_are_made_to_sign_in_time() {
        assert_eq!(first_key(Timestamp(1_999)).signs_from, Timestamp(1_000));
        assert_eq!(new_key(Timestamp(1_999)).signs_from, Timestamp(1_999 + milliseconds(ROTATED_IN)));
    }
}
