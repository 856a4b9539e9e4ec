//! Owns the tests of reading an audit log: in its two orders, by who and what, and to its end.

use domain::audit::Head;
use domain::{Command, Timestamp};
use store::{Account, AuditFilter, Cursor};

use crate::desk::noted;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(a_log_is_read_in_both_orders, a_log_is_read_by_who_and_what);

/// Entries at these times.
async fn written(shop: &Shop, times: &[i64]) {
    let batch: Vec<Command> = (0..)
        .zip(times)
        .map(|(at, &time)| Command { at: Timestamp(time), ..noted(shop.desk.issue(&format!("n{at}")), Some("why")) })
        .collect();
    shop.run(&batch).await;
}

/// The places on all pages of so many.
async fn places(shop: &Shop, filter: &AuditFilter, limit: u64) -> Vec<i64> {
    let (mut found, mut after): (Vec<i64>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = shop.store.audit(shop.desk.tenant, filter, after.as_ref(), limit).await.expect("a page");
        found.extend(page.rows.iter().map(|entry| entry.place));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// By time, of the same time the later place first, on pages of any size; and by place, from any place on.
async fn a_log_is_read_in_both_orders(kind: Kind) {
    let shop = Shop::open(kind).await;
    assert_eq!(shop.store.audit_head(shop.desk.tenant).await.expect("an answer"), None);
    // One node's clock is behind another's.
    written(&shop, &[10, 30, 20, 20, 20, 40]).await;
    for limit in 1..8 {
        assert_eq!(places(&shop, &AuditFilter::default(), limit).await, [6, 2, 5, 4, 3, 1], "pages of {limit}");
    }
    let between = AuditFilter { from: Some(Timestamp(20)), to: Some(Timestamp(30)), ..AuditFilter::default() };
    assert_eq!(places(&shop, &between, 2).await, [5, 4, 3]);
    let page = shop.store.audit_behind(shop.desk.tenant, 2, 3).await.expect("a page");
    assert_eq!(page.rows.iter().map(|entry| entry.place).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!(page.next.map(|cursor| cursor.id).as_deref(), Some("5"));
    let all = shop.store.audit_behind(shop.desk.tenant, 0, 6).await.expect("a page");
    assert_eq!((all.rows.len(), all.next), (6, None));
    let mut head = Head::first(shop.desk.tenant);
    for entry in &all.rows {
        assert!(entry.follows(&head), "{entry:?}");
        assert_eq!((entry.actor.as_str(), entry.principal), ("acc_1", shop.desk.principal));
        head = entry.head();
    }
    assert_eq!(shop.store.audit_head(shop.desk.tenant).await.expect("an answer"), Some(head));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_log_is_read_by_who_and_what(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (tenant, now) = (shop.desk.tenant, Timestamp(0));
    let account = Account { tenant, kind: "service", name: "second", public_id: "acc_second" };
    let second = shop.store.account(&account, now).await.expect("a new account");
    let by = |key: &str, command: Command| {
        let mut command = Command { principal: second, ..noted(command, Some(key)) };
        "acc_second".clone_into(&mut command.note.as_mut().expect("it is noted").actor);
        command
    };
    let desk = &shop.desk;
    let batch = [
        noted(desk.issue("a"), None),
        by("why", desk.issue("b")),
        noted(desk.put("tea", 100, 5), None),
        by("why", desk.put("cup", 20, 5)),
        by("why", desk.issue("c")),
    ];
    shop.run(&batch).await;
    let filter = |actor: &str, action: &str| AuditFilter {
        actor: Some(actor.to_owned()).filter(|actor| !actor.is_empty()),
        action: Some(action.to_owned()).filter(|action| !action.is_empty()),
        ..AuditFilter::default()
    };
    for (actor, action, wanted) in [
        ("", "", &[5, 4, 3, 2, 1][..]),
        ("acc_1", "", &[3, 1]),
        ("acc_second", "", &[5, 4, 2]),
        ("", "orders.number", &[5, 2, 1]),
        ("acc_second", "products.put", &[4]),
        ("acc_1", "orders.ship", &[]),
        ("acc_2", "", &[]),
        // As some databases compare texts, these are the same.
        ("ACC_1", "", &[]),
        ("acc_1 ", "", &[]),
        ("", "Orders.Number", &[]),
    ] {
        for limit in [1, 2, 9] {
            assert_eq!(places(&shop, &filter(actor, action), limit).await, wanted, "{actor} {action}");
        }
    }
    // Somebody of another tenant has done nothing here.
    let other = shop.store.tenant_create("other", "ten_2", now).await.expect("a new tenant");
    let page = shop.store.audit(other, &filter("acc_1", ""), None, 9).await.expect("a page");
    assert_eq!((page.rows.len(), page.next), (0, None));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
