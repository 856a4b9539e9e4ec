//! Owns the promise of what a comparison with a provider's statement asks: every movement of an account and a day, page by
//! page, each once; and a review that is raised twice and there once.

use domain::channel::Verdict;
use domain::ledger::Kind as Movement;
use domain::review::{self, Review};
use domain::{AttemptId, ChannelAccountId, RefundId, ReviewId, Timestamp};

use crate::desk::{ACCOUNT, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    every_movement_of_an_account_and_a_time_is_found_once,
    a_ledger_of_several_pages_is_read_to_its_end,
    payments_are_found_behind_attempts_and_refunds,
    a_review_that_is_raised_again_stays_as_it_is,
);

/// The sources of an account's movements in this time, and in how many pages they came.
async fn sources(shop: &Shop, account: ChannelAccountId, kind: Movement, (from, to): (i64, i64)) -> (Vec<String>, u32) {
    let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
    let when = Timestamp(from)..Timestamp(to);
    loop {
        let page = shop.store.movements((shop.desk.tenant, account), kind, &when, after.as_ref()).await;
        let page = page.expect("a page");
        assert!(page.rows.iter().all(|row| row.kind == kind && row.amount.minor > 0), "{page:?}");
        found.extend(page.rows.into_iter().map(|row| row.source));
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (found, pages);
        }
    }
}

async fn every_movement_of_an_account_and_a_time_is_found_once(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 100);
    let (refund, at) = (shop.desk.refund(number, 1, None), paid.at.0);
    let returned = shop.desk.back(number, 1, Verdict::Succeeded);
    let back_at = returned.at.0;
    shop.run(&[place, start, paid]).await;
    shop.run(&[refund, returned]).await;
    let (attempt, refund) = (AttemptId::new(number.bits()).to_string(), RefundId::new(number.bits() + 1).to_string());
    let all = (0, i64::MAX);
    assert_eq!(sources(&shop, ACCOUNT, Movement::Capture, all).await, (vec![attempt.clone()], 1));
    assert_eq!(sources(&shop, ACCOUNT, Movement::Refund, all).await, (vec![refund], 1));
    for ((from, to), expected) in [((at, at + 1), true), ((at + 1, back_at + 1), false), ((0, at), false)] {
        let found = sources(&shop, ACCOUNT, Movement::Capture, (from, to)).await.0;
        assert_eq!(found == [attempt.clone()], expected, "{from} to {to}: {found:?}");
    }
    assert!(sources(&shop, ChannelAccountId::new(2), Movement::Capture, all).await.0.is_empty());
}

/// Two entries a posting, of two accounts in turn, ten postings at one time; a page ends between two of one time.
async fn a_ledger_of_several_pages_is_read_to_its_end(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let digits: Vec<_> = (0..10).map(|digit| format!("select {digit} i")).collect();
    let digits = format!("({})", digits.join(" union all "));
    let numbers = format!(
        "(select a.i * 1000 + b.i * 100 + c.i * 10 + d.i n from {digits} a, {digits} b, {digits} c, {digits} d) numbers"
    );
    let (tenant, other) = (shop.desk.tenant.0, ChannelAccountId::new(2));
    for (account, minor) in [
        (format!("case when n % 2 = 0 then 'channel:{ACCOUNT}' else 'channel:{other}' end"), 7),
        ("'sales'".to_owned(), -7),
    ] {
        let entries = format!(
            "insert into ledger_entries (tenant_id, kind, source, account, amount_minor, currency, posted_at) \
             select {tenant}, 'capture', concat('s', 10000 + n), {account}, {minor}, 'CNY', n - n % 10 from {numbers} where n <> 77"
        );
        shop.ground.plant(&entries).await;
    }
    for (account, odd) in [(ACCOUNT, 0), (other, 1)] {
        let (found, pages) = sources(&shop, account, Movement::Capture, (50, 9_951)).await;
        let expected = (50..9_960).filter(|n| n % 2 == odd && *n != 77).map(|n| format!("s{}", 10_000 + n));
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert_eq!(pages, 3);
    }
}

async fn payments_are_found_behind_attempts_and_refunds(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let mut numbers = Vec::new();
    for key in ["a", "b", "c"] {
        let place = shop.desk.place(key, &[("tea", 1)]);
        let number = order_no(&place);
        let [start, paid] = shop.desk.pay(number, 100);
        shop.run(&[place, start, paid]).await;
        shop.run(&[shop.desk.refund(number, 1_000, None)]).await;
        numbers.push(number);
    }
    let behind = async |attempts: Vec<AttemptId>, refunds: Vec<RefundId>| {
        let found = shop.store.payments_behind(shop.desk.tenant, attempts, refunds).await.expect("payments");
        found.into_iter().map(|payment| payment.order_no).collect::<Vec<_>>()
    };
    let (attempt, refund) = (|at: usize| AttemptId::new(numbers[at].bits()), |at: usize| numbers[at].bits() + 1_000);
    assert_eq!(behind(vec![attempt(0)], vec![RefundId::new(refund(1))]).await, numbers[..2]);
    assert_eq!(behind(vec![attempt(2)], vec![RefundId::new(refund(2))]).await, numbers[2..], "each once");
    assert!(behind(vec![AttemptId::new(9_999_999)], Vec::new()).await.is_empty());
}

async fn a_review_that_is_raised_again_stays_as_it_is(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (tenant, id) = (shop.desk.tenant, ReviewId::new(7));
    let raise = async |store: &store::Store, id, detail: &str| {
        let (subject, detail) = ("att_1".to_owned(), detail.to_owned());
        let review =
            Review { id, tenant, kind: review::Kind::Difference, subject, detail, at: Timestamp(1), resolved: None };
        store.review_raise(&review).await.expect("it is raised, or there")
    };
    assert!(raise(&shop.store, id, "first").await);
    assert!(!raise(&shop.store, id, "second").await);
    assert!(shop.store.review_resolve(tenant, id, "looked at", Timestamp(2)).await.expect("it is there"));
    assert!(!raise(&shop.store, id, "third").await);
    let shown = shop.store.reviews(tenant, true, 9).await.expect("a list");
    let [only] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!(only.detail, "first");
    assert_eq!(only.resolved, Some((Timestamp(2), "looked at".to_owned())));
    // Two at once, on two nodes: one of them raises it, and both are told well. A file has one node.
    if kind == Kind::Sqlite {
        return;
    }
    let other = shop.ground.store().await;
    for at in 100..120 {
        let both =
            tokio::join!(raise(&shop.store, ReviewId::new(at), "here"), raise(&other, ReviewId::new(at), "there"));
        assert!(both.0 != both.1, "{both:?}");
    }
    other.close().await;
}
