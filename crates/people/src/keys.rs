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

pub(crate) struct Keys {
    store: Store,
    issuer: String,
    ring: RwLock<Arc<Ring>>,
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
    /// Reads them; makes the first.
    pub(crate) async fn read(store: Store, issuer: String, stamp: Stamp) -> Result<Self, store::Error> {
        if store.signing_keys().await?.is_empty() {
            store.signing_key_first(&first_key((stamp.now)())).await?;
        }
        let ring = ring(&store, &issuer).await?;
        Ok(Self { store, issuer, ring: RwLock::new(Arc::new(ring)) })
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read_again(&self) -> Result<(), store::Error> {
        let ring = ring(&self.store, &self.issuer).await?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }
}

async fn ring(store: &Store, issuer: &str) -> Result<Ring, store::Error> {
    let kept = store.signing_keys().await?;
    let mut keys = Vec::with_capacity(kept.len());
    for (place, key) in kept.iter().enumerate() {
        let next = kept.get(place + 1).map(|next| next.signs_from);
        let times = Times {
            made_at_ms: key.created_at.0,
            signs_from_ms: key.signs_from.0,
            verifies_until_ms: verifies_until(key, next).map(|until| until.0),
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
            if let Err(error) = people.tokens.keys().read_again().await {
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

    /// A token tells whole seconds; the first key signs those of the second in which it is made.
    #[test]
    fn keys_are_made_to_sign_in_time() {
        assert_eq!(first_key(Timestamp(1_999)).signs_from, Timestamp(1_000));
        assert_eq!(new_key(Timestamp(1_999)).signs_from, Timestamp(1_999 + milliseconds(ROTATED_IN)));
    }
}
