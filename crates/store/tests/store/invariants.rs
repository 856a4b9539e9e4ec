//! Owns the promise that `check` finds what is wrong, whatever it is, and nothing where nothing is.

use domain::Timestamp;
use domain::channel::Verdict;
use store::{Light, Store};

use crate::desk::{PAY_WITHIN_MS, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    what_is_planted_is_found_and_nothing_else,
    an_order_may_be_a_little_late_for_the_sweeper,
    a_database_tells_when_it_was_last_written_to,
    many_orders_are_checked_in_one_go,
);

/// What is planted, and the invariants that it breaks. The shop has a pending order, one more with an attempt, a paid, a partly
/// shipped, a completed, a closed, a free and a partly refunded one.
const PLANTED: &[(&str, &[&str])] = &[
    ("update orders set total_minor = total_minor + 1 where status = 'pending_payment'", &["I-5"]),
    ("update order_lines set total_minor = 7, unit_price_minor = 7 where sku = 'cup'", &["I-5"]),
    ("update stock_items set reserved = on_hand + 1 where sku = 'cup'", &["I-6", "I-7"]),
    ("update stock_items set reserved = reserved + 1 where sku = 'tea'", &["I-7"]),
    ("delete from stock_items where sku = 'tea'", &["S-3"]),
    ("update stock_items set on_hand = on_hand + 1 where sku = 'tea'", &["I-8"]),
    ("delete from stock_movements where source_kind = 'initial' and sku = 'cup'", &["I-8"]),
    ("update stock_movements set source_id = 'ord_none' where id = (select id from (select max(id) id from stock_movements) latest)", &["I-9"]),
    (
        "delete from stock_reservations where holding = 'committed' and order_no in
            (select order_no from orders where status = 'completed')",
        &["I-9", "S-1"],
    ),
    (
        "update orders set idempotency_key = 'pending' where status = 'completed'",
        &["I-10b", "I-10c"],
    ),
    ("update orders set fingerprint_version = 9 where status = 'completed'", &["I-10a", "I-10c"]),
    ("update key_records set order_no = 'ord_none' where idempotency_key = 'alone'", &["I-10a", "I-10c"]),
    ("update key_records set order_no = null where idempotency_key = 'pending'", &["I-10c"]),
    ("delete from key_records where idempotency_key = 'pending'", &["I-10c"]),
    ("update key_records set order_no = 'ord_none', status = null, headers = null, body = null, completed_at = null
        where idempotency_key like 'start-%'", &["I-10c"]),
    ("update orders set captured_minor = 0 where status = 'paid'", &["I-2a", "I-2b", "I-11"]),
    ("update orders set captured_minor = 1 where status = 'closed' and captured_minor = 0", &["I-2a", "I-2b"]),
    ("update orders set refunded_minor = 1 where status = 'closed' and close_reason = 'customer'", &["I-3", "I-11"]),
    ("update payment_attempts set captured_minor = 0, status = 'failed' where number = 1 and status = 'succeeded'
        and order_no in (select order_no from orders where status = 'completed')",
        &["I-2a", "I-4b", "I-13d"]),
    ("update payment_attempts set captured_minor = 1 where status = 'created'", &["I-1", "I-2a", "I-4b"]),
    ("update refunds set amount_minor = 60", &["I-3", "I-4b"]),
    ("update ledger_entries set amount_minor = amount_minor + 1 where account = 'sales'", &["I-4a"]),
    ("delete from ledger_entries where kind = 'refund'", &["I-4b"]),
    ("update payment_events set event = 'close' where event = 'succeed'", &["I-13c"]),
    ("delete from payment_events where version = 1", &["I-13d"]),
    ("delete from outbox", &["I-14b"]),
    ("update payments set status = 'paid' where status = 'open'", &["I-13d", "S-4"]),
    ("update orders set total_minor = 0 where status = 'pending_payment'", &["I-5", "I-11"]),
    ("update principals set tenant_id = 77", &["I-12"]),
    ("insert into order_lines select tenant_id, 'ord_none', line, sku, name, quantity, unit_price_minor, total_minor, 0, 0
        from order_lines limit 1", &["S-1", "S-3"]),
    ("insert into shipment_lines select tenant_id, order_no, number, 99, 1 from shipments limit 1", &["S-3"]),
    ("insert into order_events select tenant_id, 'ord_none', 1, event, from_status, to_status, happened_at, principal_id,
        idempotency_key from order_events where version = 1 limit 1", &["S-3"]),
    ("update order_events set event = 'pay', to_status = 'paid' where version = 1", &["I-13a", "I-13b"]),
    ("update order_events set event = 'cancel' where to_status = 'completed'", &["I-13a"]),
    ("update order_events set from_status = 'shipped' where event = 'pay'", &["I-13a"]),
    ("delete from order_events where version = 2 and event = 'pay'", &["I-13a", "I-13b"]),
    ("update orders set version = version + 1 where status = 'closed'", &["I-13b"]),
    ("update orders set expires_at = -60001 where status = 'pending_payment'", &["I-14"]),
    ("update stock_reservations set holding = 'released' where holding = 'committed'", &["I-9", "S-1"]),
    ("update stock_reservations set quantity = quantity + 1 where holding = 'released'", &["S-1"]),
    ("update order_lines set shipped = shipped - 1 where shipped > 0", &["S-2"]),
    ("delete from pending_slots", &["S-1b"]),
    ("update pending_slots set customer_id = 'another'", &["S-1b"]),
    ("insert into pending_slots select tenant_id, 'guest', 'tea', order_no from orders where status = 'closed'", &["S-1b"]),
    ("update shipment_lines set quantity = quantity + 1", &["S-2"]),
    ("update order_lines set shipped = quantity + 1 where shipped = 0", &["S-2"]),
];

/// Answers that name another order, or are cut off.
fn answers(kind: Kind) -> [String; 2] {
    let other = kind.bytes_of(&format!("replace({}, 'ord_', 'ord_7')", kind.text_of("body")));
    let cut = kind.bytes_of("'{\"order_no\":\"ord_1\",\"lines\":1'");
    [
        format!("update key_records set body = {other} where status = 201"),
        format!("update key_records set body = {cut} where idempotency_key = 'pending'"),
    ]
}

async fn healthy(kind: Kind) -> Shop {
    let shop = Shop::stocked(kind).await;
    let desk = &shop.desk;
    let mut batch = Vec::new();
    for name in ["pending", "paid", "part", "completed", "closed", "free", "refunded", "waiting"] {
        let place =
            desk.place(name, if name == "free" { &[("gift", 1)] } else { &[("tea", 2), ("cup", 1), ("tea", 1)] });
        let number = order_no(&place);
        batch.push(place);
        match name {
            "paid" => batch.extend(desk.pay(number, 550)),
            "part" => {
                batch.extend(desk.pay(number, 550));
                batch.push(desk.ship(number, 2, "T1", Some(&[(1, 1)])));
            }
            "completed" => {
                batch.extend(desk.pay(number, 550));
                batch.extend([desk.ship(number, 2, "T1", None), desk.receive(number)]);
            }
            "waiting" => batch.push(desk.start(number)),
            "refunded" => {
                batch.extend(desk.pay(number, 550));
                batch.extend([desk.refund(number, 1, Some(50)), desk.back(number, 1, Verdict::Succeeded)]);
            }
            "closed" => batch.push(desk.cancel(number)),
            _ => {}
        }
    }
    batch.push(desk.place_alone("alone", "member", &[("tea", 1)]));
    batch.extend([desk.move_stock("more", "tea", 10), desk.issue("a number")]);
    batch.insert(0, desk.put("gift", 0, 10));
    shop.run(&batch).await;
    shop
}

async fn red(store: &Store, now: Timestamp) -> Vec<&'static str> {
    let findings = store.check(now).await.expect("the check runs");
    let red = findings.iter().filter(|finding| finding.light() == Light::Red);
    red.map(|finding| {
        assert!(!finding.examples.is_empty() && finding.examples.len() <= 5, "{finding:?}");
        finding.id
    })
    .collect()
}

async fn what_is_planted_is_found_and_nothing_else(kind: Kind) {
    let shop = healthy(kind).await;
    assert_eq!(red(&shop.store, Timestamp(0)).await, Vec::<&str>::new());
    let mut found = Vec::new();
    let answers = answers(kind);
    let answers = answers.iter().map(|sql| (sql.as_str(), &["I-10a"][..]));
    shop.ground.keep().await;
    for (sql, broken) in PLANTED.iter().copied().chain(answers) {
        shop.ground.plant(sql).await;
        assert_eq!(red(&shop.store, Timestamp(0)).await, broken, "{sql}");
        shop.ground.put_back().await;
        found.extend(broken);
    }
    assert_eq!(red(&shop.store, Timestamp(0)).await, Vec::<&str>::new());
    let findings = shop.store.check(Timestamp(0)).await.expect("the check runs");
    let never: Vec<_> = findings.iter().map(|finding| finding.id).filter(|id| !found.contains(id)).collect();
    assert_eq!(never, Vec::<&str>::new(), "no violation of these was planted");
}

async fn an_order_may_be_a_little_late_for_the_sweeper(kind: Kind) {
    let shop = healthy(kind).await;
    let deadline = shop.count("select min(expires_at) from orders where status = 'pending_payment'").await;
    assert!(deadline > PAY_WITHIN_MS);
    assert_eq!(red(&shop.store, Timestamp(deadline + 60_000)).await, Vec::<&str>::new());
    assert_eq!(red(&shop.store, Timestamp(deadline + 60_001)).await, ["I-14"]);
}

/// So that a database whose server stopped can be checked as of then.
async fn a_database_tells_when_it_was_last_written_to(kind: Kind) {
    let shop = Shop::open(kind).await;
    assert_eq!(shop.store.last_written_at().await.expect("it can be read"), None);
    let shop = healthy(kind).await;
    let written = shop.store.last_written_at().await.expect("it can be read").expect("it was written to");
    for sql in ["select max(updated_at) from orders", "select max(completed_at) from key_records"] {
        assert!(written.0 >= shop.count(sql).await, "{sql}");
    }
    assert!(written.0 < shop.count("select max(expires_at) from orders").await);
}

#[expect(clippy::disallowed_methods, reason = "the time of a check is measured, and printed")]
async fn many_orders_are_checked_in_one_go(kind: Kind) {
    let shop = Shop::open(kind).await;
    let desk = &shop.desk;
    let products: Vec<_> = (0..200).map(|at| desk.put(&format!("sku-{at}"), 10, 1_000_000)).collect();
    shop.run(&products).await;
    // Filling a server takes longer than asking it.
    let rounds = if kind == Kind::Sqlite { 40 } else { 8 };
    for round in 0..rounds {
        let mut batch = Vec::new();
        for at in 0..500 {
            let (one, other) = (format!("sku-{}", at % 200), format!("sku-{}", (at + 7) % 200));
            let place = desk.place(&format!("{round}-{at}"), &[(&one, 1), (&other, 2)]);
            let number = order_no(&place);
            batch.push(place);
            if at % 2 == 0 {
                batch.extend(desk.pay(number, 30));
                batch.push(desk.ship(number, 2, "T1", None));
            }
        }
        shop.run(&batch).await;
    }
    assert_eq!(shop.count("select count(*) from orders").await, 500 * rounds);
    let started = std::time::Instant::now();
    assert_eq!(red(&shop.store, Timestamp(0)).await, Vec::<&str>::new());
    println!("the check of {} orders took {:?}", 500 * rounds, started.elapsed());
}
