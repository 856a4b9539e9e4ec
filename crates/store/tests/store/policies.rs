//! Owns the promise of a tenant's policy and of the installation's secret: what was set is there, on every node.

use domain::order::PendingLimit;
use domain::{Action, CheckoutPolicy, SetCheckoutPolicy, TenantId, Timestamp};

use crate::desk::Desk;
use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(
    a_policy_is_what_was_set_last,
    each_way_of_setting_a_policy_counts_its_version,
    of_changes_at_a_time_none_is_lost,
    an_installation_has_one_secret_for_good,
);

async fn a_policy_is_what_was_set_last(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let Desk { tenant, .. } = shop.desk;
    assert_eq!(shop.store.policy(tenant).await.expect("it is read"), CheckoutPolicy::default());
    let all = CheckoutPolicy {
        checkout_token: true,
        order_lock_ms: 2_000,
        pending_limit: PendingLimit::OnePerProduct,
        same_within_ms: 9,
        order_units_max: 3,
        guests: true,
        registration: true,
    };
    for policy in [all, CheckoutPolicy { same_within_ms: 10, ..CheckoutPolicy::default() }, all] {
        shop.store.policy_set(tenant, &policy, shop.desk.now()).await.expect("it is set");
        assert_eq!(shop.store.policy(tenant).await.expect("it is read"), policy);
    }
    assert_eq!(shop.store.policy(TenantId(tenant.0 + 1)).await.expect("it is read"), CheckoutPolicy::default());
}

/// The command, what an operator does beside the engine, and a row of an older version, which counts nothing.
async fn each_way_of_setting_a_policy_counts_its_version(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let tenant = shop.desk.tenant;
    let read = async || {
        let standing = shop.store.checkout_policy(tenant).await.expect("it is read");
        (standing.version, standing.policy.order_units_max, standing.changed_at.is_some())
    };
    let units = |order_units_max| CheckoutPolicy { order_units_max, ..CheckoutPolicy::default() };
    let command = async |key: &str, wanted, expected_version| {
        let set = SetCheckoutPolicy { policy: units(wanted), expected_version };
        words(&shop.run(&[shop.desk.command(key, Action::SetCheckoutPolicy(set))]).await).concat()
    };
    assert_eq!(read().await, (1, 0, false));
    shop.ground
        .plant(&format!(
            "insert into tenant_policies (tenant_id, checkout_token, order_lock_ms, pending_limit, same_within_ms,
                changed_at) values ({}, 0, 0, 0, 0, 7)",
            tenant.0
        ))
        .await;
    assert_eq!(read().await, (1, 0, true));
    assert_eq!(command("k1", 2, Some(1)).await, "200");
    assert_eq!(read().await, (2, 2, true));
    shop.store.policy_set(tenant, &units(3), Timestamp(9)).await.expect("it is set");
    assert_eq!(read().await, (3, 3, true));
    assert_eq!(command("k2", 4, Some(2)).await, "409");
    assert_eq!(command("k3", 4, Some(3)).await, "200");
    assert_eq!(read().await, (4, 4, true));
    shop.ground.plant("delete from tenant_policies").await;
    assert_eq!(command("k4", 5, None).await, "200");
    assert_eq!(read().await, (2, 5, true));
}

/// Ten of them at a time, each of what the one before it left.
async fn of_changes_at_a_time_none_is_lost(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let tenant = shop.desk.tenant;
    let change = |at| {
        let store = shop.store.clone();
        let more = |mut policy: CheckoutPolicy| {
            policy.order_units_max += 1;
            Ok::<_, ()>(policy)
        };
        tokio::spawn(async move { store.policy_change(tenant, Timestamp(at), more).await })
    };
    let tasks: Vec<_> = (10..20).map(change).collect();
    for task in tasks {
        task.await.expect("no panic").expect("it is written").expect("it is no refusal");
    }
    let standing = shop.store.checkout_policy(tenant).await.expect("it is read");
    assert_eq!((standing.policy.order_units_max, standing.version), (10, 11));
    let refused = shop.store.policy_change(tenant, Timestamp(30), |_| Err("no")).await.expect("it is read");
    assert_eq!(refused, Err("no"));
    assert_eq!(shop.store.checkout_policy(tenant).await.expect("it is read"), standing);
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
