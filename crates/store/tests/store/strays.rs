//! Owns the promise to words that fit nothing: about numbers that nobody knew, which are applied when the number appears, or
//! put before a person, once; and about a charge that is another attempt's, which holds up nobody.

use domain::channel::Verdict;
use domain::text::ChannelNo;
use domain::{Action, OrderNo, Timestamp};
use engine::Verdict as Decided;

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_success_about_an_unknown_number_is_told_once_and_applied_when_it_appears,
    a_charge_of_another_attempt_is_for_a_person,
);

async fn a_success_about_an_unknown_number_is_told_once_and_applied_when_it_appears(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let mut said = shop.desk.said(number, Verdict::Succeeded, Some(100));
    said.at = Timestamp(1_000);
    let mut failed = shop.desk.said(number, Verdict::Failed, None);
    failed.at = Timestamp(1_000);
    shop.run(&[place, said.clone(), failed]).await;
    let tell = async |until| shop.store.strays_review(Timestamp(0), Timestamp(until), 10).await.expect("a step");
    let reviews = async || shop.store.reviews(shop.desk.tenant, false, 9).await.expect("reviews");
    assert_eq!((tell(1_000).await, reviews().await.len()), (None, 0), "not yet");
    for _ in 0..2 {
        assert_eq!(tell(1_001).await, None);
        let reviews = reviews().await;
        assert_eq!(reviews.len(), 1, "{reviews:?}");
        assert_eq!(reviews[0].kind, "unmatched");
        assert!(reviews[0].detail.contains("1.00 CNY"), "{}", reviews[0].detail);
    }
    for verdict in [Verdict::Refunded, Verdict::Disputed, Verdict::Pending] {
        let mut other = shop.desk.said(OrderNo::new(7), verdict, Some(100));
        other.at = Timestamp(500);
        shop.run(&[other]).await;
    }
    tell(1_001).await;
    assert_eq!(reviews().await.len(), 3, "what is pending moved nothing");
    let full = shop.store.strays_review(Timestamp(0), Timestamp(1_001), 1).await.expect("a step");
    assert_eq!(full, Some(Timestamp(500)), "there may be more");

    assert_eq!(shop.store.events_to_retry(Timestamp(0), 10).await.expect("events"), []);
    shop.run(&[shop.desk.start(number)]).await;
    let known = shop.store.events_to_retry(Timestamp(0), 10).await.expect("events");
    assert_eq!(known.len(), 2);
    said.key = idempotency::Key::from_stored("again");
    let applied = shop.run(&[said]).await;
    let Decided::Decided { record, .. } = &applied[0] else { panic!("{applied:?}") };
    assert!(String::from_utf8_lossy(&record.answer.body).contains("applied"), "{record:?}");
    assert_eq!(tell(i64::MAX).await, None);
    assert_eq!(reviews().await.len(), 3);
}

/// The channel's number is unique: written a second time, it would stop every batch that has it.
async fn a_charge_of_another_attempt_is_for_a_person(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let places = ["one", "two", "three"].map(|key| shop.desk.place(key, &[("tea", 1)]));
    let [one, two, three] = [0, 1, 2].map(|at| order_no(&places[at]));
    shop.run(&places).await;
    shop.run(&[shop.desk.start(one), shop.desk.start(two), shop.desk.start(three)]).await;
    let said = |order_no: OrderNo, number: &str| {
        let mut command = shop.desk.said(order_no, Verdict::Succeeded, Some(100));
        let Action::ApplyChannelFact(apply) = &mut command.action else { panic!("{command:?}") };
        apply.fact.channel_no = Some(ChannelNo::from_stored(number));
        command
    };
    shop.run(&[said(one, "4200001")]).await;
    shop.run(&[said(two, "4200001"), said(three, "4200002")]).await;
    let paid = "select count(*) from payments where status = 'paid'";
    assert_eq!(shop.count(paid).await, 2);
    let reviews = shop.store.reviews(shop.desk.tenant, false, 9).await.expect("reviews");
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    assert!(reviews[0].detail.contains("it says 4200001, and that is att_"), "{}", reviews[0].detail);

    let mut again = said(two, "4200002");
    again.key = idempotency::Key::from_stored("again");
    let mut own = said(two, "4200003");
    own.key = idempotency::Key::from_stored("own");
    shop.run(&[again, own]).await;
    assert_eq!(shop.count(paid).await, 3);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
