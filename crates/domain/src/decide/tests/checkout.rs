//! Owns the tests of what a shop asks of a checkout.

use super::people::command;
use crate::checkout::Standing;
use crate::{Action, CheckoutPolicy, Outcome, Reply, SetCheckoutPolicy, State, TenantId, Timestamp, decide};

const OFF: CheckoutPolicy = CheckoutPolicy {
    checkout_token: false,
    order_lock_ms: 0,
    pending_limit: crate::order::PendingLimit::Unlimited,
    same_within_ms: 0,
    order_units_max: 0,
    guests: false,
    registration: false,
};

fn set(policy: CheckoutPolicy, expected_version: Option<u32>) -> Action {
    Action::SetCheckoutPolicy(SetCheckoutPolicy { policy, expected_version })
}

#[test]
fn the_policy_has_versions_of_which_the_first_is_off() {
    let mut state = State::default();
    let two = CheckoutPolicy { order_units_max: 2, ..OFF };
    let table = [
        (set(OFF, None), "v1 unchanged"),
        (set(two, Some(2)), "version_mismatch"),
        (set(two, Some(1)), "v2"),
        (set(two, None), "v2 unchanged"),
        (set(OFF, Some(1)), "version_mismatch"),
        (set(CheckoutPolicy { guests: true, ..two }, Some(2)), "v3"),
        (set(OFF, None), "v4"),
    ];
    for (place, (action, wanted)) in table.into_iter().enumerate() {
        let told = match decide(&state, &command(1, action)) {
            Outcome::Refused(refusal) => refusal.code().to_owned(),
            Outcome::Accepted(accepted) => {
                accepted.changes.iter().for_each(|change| state.apply(change));
                let Reply::CheckoutPolicy(standing) = accepted.reply else { panic!("{:?}", accepted.reply) };
                let is_same = accepted.changes.is_empty();
                format!("v{}{}", standing.version, if is_same { " unchanged" } else { "" })
            }
        };
        assert_eq!(told, wanted, "line {place}");
    }
    let now = state.checkout_policy(TenantId(1));
    assert_eq!((now.policy, now.changed_at), (OFF, Some(Timestamp(5))));
    assert_eq!(state.checkout_policy(TenantId(2)), Standing::unset(TenantId(2)), "another's is another's");
}

/// A PUT without a key that comes again is a retry while what it set stands, and a new wish once something else was set.
#[test]
fn what_a_derived_key_answered_is_history_once_something_else_was_set() {
    let mut state = State::default();
    let mut of = command(1, set(OFF, None));
    of.key = idempotency::Key::derived("put", "a fingerprint");
    assert!(!state.moved_on(&of, Some(1)), "what nobody has set stands still");
    let standing = Standing { version: 3, ..Standing::unset(TenantId(1)) };
    state.put_checkout_policy(standing);
    state.put_checkout_policy(Standing { tenant: TenantId(2), version: 9, ..standing });
    assert!(state.moved_on(&of, Some(2)));
    assert!(!state.moved_on(&of, Some(3)), "those of others are others'");
    of.key = idempotency::Key::new("k").expect("a good key");
    assert!(!state.moved_on(&of, Some(2)), "a key of the client's says what it wants");
}
