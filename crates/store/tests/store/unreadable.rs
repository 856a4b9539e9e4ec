//! Owns what becomes of a row that this version cannot read, written by a newer one or damaged: an error that says
//! where it stands, never a guess and never a panic.

use domain::access::Role;
use domain::person::{Kind as Of, Login, Step};
use domain::session::{Device, Rules};
use domain::text::Sku;
use domain::{OrderNo, Person, SessionId, Timestamp, tenant};
use engine::Fault;
use store::{Error, NewApiKey, NewSession, OrderFilter};

use crate::desk::{noted, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop};

on_every_database!(
    an_order_that_cannot_be_read_is_named,
    an_id_that_is_none_is_named,
    a_history_product_or_record_that_cannot_be_read_is_named,
    a_role_that_is_not_known_opens_nothing,
    a_person_that_cannot_be_read_is_named,
    a_session_that_cannot_be_read_is_named,
    an_audit_log_whose_end_cannot_be_read_stands_still,
);

/// What is planted, and the table and column that the error must name.
const ORDERS: &[(&str, &str, &str)] = &[
    ("update orders set status = 'on_hold'", "orders", "status"),
    ("update orders set status = 'closed', close_reason = 'whim'", "orders", "close_reason"),
    ("update orders set currency = 'XXX'", "orders", "currency"),
    ("update orders set version = -1", "orders", "version"),
    ("update orders set version = 4294967296", "orders", "version"),
    ("update orders set fingerprint = x'00'", "orders", "fingerprint"),
    ("update orders set fingerprint_version = 256", "orders", "fingerprint_version"),
    ("update order_lines set line = -1", "order_lines", "line"),
    ("update stock_reservations set holding = 'lent'", "stock_reservations", "holding"),
    ("update shipments set shipment_id = 'parcel'", "shipments", "shipment_id"),
    ("update shipments set number = -1", "shipments", "number"),
    ("update shipment_lines set line = -1", "shipment_lines", "line"),
];

/// Values of another type than the column's, which only SQLite takes.
const TYPES: &[&str] = &[
    "update orders set version = 'many'",
    "update orders set captured_minor = 1.5",
    "update orders set customer_id = x'ff00'",
    "update order_lines set quantity = 'two'",
    "update orders set fingerprint = 7",
];

async fn shop(kind: Kind) -> (Shop, OrderNo) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 2)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 200);
    shop.run(&[place, start, paid, shop.desk.ship(number, 2, "T1", Some(&[(1, 1)]))]).await;
    (shop, number)
}

fn expect<T: std::fmt::Debug>(result: Result<T, Error>, place: (&str, &str, &str)) {
    match result {
        Err(Error::Unreadable { table, row, column, .. }) => assert_eq!((table, row.as_str(), column), place),
        other => panic!("{place:?} should not be readable: {other:?}"),
    }
}

