//! Owns what is done about what shops ask of refunds and of checkouts, where there are many shops.

use domain::{Action, CheckoutPolicy, SetCheckoutPolicy, TenantId};
use store::Store;

use crate::desk::{Desk, noted};
use crate::shop::{self, Shop};

/// Many shops that ask for a second person, and for something of a checkout.
pub async fn populate(shop: &Shop) {
    let refunds: Vec<_> = (1_000..1_400).map(|tenant| format!("({tenant}, 'CNY 1', 2, 0)")).collect();
    let checkouts: Vec<_> = (1_000..1_400).map(|tenant| format!("({tenant}, 1, 0, 0, 0, 0)")).collect();
    shop.ground
        .plant(&format!(
            "insert into refund_policies (tenant_id, limits, version, changed_at) values {};
             insert into tenant_policies (tenant_id, checkout_token, order_lock_ms, pending_limit, same_within_ms, changed_at)
                values {}",
            refunds.join(", "),
            checkouts.join(", ")
        ))
        .await;
}

/// What a shop asks of a checkout is set for the first time, and once more.
pub async fn change(store: &Store, desk: &Desk, name: &str) {
    // Each change is made for the version before it.
    for version in [1, 2] {
        let policy = CheckoutPolicy { order_units_max: version.into(), ..CheckoutPolicy::default() };
        let set = Action::SetCheckoutPolicy(SetCheckoutPolicy { policy, expected_version: Some(version) });
        let batch = [noted(desk.command(&format!("{name} checkout {version}"), set), None)];
        let verdicts = shop::run(store, &batch).await.expect("the batch commits");
        assert_eq!(shop::words(&verdicts), ["200"]);
    }
}

/// What one shop asks.
pub async fn ask(store: &Store, tenant: TenantId) {
    store.refund_policy(tenant).await.expect("an answer");
    store.checkout_policy(tenant).await.expect("an answer");
}
