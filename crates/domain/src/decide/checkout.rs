//! Owns changing what a shop asks of a checkout.

use crate::checkout::{self, Standing};
use crate::{Change, Command, Outcome, Refusal, Reply, SetCheckoutPolicy, State};

/// Orders that wait keep the limit that they were placed under.
pub(super) fn set(state: &State, command: &Command, wanted: &SetCheckoutPolicy) -> Result<Outcome, Refusal> {
    let before = state.checkout_policy(command.tenant);
    let current = before.version;
    if let Some(expected) = wanted.expected_version.filter(|expected| *expected != current) {
        return Err(checkout::Refusal::VersionMismatch { current, expected }.into());
    }
    if before.policy == wanted.policy {
        return Ok(Outcome::accepted(Reply::CheckoutPolicy(before), Vec::new()));
    }
    let now = Standing { policy: wanted.policy, version: current + 1, changed_at: Some(command.at), ..before };
    Ok(Outcome::accepted(Reply::CheckoutPolicy(now), vec![Change::CheckoutPolicySet(now)]))
}