async fn an_order_that_cannot_be_read_is_named(kind: Kind) {
    let (shop, number) = shop(kind).await;
    let (tenant, row) = (shop.desk.tenant, number.to_string());
    shop.ground.keep().await;
    for (sql, table, column) in ORDERS {
        shop.ground.plant(sql).await;
        expect(shop.store.order(tenant, number).await, (table, &row, column));
        expect(shop.store.orders(tenant, &OrderFilter::default(), None, 9).await, (table, &row, column));
        // The engine isolates the command that needs the row; the others go on.
        let fault = shop::run(&shop.store, &[shop.desk.receive(number)]).await.expect_err(sql);
        let Fault::Rejected(text) = &fault else { panic!("{sql}: {fault:?}") };
        assert!(text.contains(table) && text.contains(&row) && text.contains(column), "{text}");
        shop.run(&[shop.desk.issue("another")]).await;
        shop.ground.put_back().await;
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_no_panic() {
    for sql in TYPES {
        let (shop, number) = shop(Kind::Sqlite).await;
        shop.ground.plant(sql).await;
        let read = shop.store.order(shop.desk.tenant, number).await;
        assert!(matches!(read, Err(Error::Unreadable { .. })), "{sql}: {read:?}");
        let fault = shop::run(&shop.store, &[shop.desk.receive(number)]).await.expect_err(sql);
        assert!(matches!(fault, Fault::Rejected(_)), "{sql}: {fault:?}");
    }
}

async fn an_id_that_is_none_is_named(kind: Kind) {
    let (shop, _) = shop(kind).await;
    shop.ground.plant("update orders set order_no = 'A-1', status = 'pending_payment', expires_at = 0").await;
    let place = ("orders", "A-1", "order_no");
    expect(shop.store.orders(shop.desk.tenant, &OrderFilter::default(), None, 9).await, place);
    expect(shop.store.orders_due(Timestamp(1), Timestamp(1), 9).await, place);
}

async fn a_history_product_or_record_that_cannot_be_read_is_named(kind: Kind) {
    let (shop, number) = shop(kind).await;
    let tenant = shop.desk.tenant;
    shop.ground.plant("update order_events set event = 'gift_wrap' where version = 2").await;
    expect(shop.store.history(tenant, number).await, ("order_events", &number.to_string(), "event"));
    shop.ground.plant("update products set currency = 'XXX' where sku = 'tea'").await;
    expect(shop.store.product(tenant, &Sku::from_stored("tea")).await, ("products", "tea", "currency"));
    expect(shop.store.products(tenant, None, 9).await, ("products", "tea", "currency"));
    for (sql, column) in [
        // Read from the last to the first, so that each planted value is met before those planted earlier.
        ("update key_records set status = 99999 where idempotency_key = 'k'", "status"),
        ("update key_records set headers = 'none' where idempotency_key = 'k'", "headers"),
        ("update key_records set command_id = x'01' where idempotency_key = 'k'", "command_id"),
    ] {
        shop.ground.plant(sql).await;
        let fault = shop::run(&shop.store, &[shop.desk.place("k", &[("cup", 1)])]).await.expect_err(sql);
        assert!(
            matches!(&fault, Fault::Rejected(text) if text.contains("key_records") && text.contains(column)),
            "{fault}"
        );
    }
}

async fn a_role_that_is_not_known_opens_nothing(kind: Kind) {
    let (shop, _) = shop(kind).await;
    let key = NewApiKey { id: None, secret: "mk_secret", role: Role::Auditor };
    let desk = &shop.desk;
    let id = shop.store.api_key_create(desk.tenant, desk.principal, &key, Timestamp(0)).await.expect("a new key");
    shop.ground.plant("update api_keys set role = 'owner'").await;
    expect(shop.store.credential("mk_secret").await, ("api_keys", &id.to_string(), "role"));
}

/// What is planted, and the table and column that the error must name: of people, and of what belongs to them.
const PEOPLE: &[(&str, &str, &str)] = &[
    ("update people set role = 'owner'", "people", "role"),
    ("update people set status = 'asleep'", "people", "status"),
    ("update people set kind = 'robot', status = 'active'", "people", "kind"),
    ("update people set version = -1", "people", "version"),
    ("update people set epoch = 4294967296", "people", "epoch"),
];

/// Somebody with a session, and that session once more.
async fn with_session(kind: Kind) -> (Shop, Person, NewSession) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Staff, "boss").await;
    let session = NewSession {
        id: SessionId::new(1),
        tenant: of.tenant,
        principal: of.principal,
        epoch: of.epoch,
        device: Device::Web,
        device_name: None,
        address: None,
        at: Timestamp(0),
        request_id: String::new(),
        two_factors: false,
        cookie_hash: None,
        refresh_nonce: [0; 16],
        guest: None,
    };
    shop.store.session_open(&session, &Rules::STAFF).await.expect("a new session");
    (shop, of, session)
}

