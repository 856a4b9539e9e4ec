//! Owns counting refused reuses of a key and other conflicts, off the hot path: in memory, bounded, handed over in
//! bulk now and then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{PrincipalId, TenantId};
use idempotency::Key;
use store::Conflict;

use crate::hooks::{OnError, Refused, Seen};

/// The most kinds of conflict kept between two hand-overs; beyond, only the metric counts.
const KEPT_MAX: usize = 10_000;

/// The refusals that tell of two who wanted the same thing. That there is not enough stock is no such thing: a popular
/// product would write a row for each shopper.
const COUNTED: &[&str] =
    &["idempotency_key_reused", "version_mismatch", "invalid_transition", "order_no_taken", "tracking_no_taken"];

/// One kind of conflict under one key.
type Slot = (TenantId, PrincipalId, Key, &'static str);

/// The counts since the last hand-over.
#[derive(Clone, Default)]
pub struct Conflicts(Arc<Mutex<BTreeMap<Slot, Conflict>>>);

impl Conflicts {
    /// Counts one conflict. True where it is the first of its kind under its key since the last hand-over.
    pub(crate) fn note(&self, (tenant, principal, key, at): &Seen, kind: &'static str) -> bool {
        metrics::counter!("mideng_conflicts_total", "kind" => kind).increment(1);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = kept.len() < KEPT_MAX;
        let slot = (*tenant, *principal, key.clone(), kind);
        match kept.get_mut(&slot) {
            Some(conflict) => {
                conflict.times += 1;
                conflict.last_at = *at;
                false
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
                true
            }
            None => false,
        }
    }

    /// Hands over what was counted and begins anew.
    pub fn take(&self) -> Vec<Conflict> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept).into_values().collect()
    }
}

/// Those of the refusals that tell of two who wanted the same thing are counted.
impl OnError for Conflicts {
    fn refused(&self, refused: &Refused<'_>) {
        if let Some(kind) = COUNTED.iter().copied().find(|counted| *counted == refused.code) {
            self.note(&(refused.tenant, refused.principal, refused.key.clone(), refused.at), kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::kinds;

    use super::*;

    #[test]
    fn what_is_counted_is_in_the_table_of_problems() {
        for code in COUNTED {
            assert!(kinds().any(|kind| kind.code == *code && matches!(kind.status, 409 | 412 | 422)), "{code}");
        }
    }
}
