//! Owns the tests of calling a person: at the last try and behind it, and once.

use domain::RefundId;
use store::{Error, Illegible};

use crate::order::Ending;
use crate::tests::{AT, due, relay};

fn tries(ending: &Ending) -> (u32, i64) {
    let Ending::Later(later) = ending else { panic!("{ending:?}") };
    (later.tries, later.due_at.0 - AT.0)
}

#[tokio::test]
async fn a_person_is_called_at_the_last_try_and_once() {
    let (_folder, store, tenant, relay) = relay().await;
    let count = async || store.reviews(tenant, true, 9).await.unwrap().len();
    assert_eq!(tries(&relay.stuck(&due(tenant, 1, 8), "why").await), (9, 60_000));
    assert_eq!(count().await, 0);
    assert_eq!(tries(&relay.stuck(&due(tenant, 1, 9), "why").await), (10, 3_600_000));
    assert_eq!(count().await, 1);
    // Also where the node died before it wrote down that it was the tenth try, and each time behind it.
    for before in [9, 10, 11] {
        assert_eq!(tries(&relay.stuck(&due(tenant, 1, before), "why").await), (before + 1, 3_600_000));
        assert_eq!(count().await, 1);
    }
    // A review that was lost at the tenth try comes with the next.
    assert_eq!(tries(&relay.stuck(&due(tenant, 2, 10), "why").await), (11, 3_600_000));
    let reviews = store.reviews(tenant, true, 9).await.unwrap();
    assert_eq!(reviews.len(), 2);
    let review = &reviews[0];
    let said = (review.kind.as_str(), review.subject.as_str(), review.detail.as_str());
    assert_eq!(said, ("parked", &RefundId::new(5).to_string()[..], "refund cannot be performed: why"));
}

#[tokio::test]
async fn who_was_told_that_a_message_is_late_is_told_that_it_cannot_be_performed() {
    let (_folder, store, tenant, relay) = relay().await;
    for (reason, reviews) in [("late", 1), ("late", 1), ("stuck", 2), ("late", 2)] {
        relay.call_for(&due(tenant, 1, 9), (reason, "why".to_owned())).await;
        assert_eq!(store.reviews(tenant, true, 9).await.unwrap().len(), reviews, "{reason}");
    }
}

/// While nodes are replaced one by one, a newer one writes what an older one cannot read.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_put_before_a_person_once_it_is_old() {
    let (_folder, store, tenant, relay) = relay().await;
    for (age_min, reviews) in [(0, 0), (14, 0), (16, 1), (17, 1)] {
        let error = Error::Refused("written by a newer version".to_owned());
        let wanted_at = AT.plus_ms(-age_min * 60_000);
        let later = relay.illegible(&Illegible { id: 3, tenant, wanted_at, tries: 2, error }).await;
        assert_eq!((later.id, later.due_at, later.tries), (3, AT.plus_ms(30_000), 2));
        assert_eq!(store.reviews(tenant, true, 9).await.unwrap().len(), reviews, "{age_min} min");
    }
    let reviews = store.reviews(tenant, true, 9).await.unwrap();
    assert_eq!(reviews[0].subject, "outbox 3");
    assert!(reviews[0].detail.contains("newer version"), "{}", reviews[0].detail);
}
