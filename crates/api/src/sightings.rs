//! Owns counting what comes under a key beside its first execution, off the hot path: repetitions, refused reuses and other
//! conflicts; in memory, bounded, handed over in bulk now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{PrincipalId, TenantId};
use idempotency::Key;
use store::{REPLAYED, Sighting};

use crate::hooks::{OnError, Refused, Seen};

/// The most kinds and keys kept between two hand-overs; beyond, only the metric counts.
const KEPT_MAX: usize = 10_000;
/// So many of them may be of repetitions: a storm of retries leaves room for what tells of a mistake.
const REPLAYED_MAX: usize = 2_000;

/// The refusals that tell of two who wanted the same thing. That there is not enough stock is no such thing: a popular
/// product would write a row for each shopper.
const COUNTED: &[&str] =
    &["idempotency_key_reused", "version_mismatch", "invalid_transition", "order_no_taken", "tracking_no_taken"];

/// One kind under one key.
type Slot = (TenantId, PrincipalId, Key, &'static str);

/// The counts since the last hand-over.
#[derive(Clone, Default)]
pub struct Sightings(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    counts: BTreeMap<Slot, Sighting>,
    /// How many of them are of repetitions.
    replayed: usize,
}

impl Sightings {
    /// Counts one conflict. True where it is the first of its kind under its key since the last hand-over.
    pub(crate) fn note(&self, seen: &Seen, kind: &'static str) -> bool {
        metrics::counter!("mideng_conflicts_total", "kind" => kind).increment(1);
        self.count(seen, kind)
    }

    /// Counts one that got the answer of an earlier one.
    pub(crate) fn note_replay(&self, seen: &Seen) {
        metrics::counter!("mideng_replayed_total").increment(1);
        self.count(seen, REPLAYED);
    }

    fn count(&self, seen: &Seen, kind: &'static str) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = kept.counts.len() < KEPT_MAX && (kind != REPLAYED || kept.replayed < REPLAYED_MAX);
        let slot = (seen.tenant, seen.principal, seen.key.clone(), kind);
        match kept.counts.get_mut(&slot) {
            Some(sighting) => {
                sighting.times += 1;
                (sighting.last_at, sighting.last_from) = (seen.at, seen.from);
                false
            }
            None if room => {
                let sighting = Sighting {
                    tenant: seen.tenant,
                    principal: seen.principal,
                    key: seen.key.clone(),
                    kind,
                    times: 1,
                    first_at: seen.at,
                    last_at: seen.at,
                    last_from: seen.from,
                };
                kept.counts.insert(slot, sighting);
                kept.replayed += usize::from(kind == REPLAYED);
                true
            }
            None => false,
        }
    }

    /// Takes back what was handed over and could not be written, as far as there is room.
    pub fn put_back(&self, sightings: Vec<Sighting>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for older in sightings {
            let slot = (older.tenant, older.principal, older.key.clone(), older.kind);
            let room = kept.counts.len() < KEPT_MAX;
            match kept.counts.get_mut(&slot) {
                Some(newer) => {
                    newer.times += older.times;
                    newer.first_at = newer.first_at.min(older.first_at);
                }
                None if room => {
                    kept.replayed += usize::from(older.kind == REPLAYED);
                    kept.counts.insert(slot, older);
                }
                None => {}
            }
        }
    }

    /// Hands over what was counted and begins anew.
    pub fn take(&self) -> Vec<Sighting> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept).counts.into_values().collect()
    }
}

/// Those of the refusals that tell of two who wanted the same thing are counted.
impl OnError for Sightings {
    fn refused(&self, refused: &Refused<'_>) {
        if let Some(kind) = COUNTED.iter().copied().find(|counted| *counted == refused.code) {
            let Refused { tenant, principal, key, at, from, .. } = *refused;
            self.note(&Seen { tenant, principal, key: key.clone(), at, from }, kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::problem::kinds;

    #[test]
    fn what_could_not_be_written_is_counted_still() {
        let sightings = Sightings::default();
        let seen = |at| Seen {
            tenant: TenantId(1),
            principal: PrincipalId(1),
            key: Key::from_stored("k"),
            at: Timestamp(at),
            from: None,
        };
        sightings.note_replay(&seen(10));
        let first = sightings.take();
        sightings.note_replay(&seen(20));
        sightings.put_back(first.clone());
        let all = sightings.take();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].times, all[0].first_at, all[0].last_at), (2, Timestamp(10), Timestamp(20)));
        sightings.put_back(first);
        assert_eq!(sightings.take().len(), 1);
    }

    #[test]
    fn what_is_counted_is_in_the_table_of_problems() {
        for code in COUNTED {
            assert!(kinds().any(|kind| kind.code == *code && matches!(kind.status, 409 | 412 | 422)), "{code}");
        }
    }
}
