//! Owns the promise of a tenant's policy and of the installation's secret: what was set is there, on every node.

use domain::TenantId;
use domain::order::PendingLimit;
use store::Policy;

use crate::desk::Desk;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(a_policy_is_what_was_set_last, an_installation_has_one_secret_for_good);

async fn a_policy_is_what_was_set_last(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let Desk { tenant, .. } = shop.desk;
    assert_eq!(shop.store.policy(tenant).await.expect("it is read"), Policy::default());
    let all = Policy {
        checkout_token: true,
        order_lock_ms: 2_000,
        pending_limit: PendingLimit::OnePerProduct,
        same_within_ms: 9,
        order_units_max: 3,
        guests: true,
        registration: true,
    };
    for policy in [all, Policy { same_within_ms: 10, ..Policy::default() }, all] {
        shop.store.policy_set(tenant, &policy, shop.desk.now()).await.expect("it is set");
        assert_eq!(shop.store.policy(tenant).await.expect("it is read"), policy);
    }
    assert_eq!(shop.store.policy(TenantId(tenant.0 + 1)).await.expect("it is read"), Policy::default());
}

async fn an_installation_has_one_secret_for_good(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let [one, two] = [[1; 32], [0xfe; 32]];
    let first = if kind == Kind::Sqlite {
        shop.store.secret(one).await.expect("a secret")
    } else {
        // Two nodes at once: one of them makes it.
        let other = shop.ground.store().await;
        let (here, there) = tokio::join!(shop.store.secret(one), other.secret(two));
        let (here, there) = (here.expect("a secret"), there.expect("a secret"));
        assert_eq!(here, there);
        other.close().await;
        here
    };
    assert!([one, two].contains(&first));
    assert_eq!(shop.store.secret([3; 32]).await.expect("a secret"), first);
}
