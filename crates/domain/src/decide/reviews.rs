//! Owns taking note of what a person did about something that no rule could settle.

use crate::review::{Refusal, Resolved, Review};
use crate::{Change, Command, Outcome, Reply, ResolveReview, State};

/// The first word stays: who comes later is told so, and sees what was said.
pub(super) fn resolve(state: &State, command: &Command, wanted: &ResolveReview) -> Result<Outcome, crate::Refusal> {
    let review = state.review(command.tenant, wanted.review).ok_or(Refusal::NotFound(wanted.review))?;
    if review.resolved.is_some() {
        return Err(Refusal::Resolved(wanted.review).into());
    }
    let resolved = Some(Resolved { at: command.at, resolution: wanted.resolution.clone() });
    let review = Review { resolved, ..review.clone() };
    Ok(Outcome::accepted(Reply::Review(review.clone()), vec![Change::ReviewResolved(review)]))
}
