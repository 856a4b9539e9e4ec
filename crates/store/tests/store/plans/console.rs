//! Owns what operators look at: every list of theirs, and a review of which somebody says what they did.

use domain::review::{Kind as Why, Review};
use domain::text::Sku;
use domain::{ChannelAccountId, Command, OrderNo, PaymentId, ReviewId, TenantId, Timestamp, payment};
use store::{Cursor, PaymentFilter, Store};

use crate::desk::{ACCOUNT, Desk};
use crate::shop::Shop;

/// Many reviews, of which somebody has looked at most.
pub(super) async fn populate(shop: &Shop) {
    let row = |at: u32| {
        let (tenant, id) = (1 + at % 3, ReviewId::new(u128::from(at)));
        let looked = if at.is_multiple_of(10) { "null, null".to_owned() } else { format!("{at}, 'looked'") };
        format!("({tenant}, '{id}', 'stuck', 'att_{at}', 'no word', {at}, {looked})")
    };
    let rows: Vec<_> = (0..3_000).map(row).collect();
    let columns = "tenant_id, review_id, kind, subject, detail, raised_at, resolved_at, resolution";
    shop.ground.plant(&format!("insert into reviews ({columns}) values {}", rows.join(", "))).await;
}

/// Pages of each list, with every filter.
pub(super) async fn pages(store: &Store, tenant: TenantId, order_no: OrderNo) {
    let cursor = Cursor { at: Timestamp(900), id: PaymentId::new(order_no.bits()).to_string() };
    for bits in 0..64_u8 {
        let set = |bit: u8| bits & (1 << bit) != 0;
        let filter = PaymentFilter {
            status: set(0).then_some(payment::Status::Paid),
            account: set(1).then_some(ACCOUNT),
            order_no: set(2).then_some(order_no),
            created_from: set(3).then_some(Timestamp(100)),
            created_to: set(4).then_some(Timestamp(1_000)),
        };
        store.payments_page(tenant, &filter, set(5).then_some(&cursor), 20).await.expect("a page");
    }
    let page = store.payments_page(tenant, &PaymentFilter::default(), None, 20).await.expect("a page");
    assert!(page.next.is_some());
    let tea = Sku::from_stored("tea");
    let page = store.stock_movements(tenant, &tea, None, 5).await.expect("a page");
    assert!(page.next.is_some());
    store.stock_movements(tenant, &tea, page.next.as_ref(), 5).await.expect("a page");
    // A day is little of all the time that a shop is there.
    let since = (Timestamp(1_000_000_000), Timestamp(1_000_000_001));
    store.attempts_ended(tenant, &[ACCOUNT, ChannelAccountId::new(2)], since).await.expect("counts");
    for all in [false, true] {
        let page = store.reviews_page(tenant, all, None, 20).await.expect("a page");
        assert!(page.next.is_some());
        store.reviews_page(tenant, all, page.next.as_ref(), 20).await.expect("a page");
    }
}

/// Somebody says what they did about something new.
pub(super) async fn looked(store: &Store, desk: &Desk, name: &str) -> Command {
    let id = ReviewId::new(u128::from(desk.now().0.unsigned_abs()) << 64);
    let (subject, detail) = (name.to_owned(), "no word".to_owned());
    let review =
        Review { id, tenant: desk.tenant, kind: Why::Stuck, subject, detail, at: Timestamp(1), resolved: None };
    assert!(store.review_raise(&review).await.expect("it is new"));
    desk.resolve(&format!("{name} looked"), id, "looked")
}
