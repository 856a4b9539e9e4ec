//! Owns what operators ask of refunds: pages of all of them and of each status, and which index a page is to walk.

use domain::payment::RefundStatus;
use domain::{OrderNo, RefundId, TenantId};
use store::Store;

use crate::shop::Shop;

/// The two columns of each status.
const STORED: [(&str, u8); 8] = [
    ("created", 1),
    ("created", 0),
    ("created", 2),
    ("submitted", 0),
    ("unknown", 2),
    ("succeeded", 0),
    ("failed", 0),
    ("failed", 3),
];

/// The lists of which a planner may believe that another index serves as well.
pub(super) const WALKED: [(Option<RefundStatus>, &str); 4] = [
    (None, "refunds_tenant_id_created_at_refund_id"),
    (Some(RefundStatus::Succeeded), "refunds_tenant_id_status_created_at_refund_id"),
    (Some(RefundStatus::Unknown), "refunds_tenant_id_status_created_at_refund_id"),
    (Some(RefundStatus::Rejected), "refunds_tenant_id_approval_created_at_refund_id"),
];

/// Many refunds of three tenants, in every status.
pub(super) async fn populate(shop: &Shop) {
    plant(shop, (0..4_000).map(|at| (TenantId(1 + i64::from(at % 3)), at, STORED[at as usize % STORED.len()]))).await;
}

/// A shop of ten thousand refunds that succeeded, some of which a person did not let go, and two hundred that were begun behind
/// them.
pub(super) async fn lopsided(shop: &Shop) {
    let stored = |at: u32| match at {
        10_000.. => ("created", 0),
        _ if at.is_multiple_of(100) => ("failed", 3),
        _ => ("succeeded", 0),
    };
    plant(shop, (0..10_200).map(|at| (shop.desk.tenant, at, stored(at)))).await;
}

async fn plant(shop: &Shop, refunds: impl Iterator<Item = (TenantId, u32, (&str, u8))>) {
    let row = |(tenant, at, (status, approval)): (TenantId, u32, (&str, u8))| {
        let (order_no, refund) = (OrderNo::new(u128::from(at) << 40), RefundId::new(at.into()));
        format!(
            "({}, '{order_no}', 1, '{refund}', 'pay_{at}', 'att_{at}', x'00', 1, 'requested', 'x', '{status}', 0, 0, {at}, \
             {at}, {approval})",
            tenant.0
        )
    };
    let rows: Vec<_> = refunds.map(row).collect();
    for some in rows.chunks(4_000) {
        let some = some.join(", ");
        shop.ground
            .plant(&format!(
                "insert into refunds (tenant_id, order_no, number, refund_id, payment_id, attempt_id, provider_key,
                    amount_minor, cause, reason, status, queries, silences, created_at, updated_at, approval) values {some}"
            ))
            .await;
    }
}

/// Two pages of each list.
pub(super) async fn pages(store: &Store, tenant: TenantId) {
    for status in RefundStatus::ALL.map(Some).into_iter().chain([None]) {
        let page = store.refunds(tenant, status, None, 20).await.expect("a page");
        assert!(page.next.is_some(), "{status:?}");
        store.refunds(tenant, status, page.next.as_ref(), 20).await.expect("a page");
    }
}

/// Whether this is the question for a page.
pub(super) fn is_page(sql: &str) -> bool {
    sql.replace(['"', '`'], "").starts_with("SELECT refund_id, created_at, approval FROM refunds")
}
