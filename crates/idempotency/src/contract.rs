//! Owns what any store of keys must do, as cases that a store of somebody else's can run in its own tests. It knows the
//! protocol, and nothing of how a store keeps its records.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use std::sync::Arc;
//! use idempotency::{contract, store::Memory};
//!
//! let failures = contract::check(&contract::Nodes::one(Arc::new(Memory::new()))).await;
//! assert!(failures.is_empty(), "{failures:#?}");
//! # }
//! ```
//!
//! Each run of a case has a scope of its own, so that a store may hold other records, and be checked again. Leases and
//! retentions in it are a few tenths of a second and really end; the cases wait for that by asking. A check takes a
//! few seconds. A case that lists doubts settles its own, but a store with thousands of others hides them.
//!
//! # Beside the tests of AWS Lambda Powertools
//!
//! What the tests of Powertools for Python show of its persistence layers, and which case here shows the same:
//!
//! | theirs | ours |
//! |---|---|
//! | `test_idempotent_lambda_first_execution` | `fresh_executes` |
//! | `test_idempotent_lambda_already_completed` | `completed_replays` |
//! | `test_idempotent_lambda_in_progress`, `…_expires_in_progress_before_expire` | `running_attaches` |
//! | `…_expires_in_progress_after_expire` | `transactional_lease_ends` |
//! | the same, where the effect is outside of the store | `at_most_once_lease_ends` |
//! | `…_expires_in_progress_unavailable_remaining_time`, `test_redis_orphan_record` (#8386) | `lease_without_end_is_locked` |
//! | remaining time of 0 taken for none (#4759) | `lease_of_nothing_has_ended` |
//! | `test_idempotent_lambda_expired`, `test_handler_for_status_expired_data_record` | `retention_ends` |
//! | `test_idempotent_lambda_expired_during_request` | `expired_lease_completes` |
//! | `…_already_completed_with_validation_bad_payload`, `test_payload_tampering_validation` | `mismatch_after_completion` |
//! | the same while in progress | `mismatch_while_running` |
//! | `test_idempotent_lambda_exception`, `test_idempotent_lambda_redis_delete` | `released_is_free` |
//! | `test_idempotent_persistence_exception_deleting`, `…_updating` | `release_behind_complete_answers`, and [`Error`](crate::protocol::Error) |
//! | `test_redis_race_condition`, `test_parallel_execution_idempotency` | `many_begin_one_executes` |
//! | `test_redis_orphan_record_race_condition`, `test_redis_orphan_record_lock` | `many_take_over_one_executes` |
//! | an orphan's record overwritten by who read it before (TypeScript #5714) | `complete_races_takeover` |
//! | `test_handler_for_status_inprogress_data_record_inconsistent` | `clocks_of_nodes_do_not_count` |
//! | `test_is_missing_idempotency_key`, `test_raise_on_no_idempotency_key` | `impossible_keys_are_refused` |
//! | `test_idempotent_function_falsy_values`, `…_serialization_no_response` | `empty_answer` |
//! | `test_data_record_json_to_dict_mapping`, serialisation of results | `every_byte_answer`, `headers_in_order` |
//! | an item over the database's limit | `answer_at_the_limit`, `answer_over_the_limit` |
//!
//! `test_data_record_invalid_status_value` and `test_redis_key_corrupted` need a record that is planted, which only a
//! store's own tests can do: a store answers it with [`Error::Broken`](crate::protocol::Error::Broken). A cache in the process beside the store, which
//! several of theirs are about, does not exist here.

mod answers;
mod edges;
mod ends;
mod fencing;
mod fingerprints;
mod ground;
mod names;
mod operators;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::protocol::Store;

use ground::{Ground, Outcome};

/// So many cases run at once. Most of them wait most of the time.
const AT_ONCE: usize = 12;

/// A store as two nodes of a service have it: two values over the same records.
#[derive(Clone)]
pub struct Nodes {
    here: Arc<dyn Store>,
    there: Arc<dyn Store>,
}

/// Something that a store must do.
#[derive(Clone, Copy)]
pub struct Case {
    /// Under which it is known, in snake case.
    pub name: &'static str,
    /// What goes wrong where a store does otherwise.
    pub why: &'static str,
    run: Run,
}

type Run = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A case in which a store did otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{case} ({why}): {text}")]
pub struct Failure {
    /// Its name.
    pub case: &'static str,
    /// What goes wrong because of it.
    pub why: &'static str,
    /// What was seen.
    pub text: String,
}

impl Nodes {
    /// Two nodes that share a value; their clocks cannot differ then.
    pub fn one(store: Arc<dyn Store>) -> Self {
        Self { here: store.clone(), there: store }
    }

    /// Two nodes. Best is one whose clock is an hour off, where a test can make one.
    pub fn two(here: Arc<dyn Store>, there: Arc<dyn Store>) -> Self {
        Self { here, there }
    }
}

/// Every case. They may run beside each other.
pub fn cases() -> Vec<Case> {
    [edges::CASES, ends::CASES, fingerprints::CASES, fencing::CASES, names::CASES, answers::CASES, operators::CASES]
        .concat()
}

/// Runs every case, a few beside each other; gives those in which the store did otherwise, in the order of [`cases`].
pub async fn check(nodes: &Nodes) -> Vec<Failure> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (at, case) in cases().into_iter().enumerate() {
        let (nodes, places) = (nodes.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            // In a task of its own, so that a store that panics fails this case and no other.
            let ran = tokio::spawn(async move { case.run(&nodes).await }).await;
            let panicked = |error| Err(Failure { case: case.name, why: case.why, text: format!("the store: {error}") });
            (at, ran.unwrap_or_else(panicked))
        });
    }
    let mut failures: Vec<_> =
        tasks.join_all().await.into_iter().filter_map(|(at, ran)| Some((at, ran.err()?))).collect();
    failures.sort_by_key(|(at, _)| *at);
    failures.into_iter().map(|(_, failure)| failure).collect()
}

impl Case {
    /// Runs it. It ends within half a minute, unless the store itself hangs.
    pub async fn run(&self, nodes: &Nodes) -> Result<(), Failure> {
        let ground = Ground::new(nodes, self.name);
        (self.run)(&ground).await.map_err(|wrong| Failure { case: self.name, why: self.why, text: wrong.0 })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).field("why", &self.why).finish_non_exhaustive()
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").finish_non_exhaustive()
    }
}

/// A list of cases from functions, each with why it is there.
macro_rules! list {
    ($($case:ident: $why:literal,)+) => {
        pub(super) const CASES: &[$crate::contract::Case] = &[
            $($crate::contract::Case { name: stringify!($case), why: $why, run: |ground| Box::pin($case(ground)) }),+
        ];
    };
}

use list;

#[cfg(test)]
mod tests;
