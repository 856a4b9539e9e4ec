//! Owns the promise that the schema itself refuses a wrong row, whoever writes it, and what the engine is told.

use std::collections::BTreeSet;

use domain::text::Sku;
use domain::{Change, Command, Needs, StockItem};
use engine::{Commit, Fault, Storage as _};
use sqlx::error::ErrorKind;

use crate::desk::order_no;
use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, gather};

on_every_database!(
    a_wrong_row_is_refused,
    texts_are_compared_byte_by_byte,
    who_lost_a_race_runs_again_and_a_broken_rule_is_refused,
    a_transaction_that_is_dropped_leaves_nothing_and_no_lock,
);

/// Rows that no bug may write. `{o}` is an order that is there, paid, with one line of two tea and a parcel.
const CHECKS: &[&str] = &[
    "update stock_items set on_hand = -1, reserved = 0",
    "update stock_items set reserved = -1",
    "update stock_items set reserved = on_hand + 1",
    "update products set price_minor = -1",
    "update products set version = 0",
    "update stock_movements set quantity = 0",
    "update orders set status = 'open'",
    "update orders set status = 'closed'",
    "update orders set close_reason = 'customer'",
    "update orders set version = 0",
    "update orders set total_minor = -1",
    "update orders set captured_minor = -1",
    "update order_lines set line = 0",
    "update order_lines set quantity = 0",
    "update order_lines set shipped = -1",
    "update order_lines set shipped = quantity + 1",
    "update order_lines set unit_price_minor = -1",
    "update order_lines set total_minor = -1",
    "update stock_reservations set holding = 'lost'",
    "update stock_reservations set quantity = 0",
    "update order_events set version = 0",
    "update shipments set number = 0",
    "update shipment_lines set quantity = 0",
    "update key_records set key_hash = x'00'",
    "update key_records set status = null",
    "update key_records set completed_at = null where order_no is not null",
    "update key_records set status = null, headers = null, body = null, completed_at = null where order_no is null",
];

/// Copies of rows that are there, under another id where the table counts one.
const COPIES: &[(&str, &str)] = &[
    ("products", "tenant_id, sku, name, price_minor, currency, version, created_at, updated_at"),
    ("stock_items", "tenant_id, sku, on_hand, reserved"),
    ("stock_movements", "tenant_id, sku, source_kind, source_id, quantity, reason, moved_at"),
    ("order_lines", "tenant_id, order_no, line, sku, name, quantity, unit_price_minor, total_minor, shipped"),
    ("stock_reservations", "tenant_id, order_no, sku, quantity, holding"),
    ("order_numbers", "tenant_id, order_no, principal_id, expires_at"),
    ("pending_slots", "tenant_id, customer_id, sku, order_no"),
    ("shipment_lines", "tenant_id, order_no, number, line, quantity"),
    ("tenants", "public_id, name, created_at"),
    ("principals", "tenant_id, public_id, kind, name, created_at"),
];

/// Rows that differ from one that is there in everything but what must be unique.
const TWINS: &[&str] = &[
    // One order per number, whatever its key.
    "insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version, fingerprint, status,
        close_reason, version, customer_id, total_minor, currency, captured_minor, note, created_at, updated_at,
        expires_at)
        select tenant_id, order_no, principal_id, 'another', 9, x'', status, close_reason, 9,
        'else', 9, 'CNY', 9, null, 9, 9, 9 from orders",
    // I-9: one movement per source and product, however many units.
    "insert into stock_movements (tenant_id, sku, source_kind, source_id, quantity, reason, moved_at)
        select tenant_id, sku, source_kind, source_id, 9, 'again', 9 from stock_movements",
    // One parcel of an order per carrier and number.
    "insert into shipments select tenant_id, order_no, number + 1, 'shp_another', carrier, tracking_no, 9, 9
        from shipments",
    "insert into order_events select tenant_id, order_no, version, 'cancel', 'paid', 'closed', 9, 9, 'k'
        from order_events",
    // I-10: one record per account and key, whatever its answer, and also where that was purged.
    "insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version,
        fingerprint, order_no, status, headers, body, completed_at)
        select tenant_id, key_hash, 9, 'else', x'00', 9, x'00', null, 500, '[]', x'', 9 from key_records",
    "insert into key_records (tenant_id, key_hash, principal_id, idempotency_key, command_id, fingerprint_version,
        fingerprint, order_no)
        select tenant_id, key_hash, 9, 'else', x'00', 9, x'00', 'ord_another' from key_records",
];

