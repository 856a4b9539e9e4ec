//! Owns the promise that `check` finds what is wrong, whatever it is, and nothing where nothing is.

use domain::access::Role;
use domain::channel::Verdict;
use domain::person::{Kind as Of, Step};
use domain::session::{Device, End, Rules};
use domain::{SessionId, Timestamp};
use store::{Light, NewSession, Store};

use crate::desk::{Desk, PAY_WITHIN_MS, noted, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    what_is_planted_is_found_and_nothing_else,
    an_order_may_be_a_little_late_for_the_sweeper,
    a_database_tells_when_it_was_last_written_to,
    many_orders_are_checked_in_one_go,
    an_audit_log_is_checked_in_steps,
);

/// What is planted, and the invariants that it breaks. The shop has a pending order, one more with an attempt, a paid, a partly
/// shipped, a completed, a closed, a free, a partly refunded one, and one with refunds
/// that wait, were let go and were taken back.
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
    ("update refunds set approval = 0 where approval = 1", &["I-13d", "I-14b"]),
    ("update refunds set approval = 0 where approval = 2", &["S-7"]),
    ("update refunds set approval = 2 where approval = 3", &["I-13d", "S-7"]),
    ("update refunds set decider_principal_id = requester_principal_id where approval = 2", &["S-7"]),
    ("update refunds set decided_at = null where approval = 3", &["S-7"]),
    ("update refunds set requested_by = null where approval = 1", &["S-7"]),
    ("update refunds set status = 'failed' where approval = 1", &["I-3", "S-7"]),
    ("update refunds set cause = 'late' where approval = 1", &["S-7"]),
    ("insert into outbox (tenant_id, lane, payment_id, account_id, task, subject, number, due_at, created_at, tries)
        select tenant_id, 0, payment_id, 'cha_1', 'refund', refund_id, 0, 0, 0, 0 from refunds where approval = 1",
        &["S-7"]),
    ("update payment_events set event = 'approve' where event = 'reject'", &["I-13c"]),
    ("update ledger_entries set amount_minor = amount_minor + 1 where account = 'sales'", &["I-4a"]),
    ("delete from ledger_entries where kind = 'refund'", &["I-4b"]),
    ("update payment_events set event = 'close' where event = 'succeed'", &["I-13c"]),
    ("delete from payment_events where version = 1", &["I-13d"]),
    ("delete from outbox", &["I-14b"]),
    ("update payments set status = 'paid' where status = 'open'", &["I-13d", "S-4"]),
    ("update orders set total_minor = 0 where status = 'pending_payment'", &["I-5", "I-11"]),
    ("update principals set tenant_id = 77", &["I-12", "S-5"]),
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
    ("update principals set name = 'another' where kind = 'member'", &["S-5"]),
    ("update principals set kind = 'staff' where kind = 'member'", &["S-5"]),
    ("update people set login = 'another' where kind = 'staff'", &["S-5"]),
    ("delete from people where kind = 'guest'", &["S-5"]),
    ("update people set role = 'admin' where kind = 'member'", &["S-5"]),
    ("update sessions set principal_id = 999", &["S-5"]),
    ("update sessions set is_open = 1 where is_open = 0", &["S-5"]),
    ("update sessions set ended = null where is_open = 0", &["S-5"]),
    ("update sessions set ended_at = 1 where is_open = 1", &["S-5"]),
    ("update sessions set idle_until = ends_at + 1 where is_open = 1", &["S-5"]),
    ("update sessions set epoch = epoch + 1 where is_open = 1", &["S-5"]),
    ("update second_factors set principal_id = 999", &["S-5"]),
    ("update guest_links set principal_id = 999", &["S-5"]),
    ("update guest_links set principal_id = guest_principal_id", &["S-5"]),
    ("update guest_links set guest_principal_id = principal_id", &["S-5"]),
    ("update second_factors set number = number + 1", &["S-5"]),
    ("update audit_entries set outcome = 'done' where place = 2", &["S-6"]),
    ("update audit_entries set reason = null where place = 1", &["S-6"]),
    ("update audit_entries set reason = '' where place = 2", &["S-6"]),
    ("update audit_entries set principal_id = principal_id + 1 where place = 3", &["S-6"]),
    // What is written in its place was hashed as it should be, and nothing behind it follows on it.
    ("update audit_entries set hash = before_hash where place = 2", &["S-6"]),
    ("update audit_entries set hash = x'00' where place = 3", &["S-6"]),
    ("delete from audit_entries where place = 1", &["S-6"]),
    ("delete from audit_entries where place = 2", &["S-6"]),
    ("delete from audit_entries where place = 3", &["S-6"]),
    ("delete from audit_entries where place > 1", &["S-6"]),
    ("delete from audit_entries", &["S-6"]),
    ("delete from audit_heads", &["S-6"]),
    ("update audit_heads set length = length - 1", &["S-6"]),
    ("update audit_heads set length = length + 1", &["S-6"]),
    ("update audit_heads set hash = (select before_hash from audit_entries where place = 3)", &["S-6"]),
    ("insert into audit_heads select tenant_id + 1, length, hash from audit_heads", &["S-6"]),
    ("insert into audit_entries select tenant_id + 1, place, at, principal_id, action, subject, outcome, reason,
        request_id, before_hash, hash from audit_entries where place = 1", &["S-6"]),
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
    for name in ["pending", "paid", "part", "completed", "closed", "free", "refunded", "waiting", "asked"] {
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
            "asked" => {
                batch.extend(desk.pay(number, 550));
                batch.extend([1, 2, 3].map(|refund| desk.refund_over(number, refund, 10)));
                batch.extend([desk.approve("let go", number, 2), desk.withdraw("taken back", number, 3)]);
            }
            "closed" => batch.push(desk.cancel(number)),
            _ => {}
        }
    }
    batch.push(desk.place_alone("alone", "member", &[("tea", 1)]));
    batch.extend([desk.move_stock("more", "tea", 10), desk.issue("a number")]);
    batch.insert(0, desk.put("gift", 0, 10));
    shop.run(&batch).await;
    people(&shop).await;
    shop
}

