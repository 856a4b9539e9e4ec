//! Owns counting refused reuses of a key and other conflicts, off the hot path: in memory, bounded, handed over in
//! bulk now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{PrincipalId, TenantId, Timestamp};
use idempotency::{Answer, Key};
use store::Conflict;

/// The most kinds of conflict kept between two hand-overs; beyond, only the metric counts.
const KEPT_MAX: usize = 10_000;

/// A conflict's scope: tenant, principal, key, and when it happened.
pub(crate) type Seen = (TenantId, PrincipalId, Key, Timestamp);

/// One kind of conflict under one key.
type Slot = (TenantId, PrincipalId, Key, &'static str);

/// The counts since the last hand-over.
#[derive(Clone, Default)]
pub struct Conflicts(Arc<Mutex<BTreeMap<Slot, Conflict>>>);

impl Conflicts {
    /// Counts a conflict that an executed command ran into.
    pub(crate) fn note_answer(&self, seen: &Seen, answer: &Answer) {
        match answer.status {
            412 => self.note(seen, "version_mismatch"),
            409 => self.note(seen, "conflict"),
            _ => {}
        }
    }

    /// Counts one conflict.
    pub(crate) fn note(&self, (tenant, principal, key, at): &Seen, kind: &'static str) {
        metrics::counter!("mideng_conflicts_total", "kind" => kind).increment(1);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = kept.len() < KEPT_MAX;
        let slot = (*tenant, *principal, key.clone(), kind);
        match kept.get_mut(&slot) {
            Some(conflict) => {
                conflict.times += 1;
                conflict.last_at = *at;
            }
            None if room => {
                let conflict = Conflict {
                    tenant: *tenant,
                    principal: *principal,
                    key: key.clone(),
                    kind,
                    times: 1,
                    first_at: *at,
                    last_at: *at,
                };
                kept.insert(slot, conflict);
            }
            None => {}
        }
    }

    /// Hands over what was counted and begins anew.
    pub fn take(&self) -> Vec<Conflict> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept).into_values().collect()
    }
}
