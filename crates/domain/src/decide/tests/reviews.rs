//! Owns the tests of what people say about reviews.

use super::people::command;
use crate::review::{self, Kind, Resolved, Review};
use crate::text::Resolution;
use crate::{Action, Change, Outcome, Reply, ResolveReview, ReviewId, State, TenantId, Timestamp, decide};

fn resolve(review: u128) -> Action {
    let resolution = Resolution::from_stored("asked the provider");
    Action::ResolveReview(ResolveReview { review: ReviewId::new(review), resolution })
}

fn review(id: u128, tenant: i64, resolved: Option<&str>) -> Review {
    let resolved = resolved.map(|text| Resolved { at: Timestamp(3), resolution: Resolution::from_stored(text) });
    Review {
        id: ReviewId::new(id),
        tenant: TenantId(tenant),
        kind: Kind::Stuck,
        subject: "att_1".to_owned(),
        detail: "no word for days".to_owned(),
        at: Timestamp(1),
        resolved,
    }
}

#[test]
fn the_first_word_about_a_review_stays() {
    let mut state = State::default();
    for review in [review(1, 1, None), review(2, 1, Some("before")), review(3, 2, None)] {
        state.put_review(review);
    }
    for (id, expected) in [(1, "done"), (2, "review_resolved"), (3, "not_found"), (4, "not_found")] {
        let outcome = decide(&state, &command(7, resolve(id)));
        let found = match &outcome {
            Outcome::Refused(refusal) => refusal.code(),
            Outcome::Accepted(accepted) => {
                let said = Resolved { at: Timestamp(5), resolution: Resolution::from_stored("asked the provider") };
                let now = Review { resolved: Some(said), ..review(1, 1, None) };
                assert!(matches!(&accepted.reply, Reply::Review(review) if *review == now), "{accepted:?}");
                assert_eq!(accepted.changes, [Change::ReviewResolved(now)]);
                accepted.changes.iter().for_each(|change| state.apply(change));
                "done"
            }
        };
        assert_eq!(found, expected, "{id}");
    }
    let again = decide(&state, &command(8, resolve(1)));
    let refusal = review::Refusal::Resolved(ReviewId::new(1)).into();
    assert!(matches!(again, Outcome::Refused(refused) if refused == refusal), "it is seen within a batch, too");
}
