//! Owns the promise of the human queue: the latest first, each once, and the first word about one stays.

use domain::review::{Kind as Why, Review};
use domain::{ReviewId, Timestamp};
use store::Store;

use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(a_queue_is_listed_the_latest_first, the_first_word_about_a_review_stays);

/// So many of them, three of each moment.
async fn raised(shop: &Shop, count: u8) -> Vec<ReviewId> {
    let mut ids = Vec::new();
    for at in 0..count {
        let review = Review {
            id: ReviewId::new(u128::from(at) + 1),
            tenant: shop.desk.tenant,
            kind: Why::Stuck,
            subject: format!("att_{at}"),
            detail: "\u{6ca1}\u{6709} word".to_owned(),
            at: Timestamp(i64::from(at / 3)),
            resolved: None,
        };
        assert!(shop.store.review_raise(&review).await.expect("it is new"));
        ids.push(review.id);
    }
    ids
}

async fn all(store: &Store, shop: &Shop, all: bool, limit: u64) -> Vec<Review> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = store.reviews_page(shop.desk.tenant, all, after.as_ref(), limit).await.expect("a page");
        assert!(page.rows.len() <= usize::try_from(limit).expect("a small limit"));
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

async fn a_queue_is_listed_the_latest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let ids = raised(&shop, 14).await;
    let looked: Vec<_> =
        ids.iter().step_by(3).map(|id| shop.desk.resolve(&format!("look-{id}"), *id, "looked")).collect();
    shop.run(&looked).await;
    for limit in [1, 4, 9, 14, 50] {
        let found: Vec<_> = all(&shop.store, &shop, true, limit).await.iter().map(|review| review.id).collect();
        assert_eq!(found, ids.iter().rev().copied().collect::<Vec<_>>(), "pages of {limit}");
        let found = all(&shop.store, &shop, false, limit).await;
        assert!(found.iter().all(|review| review.resolved.is_none()));
        let open: Vec<_> = (0..14).rev().filter(|at| at % 3 != 0).map(|at| ids[at]).collect();
        assert_eq!(found.iter().map(|review| review.id).collect::<Vec<_>>(), open, "pages of {limit}");
    }
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    assert!(shop.store.reviews_page(other, true, None, 9).await.expect("a page").rows.is_empty());
}

/// In one batch, in the next, under another key, and behind somebody at the command line.
async fn the_first_word_about_a_review_stays(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let ids = raised(&shop, 2).await;
    let first = shop.desk.resolve("one", ids[0], "first");
    let again = shop.desk.resolve("one", ids[0], "first");
    let batch = [first.clone(), first, shop.desk.resolve("two", ids[0], "second")];
    assert_eq!(words(&shop.run(&batch).await), ["200", "executed", "409"]);
    let batch = [again, shop.desk.resolve("three", ids[0], "third"), shop.desk.resolve("four", ReviewId::new(99), "x")];
    assert_eq!(words(&shop.run(&batch).await), ["replayed", "409", "409"]);
    assert!(shop.store.review_resolve(shop.desk.tenant, ids[1], "there", Timestamp(9)).await.expect("it is there"));
    assert_eq!(words(&shop.run(&[shop.desk.resolve("five", ids[1], "here")]).await), ["409"]);
    let rows = all(&shop.store, &shop, true, 9).await;
    let said: Vec<_> =
        rows.iter().map(|row| row.resolved.as_ref().map(|done| done.resolution.as_str().to_owned())).collect();
    assert_eq!(said, [Some("there".to_owned()), Some("first".to_owned())]);
}