async fn shop(kind: Kind) -> Shop {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 2)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 200);
    let rest = [
        start,
        paid,
        shop.desk.ship(number, 2, "T1", Some(&[(1, 1)])),
        shop.desk.issue("i"),
        shop.desk.place_alone("a", "member", &[("tea", 1)]),
    ];
    shop.run(&[[place].as_slice(), &rest].concat()).await;
    shop
}

async fn refused(shop: &Shop, sql: &str, expected: &ErrorKind) {
    let sql = shop.ground.kind.spelled(sql);
    let error = shop.ground.connect().await.run(&sql).await.expect_err(&sql);
    let found = error.as_database_error().map(sqlx::error::DatabaseError::kind);
    assert_eq!(found.map(|found| format!("{found:?}")), Some(format!("{expected:?}")), "{sql}: {error}");
}

async fn a_wrong_row_is_refused(kind: Kind) {
    let shop = shop(kind).await;
    for sql in CHECKS {
        refused(&shop, sql, &ErrorKind::CheckViolation).await;
    }
    for (table, columns) in COPIES {
        let copy = format!("insert into {table} ({columns}) select {columns} from {table}");
        refused(&shop, &copy, &ErrorKind::UniqueViolation).await;
    }
    for sql in TWINS {
        refused(&shop, sql, &ErrorKind::UniqueViolation).await;
    }
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn texts_are_compared_byte_by_byte(kind: Kind) {
    let shop = Shop::open(kind).await;
    let desk = &shop.desk;
    shop.run(&[desk.put("85123A", 1, 1), desk.put("85123a", 2, 1), desk.issue("k"), desk.issue("K")]).await;
    assert_eq!(shop.count("select count(*) from products").await, 2);
    assert_eq!(shop.count("select count(*) from key_records").await, 4);
}

/// Commits what a batch on an empty snapshot would write, as a node does that did not see what is there.
async fn blind(shop: &Shop, batch: &[Command]) -> Result<(), Fault> {
    use engine::Execute as _;
    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await?;
    let executor = engine::Executor::new(crate::render::Json);
    let verdicts = executor.run(&mut engine::Snapshot::default(), batch, &std::collections::HashSet::new());
    shop.store.commit(transaction, &gather(batch, &verdicts)).await
}

async fn who_lost_a_race_runs_again_and_a_broken_rule_is_refused(kind: Kind) {
    let shop = Shop::open(kind).await;
    let put = shop.desk.put("tea", 1, 5);
    blind(&shop, std::slice::from_ref(&put)).await.expect("the first one");
    let lost = blind(&shop, std::slice::from_ref(&put)).await.expect_err("the second one");
    assert!(matches!(lost, Fault::Retry(_)), "{lost:?}");
    // Another key, the same product: here the stock's primary key, or the version, says that somebody was faster.
    let lost = blind(&shop, &[shop.desk.put("tea", 2, 5)]).await.expect_err("the product is there");
    assert!(matches!(lost, Fault::Retry(_)), "{lost:?}");

    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await.expect("nobody else writes");
    let item = StockItem { tenant: shop.desk.tenant, sku: Sku::from_stored("air"), on_hand: 1, reserved: 2 };
    let commit = Commit { records: Vec::new(), changes: vec![Change::StockSet(item)] };
    let broken = shop.store.commit(transaction, &commit).await.expect_err("I-6");
    assert!(matches!(broken, Fault::Rejected(_)), "{broken:?}");
    assert_eq!(shop.count("select count(*) from stock_items").await, 1, "a refused commit leaves nothing");
    assert_eq!(shop.count("select count(*) from key_records").await, 1);
}

async fn a_transaction_that_is_dropped_leaves_nothing_and_no_lock(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (transaction, _) = shop.store.load(&Needs::default(), &BTreeSet::new()).await.expect("nobody else writes");
    drop(transaction);
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    assert_eq!(shop.count("select count(*) from orders").await, 1);
}