/// The command fails on this column, and nothing else does.
async fn rejected(shop: &Shop, command: domain::Command, (table, column): (&str, &str)) {
    let fault = shop::run(&shop.store, &[command]).await.expect_err(column);
    let Fault::Rejected(text) = &fault else { panic!("{table}, {column}: {fault:?}") };
    assert!(text.contains(table) && text.contains(column), "{text}");
    shop.run(&[shop.desk.issue(&format!("beside {table} {column}"))]).await;
}

/// A role that a newer version gave is no role here: it opens no door, and no session that was open before.
async fn a_person_that_cannot_be_read_is_named(kind: Kind) {
    let (shop, of, session) = with_session(kind).await;
    let row = of.id.to_string();
    shop.ground.keep().await;
    for (sql, table, column) in PEOPLE {
        shop.ground.plant(sql).await;
        expect(shop.store.person(of.tenant, of.id).await, (table, &row, column));
        // Whoever has another kind is not behind this door.
        if *column != "kind" {
            let login = Login::from_stored("boss");
            expect(shop.store.person_by_login(of.tenant, Of::Staff, &login).await, (table, &row, column));
        }
        let again = NewSession { id: SessionId::new(2), ..session.clone() };
        expect(shop.store.session_open(&again, &Rules::STAFF).await, (table, &row, column));
        rejected(&shop, shop.desk.step(column, &of, Step::SignOut), (table, column)).await;
        if *column != "version" {
            expect(shop.store.session(session.id).await, (table, &row, column));
        }
        shop.ground.put_back().await;
    }
}

async fn a_session_that_cannot_be_read_is_named(kind: Kind) {
    let (shop, of, session) = with_session(kind).await;
    let row = session.id.to_string();
    shop.ground.keep().await;
    for (sql, place) in [
        ("update sessions set device = 'watch'", ("sessions", row.as_str(), "device")),
        ("update sessions set is_open = 0, ended = 'vanished', ended_at = 1", ("sessions", &row, "ended")),
        ("update sessions set epoch = -1", ("sessions", &row, "epoch")),
        ("update tenants set status = 7", ("tenants", &of.tenant.0.to_string(), "status")),
    ] {
        shop.ground.plant(sql).await;
        expect(shop.store.session(session.id).await, place);
        expect(shop.store.sessions_of(of.tenant, of.principal, 9).await, place);
        shop.ground.put_back().await;
    }
    // Who cannot be counted keeps others out: the shop's rule is not guessed.
    shop.ground.plant("update sessions set device = 'watch'").await;
    let again = NewSession { id: SessionId::new(2), ..session.clone() };
    expect(shop.store.session_open(&again, &Rules::STAFF).await, ("sessions", &row, "device"));
    shop.ground.plant("update sessions set device = 'web', refresh_generation = 4294967296").await;
    let refreshed = shop.store.session_refresh(session.id, 0, Timestamp(9), Timestamp(1)).await;
    expect(refreshed, ("sessions", &row, "refresh_generation"));
    // A tenant of a status that nobody knows lets nobody in.
    shop.ground.plant("update tenants set status = 7").await;
    let key = NewApiKey { id: None, secret: "mk_secret", role: Role::Admin };
    shop.store.api_key_create(of.tenant, shop.desk.principal, &key, Timestamp(0)).await.expect("a new key");
    let credential = shop.store.credential("mk_secret").await.expect("an answer").expect("the key is there");
    assert_eq!(credential.tenant_status, tenant::Status::Prepared);
    assert!(matches!(shop.store.tenant_named("shop").await, Err(Error::Unreadable { table: "tenants", .. })));
}

/// Nothing is done that is to be written down and cannot be; what need not be goes on.
async fn an_audit_log_whose_end_cannot_be_read_stands_still(kind: Kind) {
    let shop = Shop::open(kind).await;
    let issue = |key: &str| noted(shop.desk.issue(key), None);
    shop.run(&[issue("first")]).await;
    shop.ground.plant("update audit_heads set hash = x'00'").await;
    rejected(&shop, issue("second"), ("audit_heads", "hash")).await;
}
