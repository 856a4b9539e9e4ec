mod faulty;

use std::sync::Arc;

use super::{Nodes, cases, check};
use crate::store::Memory;
use faulty::{Fault, Faulty};

#[tokio::test(start_paused = true)]
async fn memory_passes() {
    let failures = check(&Nodes::one(Arc::new(Memory::new()))).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn names_are_unique_and_each_says_why() {
    let mut names: Vec<_> = cases().iter().map(|case| case.name).collect();
    assert!(cases().iter().all(|case| case.why.len() > 10));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// A kit that finds nothing is no kit: each fault has a case that must see it.
#[tokio::test(start_paused = true)]
async fn each_planted_fault_fails_its_case() {
    let faults = [
        (Fault::CompleteWithoutFence, "old_lease_writes_nothing"),
        (Fault::ReleaseWithoutFence, "invented_fence_writes_nothing"),
        (Fault::RenewSaysDone, "renewal_moves_the_end"),
        (Fault::AtMostOnceIsTakenOver, "at_most_once_lease_ends"),
        (Fault::GuaranteeOfTheRequest, "guarantee_of_the_dead_counts"),
        (Fault::PurgesDoubts, "purge_takes_only_what_ended"),
        (Fault::PurgesMore, "purge_keeps_its_limit"),
        (Fault::NoFingerprint, "mismatch_after_completion"),
        (Fault::FingerprintOnlyOfAnswers, "mismatch_while_running"),
        (Fault::OnlyTodaysRecipe, "recipe_before_is_recognised"),
        (Fault::ClockOfTheCaller, "clocks_of_nodes_do_not_count"),
        (Fault::NotAtomic, "many_begin_one_executes"),
        (Fault::ReleaseForgetsAnswers, "release_behind_complete_answers"),
        (Fault::ReleaseFreesDoubts, "doubt_keeps_its_owner_out"),
        (Fault::RetentionIsTheLease, "retention_is_of_the_answer"),
        (Fault::SettlesWhatRuns, "settle_needs_a_doubt"),
        (Fault::SettlesAnyFence, "settled_is_settled"),
        (Fault::NewestDoubtFirst, "doubts_oldest_first"),
        (Fault::LowerCaseKeys, "keys_are_bytes"),
        (Fault::TrimmedScopes, "scopes_are_bytes"),
        (Fault::CutKeys, "impossible_keys_are_refused"),
        (Fault::BodyEndsAtNul, "every_byte_answer"),
        (Fault::HeadersAreAMap, "headers_in_order"),
        (Fault::HeadersAreAscii, "headers_in_order"),
        (Fault::LongAnswersAreCut, "answer_over_the_limit"),
        (Fault::LongAnswersFreeTheKey, "answer_over_the_limit"),
        (Fault::ZeroLeaseIsNone, "lease_of_nothing_has_ended"),
        (Fault::EndlessLeaseIsAnOrphan, "lease_without_end_is_locked"),
        (Fault::RenewPanics, "renewed_runs"),
        (Fault::LooksByBeginning, "look_gives_nothing_away"),
    ];
    for (fault, case) in faults {
        let store = Arc::new(Memory::new());
        let node = |ahead| Arc::new(Faulty { fault, ahead, store: store.clone() });
        let failures = check(&Nodes::two(node(false), node(true))).await;
        assert!(failures.iter().any(|failure| failure.case == case), "{fault:?} is not seen by {case}: {failures:#?}");
        assert!(failures.len() < cases().len() / 2, "{fault:?} has nothing to do with most: {failures:#?}");
    }
}