/// A member with two sessions, of which one ended and one is of a former guest; one of the staff; and three entries in the
/// audit log: one that is done for a reason, one that is refused, and one more.
async fn people(shop: &Shop) {
    let (guest, member) = (shop.person(Of::Guest, "g1").await, shop.person(Of::Member, "anna").await);
    shop.person(Of::Staff, "boss").await;
    for id in 1..=2 {
        let session = NewSession {
            id: SessionId::new(id),
            tenant: member.tenant,
            principal: member.principal,
            epoch: member.epoch,
            device: Device::App,
            device_name: None,
            address: None,
            at: Timestamp(0),
            request_id: String::new(),
            two_factors: false,
            cookie_hash: None,
            refresh_nonce: [0; 16],
            guest: (id == 2).then_some(guest.principal),
        };
        shop.store.session_open(&session, &Rules::MEMBERS).await.expect("a new session");
    }
    shop.store.session_end(member.tenant, SessionId::new(1), End::LoggedOut, Timestamp(1)).await.expect("it is open");
    let begun = shop.store.second_factor_begin((member.tenant, member.principal), &[1; 48], Timestamp(1));
    assert!(begun.await.expect("written"));
    let step = |key: &str, step| shop.desk.step(key, &member, step);
    shop.run(&[
        noted(step("enable", Step::Enable), Some("she asked for it")),
        noted(step("promote", Step::Role(Role::Admin)), None),
        noted(shop.desk.issue("a noted number"), None),
    ])
    .await;
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

/// More entries than are read at once, of two tenants, the first of which has as many as make whole steps.
async fn an_audit_log_is_checked_in_steps(kind: Kind) {
    let shop = Shop::open(kind).await;
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let elsewhere = Desk::new(other, shop.desk.principal, 10_000);
    for (desk, entries) in [(&shop.desk, 1_000), (&elsewhere, 501)] {
        let batch: Vec<_> = (0..entries).map(|at| noted(desk.issue(&format!("n{at}")), Some("why"))).collect();
        shop.run(&batch).await;
    }
    assert_eq!(red(&shop.store, Timestamp(0)).await, Vec::<&str>::new());
    let changes = [(1, 500), (1, 501), (1, 1_000), (2, 1), (2, 500), (2, 501)];
    for (times, (tenant, place)) in (1..).zip(changes) {
        let here = format!("where tenant_id = {tenant} and place = {place}");
        shop.ground.plant(&format!("update audit_entries set subject = 'another' {here}")).await;
        let findings = shop.store.check(Timestamp(0)).await.expect("the check runs");
        let log = findings.iter().find(|finding| finding.id == "S-6").expect("it is looked at");
        assert_eq!((log.violations, log.examples.len()), (times, usize::try_from(times).expect("few").min(5)));
        let example = format!("entry {place} of tenant {tenant}: it is not as it was written");
        assert!(times > 5 || log.examples.contains(&example), "{log:?}");
    }
}
