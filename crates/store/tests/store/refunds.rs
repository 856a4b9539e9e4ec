//! Owns the promise of the list of refunds: all of them or those of one status, newest first, each of them at most once.

use std::cmp::Reverse;

use domain::channel::Verdict;
use domain::payment::RefundStatus;
use domain::{Command, OrderNo, RefundId, TenantId, Timestamp};
use idempotency::Key;
use store::Cursor;

use crate::desk::{Desk, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    every_status_is_listed_newest_first,
    a_refund_is_listed_as_it_is_read,
    what_has_the_other_status_of_a_word_is_passed_over,
);

/// An order of 400 that is paid, with a refund of this status, which is written down at this moment.
fn refunded(desk: &Desk, status: RefundStatus, at: i64) -> (RefundId, Vec<Command>) {
    use RefundStatus::{AwaitingApproval, Created, Failed, Rejected, Submitted, Succeeded, Unknown};
    let place = desk.place(&format!("k{at}"), &[("tea", 4)]);
    let number = order_no(&place);
    let [start, paid] = desk.pay(number, 400);
    let mut ask = match status {
        AwaitingApproval | Rejected => desk.refund_over(number, 1, 100),
        _ => desk.refund(number, 1, Some(100)),
    };
    // Always two of the same moment.
    ask.at = Timestamp(1_000_000 + at / 2);
    let said = |verdict| desk.back(number, 1, verdict);
    let then = match status {
        Created | AwaitingApproval => vec![],
        Submitted => vec![said(Verdict::Pending)],
        Unknown => vec![said(Verdict::Failed)],
        Succeeded => vec![said(Verdict::Succeeded)],
        Failed => vec![said(Verdict::Failed), confirmed(desk, number)],
        Rejected => vec![desk.withdraw(&format!("no {at}"), number, 1)],
    };
    (RefundId::new(number.bits() + 1), [place, start, paid, ask].into_iter().chain(then).collect())
}

/// Asked whether it failed, the channel says so.
fn confirmed(desk: &Desk, number: OrderNo) -> Command {
    let key = Key::derived("answer", &number.to_string());
    Command { key, ..desk.back_asked(number, 1, (Verdict::Failed, 1)) }
}

/// Three of each status, with each status in every part of the list.
async fn populated(shop: &Shop) -> Vec<(RefundStatus, i64, RefundId)> {
    let mut all = Vec::new();
    for at in 0..21 {
        let status = RefundStatus::ALL[at % 7];
        let at = i64::try_from(at).expect("a small number");
        let (refund, batch) = refunded(&shop.desk, status, at);
        shop.run(&batch).await;
        all.push((status, 1_000_000 + at / 2, refund));
    }
    all.sort_by_key(|(_, at, refund)| Reverse((*at, refund.to_string())));
    all
}

async fn listed(shop: &Shop, status: Option<RefundStatus>, limit: u64) -> Vec<RefundId> {
    let (mut ids, mut after): (Vec<_>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = shop.store.refunds(shop.desk.tenant, status, after.as_ref(), limit).await.expect("a page");
        assert!(page.rows.len() <= usize::try_from(limit).expect("a small limit"));
        for row in &page.rows {
            let refund = row.payment.refund(row.refund).expect("the payment has it");
            assert!(status.is_none_or(|status| status == refund.status), "{status:?}: {refund:?}");
        }
        ids.extend(page.rows.into_iter().map(|row| row.refund));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn every_status_is_listed_newest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let all = populated(&shop).await;
    for asked in RefundStatus::ALL.map(Some).into_iter().chain([None]) {
        let of_it = all.iter().filter(|(status, ..)| asked.is_none_or(|asked| asked == *status));
        let expected: Vec<_> = of_it.map(|(.., refund)| *refund).collect();
        assert_eq!(expected.len(), if asked.is_some() { 3 } else { 21 });
        for limit in [1, 2, 3, 20, 21, 50] {
            assert_eq!(listed(&shop, asked, limit).await, expected, "{asked:?}, pages of {limit}");
        }
        let strange = shop.store.refunds(TenantId(99), asked, None, 9).await.expect("a page");
        assert_eq!((strange.rows, strange.next), (vec![], None), "{asked:?}");
    }
    let last = shop.store.refunds(shop.desk.tenant, None, None, 21).await.expect("a page");
    assert_eq!(last.next, None, "a page that holds the last row names no next one");
}

/// A node of before the second person writes the one column and not the other. So a list is found and read apart also where
/// somebody decides between the two.
async fn a_refund_is_listed_as_it_is_read(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (refund, batch) = refunded(&shop.desk, RefundStatus::AwaitingApproval, 1);
    shop.run(&batch).await;
    shop.ground.plant("update refunds set status = 'submitted'").await;
    for (asked, expected) in [
        (Some(RefundStatus::AwaitingApproval), vec![]),
        (Some(RefundStatus::Created), vec![]),
        (Some(RefundStatus::Submitted), vec![refund]),
        (None, vec![refund]),
    ] {
        assert_eq!(listed(&shop, asked, 2).await, expected, "{asked:?}");
    }
}

/// Of the two words that two statuses have, one is looked for behind many of the other.
async fn what_has_the_other_status_of_a_word_is_passed_over(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let tenant = shop.desk.tenant;
    for (at, (status, word, approval)) in
        [(RefundStatus::Failed, "failed", 3), (RefundStatus::Created, "created", 1)].into_iter().enumerate()
    {
        let mut expected = Vec::new();
        for number in 0..3 {
            let (refund, batch) = refunded(&shop.desk, status, i64::try_from(10 * at).expect("small") + 2 * number);
            shop.run(&batch).await;
            expected.insert(0, refund);
        }
        crowd(&shop, word, approval, 0..450).await;
        let page = shop.store.refunds(tenant, Some(status), None, 2).await.expect("a page");
        let ids: Vec<_> = page.rows.iter().map(|row| row.refund).collect();
        assert_eq!(ids, expected[..2], "{status}: a page is full where its rows are not far");
        assert_eq!(listed(&shop, Some(status), 2).await, expected, "{status}");
        crowd(&shop, word, approval, 450..1_300).await;
        let page = shop.store.refunds(tenant, Some(status), None, 2).await.expect("a page");
        assert_eq!(page.rows, [], "{status}: so many are looked at for one page, and no more");
        assert_eq!(listed(&shop, Some(status), 2).await, expected, "{status}: the next page goes on");
    }
}

/// So many refunds behind the others, as two columns have them.
async fn crowd(shop: &Shop, word: &str, approval: u8, numbers: std::ops::Range<u32>) {
    let row = |at: u32| {
        let number = (u128::from(approval) << 100) + u128::from(at);
        let (order_no, refund, at) = (OrderNo::new(number), RefundId::new(number), 2_000_000 + at);
        format!(
            "({}, '{order_no}', 1, '{refund}', 'pay_{at}', 'att_{at}', x'00', 1, 'requested', 'x', '{word}', 0, 0, {at}, {at}, {approval})",
            shop.desk.tenant.0
        )
    };
    let rows = numbers.map(row).collect::<Vec<_>>().join(", ");
    let columns = "tenant_id, order_no, number, refund_id, payment_id, attempt_id, provider_key, amount_minor, cause, reason, \
        status, queries, silences, created_at, updated_at, approval";
    shop.ground.plant(&format!("insert into refunds ({columns}) values {rows}")).await;
}
