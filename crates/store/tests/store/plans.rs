//! Owns the promise that no statement walks through a whole table: how each database means to run each of them.

mod console;
mod mariadb;
mod people;
mod policies;
mod postgres;
mod refunds;
mod sqlite;

use std::collections::BTreeSet;

use domain::access::Role;
use domain::order::Status as OrderStatus;
use domain::payment::RefundLimits;
use domain::person::{Kind as Of, Login, Status, Step};
use domain::text::{CustomerId, PersonName, TenantName};
use domain::{
    Action, Command, OrderNo, OrderNumberSource, Person, PersonId, PrincipalId, Tenant, TenantId, TenantPublicId,
    Timestamp, tenant,
};
use idempotency::Key;
use store::{Cursor, OrderFilter, Sighting, Store};

use crate::desk::{Desk, money, noted, order_no};
use crate::ground::Kind;
use crate::shop::{self, Shop};

/// What batches do, and to which tables.
const BATCH: &[&str] = &[
    "find key_records",
    "find orders",
    "find order_lines",
    "find stock_reservations",
    "find shipments",
    "find shipment_lines",
    "find products",
    "find stock_items",
    "find order_numbers",
    "find pending_slots",
    "find people",
    "find sessions",
    "find session_rules",
    "find tenant_policies",
    "find tenants",
    "find audit_heads",
    "find refund_policies",
    "find reviews",
    "find api_keys",
    "find principals",
    "insert key_records",
    "insert orders",
    "insert order_lines",
    "insert stock_reservations",
    "insert shipments",
    "insert shipment_lines",
    "insert products",
    "insert stock_items",
    "insert stock_movements",
    "insert order_numbers",
    "insert pending_slots",
    "insert order_events",
    "insert people",
    "insert session_rules",
    "insert tenant_policies",
    "insert audit_heads",
    "insert refund_policies",
    "insert api_keys",
    "insert audit_entries",
    "update orders",
    "update order_lines",
    "update stock_reservations",
    "update shipments",
    "update products",
    "update stock_items",
    "update people",
    "update sessions",
    "update session_rules",
    "update tenant_policies",
    "update tenants",
    "update audit_heads",
    "update refund_policies",
    "update reviews",
    "update api_keys",
    "delete key_records",
    "delete order_numbers",
    "delete pending_slots",
];

/// A shop with some hundred products, and some thousand orders in every state for three customers, a quarter of them in
/// the archive.
async fn populated(kind: Kind) -> (Shop, OrderNo) {
    let shop = Shop::stocked(kind).await;
    let products: Vec<_> = (0..400).map(|at| shop.desk.put(&format!("sku-{at}"), 10, 5)).collect();
    shop.run(&products).await;
    people(&shop).await;
    people::populate(&shop).await;
    refunds::populate(&shop).await;
    policies::populate(&shop).await;
    console::populate(&shop).await;
    let mut last = None;
    for round in 0..10 {
        let mut batch = Vec::new();
        for at in 0..150_u32 {
            let place = shop.desk.place_for(&format!("{round}-{at}"), &format!("customer-{}", at % 3), &[("tea", 1)]);
            let number = order_no(&place);
            batch.push(place);
            last = Some(number);
            match at % 4 {
                0 => batch.push(shop.desk.cancel(number)),
                1 => {
                    batch.extend(shop.desk.pay(number, 100));
                    batch.push(shop.desk.ship(number, 2, "T", None));
                }
                _ => batch.push(shop.desk.issue(&format!("issue-{round}-{at}"))),
            }
        }
        batch.push(shop.desk.move_stock(&format!("more-{round}"), "tea", 200));
        shop.run(&batch).await;
    }
    let parcels = (0..400).map(|at| format!("(1, 'ord_{at}', 1, 'shp_{at}', 'SF', 'P{at}', 0, 0)"));
    let parcels = parcels.collect::<Vec<_>>().join(", ");
    let into =
        "archived_shipments (tenant_id, order_no, number, shipment_id, carrier, tracking_no, shipped_at, updated_at)";
    shop.ground.plant(&format!("insert into {into} values {parcels}")).await;
    let archived = shop.store.orders_archive(Timestamp(i64::MAX), 1_000).await.expect("nobody else writes");
    assert!(archived >= 300, "{archived} are closed");
    (shop, last.expect("there are orders"))
}

/// A shop of twenty thousand completed orders and two hundred that were placed behind them, as the database knows it.
async fn lopsided(kind: Kind) -> Shop {
    const ORDERS: u32 = 20_000;
    const STARTED: u32 = 200;
    let shop = Shop::stocked(kind).await;
    let Desk { tenant, principal, .. } = &shop.desk;
    let row = |at: u32| {
        let status = if at < ORDERS { "completed" } else { "pending_payment" };
        let (order_no, customer) = (OrderNo::new(at.into()), at % 50);
        format!(
            "({}, '{order_no}', {}, 'k{at}', 1, x'{at:064x}', '{status}', 1, 'c{customer}', 1, 'CNY', 0, {at}, {at}, {at})",
            tenant.0, principal.0
        )
    };
    let rows: Vec<_> = (0..ORDERS + STARTED).map(row).collect();
    for some in rows.chunks(2_000) {
        let some = some.join(", ");
        shop.ground
            .plant(&format!(
                "insert into orders (tenant_id, order_no, principal_id, idempotency_key, fingerprint_version,
                    fingerprint, status, version, customer_id, total_minor, currency, captured_minor, created_at,
                    updated_at, expires_at) values {some}"
            ))
            .await;
    }
    shop
}

/// Asks for the newest orders that are completed.
async fn completed(store: &Store, tenant: TenantId) {
    let filter = OrderFilter { status: Some(OrderStatus::Completed), ..OrderFilter::default() };
    store.orders(tenant, &filter, None, 50).await.expect("a page");
}

/// Many accounts with an API key each, many members with an order that waits, and many refusals.
async fn people(shop: &Shop) {
    let values = |row: fn(u32) -> String| (10..400).map(row).collect::<Vec<_>>().join(", ");
    let others = values(|at| format!("({}, 'acc_{at}', 'service', 'server {at}', 0)", 1 + at % 3));
    let keys = values(|at| format!("({}, {at}, 'mk_{at}', x'{at:064x}', 'service', 0)", 1 + at % 3));
    let members = values(|at| format!("({}, 'm{at}', '', 'ord_{at}')", 1 + at % 3));
    shop.ground
        .plant(&format!("insert into pending_slots (tenant_id, customer_id, sku, order_no) values {members}"))
        .await;
    shop.ground
        .plant(&format!(
            "insert into principals (tenant_id, public_id, kind, name, created_at) values {others};
             insert into api_keys (tenant_id, principal_id, shown_prefix, secret_hash, role, created_at) values {keys}"
        ))
        .await;
    let refused = |at: u32| Sighting {
        tenant: TenantId((1 + at % 3).into()),
        principal: shop.desk.principal,
        key: Key::from_stored(&format!("k{at}")),
        kind: "idempotency_key_reused",
        times: 1,
        first_at: Timestamp(1),
        last_at: Timestamp(at.into()),
        last_from: None,
    };
    let refused: Vec<_> = (10..400).map(refused).collect();
    shop.store.sightings_add(&refused).await.expect("new counts");
}

/// Somebody comes and is changed, a tenant is opened or closed; all of it is written down, in the log of a tenant that has
/// none yet.
async fn changes_of_people(store: &Store, desk: &Desk, name: &str) {
    let house = Tenant {
        id: desk.tenant,
        public_id: TenantPublicId::new(1),
        name: TenantName::from_stored("shop"),
        status: tenant::Status::Active,
        version: 1,
        created_at: Timestamp(0),
    };
    let id = desk.now().0;
    let account = (PrincipalId(1_000_000 + id), PersonId::new(u128::from(id.unsigned_abs()) << 32));
    let of = |principal: PrincipalId, id| Person {
        tenant: desk.tenant,
        principal,
        id,
        kind: Of::Member,
        login: Login::from_stored(name),
        name: PersonName::from_stored(name),
        role: Role::Shopper,
        status: Status::Active,
        epoch: 1,
        factors_lost: 0,
        version: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    };
    let elsewhere = Desk::new(TenantId(id), desk.principal, u64::try_from(id).expect("positive") + 50);
    let step = |key: &str| noted(desk.step(&format!("{name} {key}"), &of(account.0, account.1), Step::SignOut), None);
    let limits = |key: &str, minor: i64| {
        let limits = RefundLimits::new([money(minor)]).expect("one limit");
        noted(elsewhere.limits(&format!("{name} {key}"), limits), None)
    };
    let first = [
        noted(desk.add(Of::Member, name, account), Some("new")),
        noted(elsewhere.issue(name), None),
        limits("limit", 1),
    ];
    let tenant = |key: &str, step| noted(elsewhere.step_tenant(&format!("{name} {key}"), &house, step), None);
    let rules = |most| people::put_rules(&elsewhere, name, most);
    let second = [
        step("out"),
        tenant("suspend", tenant::Step::Suspend),
        people::end_session(desk, name),
        rules(1),
        limits("another", 2),
    ];
    let third = [step("out once more"), tenant("resume", tenant::Step::Resume), rules(2)];
    for batch in [&first[..], &second, &third] {
        let verdicts = shop::run(store, batch).await.expect("the batch commits");
        assert!(shop::words(&verdicts).iter().all(|word| word.starts_with('2')), "{verdicts:?}");
    }
    policies::change(store, &elsewhere, name).await;
}

/// Batches that find every table by its keys, insert into it, and change it. `name` tells them from other such batches.
async fn batches(store: &Store, desk: &Desk, name: &str) {
    let key = |key: &str| format!("{name} {key}");
    let (place, issue) = (desk.place(&key("last"), &[("tea", 1), ("sku-1", 1)]), desk.issue(&key("number")));
    let (number, dropped) = (order_no(&place), desk.place(&key("dropped"), &[("tea", 1)]));
    let dropped_number = order_no(&dropped);
    let [start, paid] = desk.pay(number, 110);
    let first = [desk.put(name, 10, 5), place, dropped, issue];
    let second =
        [desk.put(name, 11, 0), start, paid, desk.cancel(dropped_number), desk.ship(number, 2, "T1", Some(&[(1, 1)]))];
    // Two issued numbers are used, and two keys that the server derived serve again for what has changed since.
    let third = [
        desk.correct(number, 3, "T2"),
        desk.issue(&key("one")),
        desk.issue(&key("two")),
        derived(&desk.put("sku-2", 7, 0)),
        derived(&desk.put("sku-3", 7, 0)),
    ];
    let fourth = [
        number_used(desk.place(&key("u1"), &[("tea", 1)]), &third[1]),
        number_used(desk.place(&key("u2"), &[("tea", 1)]), &third[2]),
        derived(&desk.put("sku-2", 8, 0)),
        derived(&desk.put("sku-3", 8, 0)),
    ];
    let looked = console::looked(store, desk, name).await;
    let fifth = [looked, derived(&desk.put("sku-2", 7, 0)), derived(&desk.put("sku-3", 7, 0))];
    let alone = |order: &str| desk.place_alone(&key(order), &key("member"), &[("tea", 1)]);
    let sixth = [alone("alone"), console::issued(desk, name)];
    let mut seventh = vec![desk.cancel(order_no(&sixth[0])), alone("and again")];
    seventh.extend(console::revoked(desk, name, &sixth[1]));
    for batch in [&first[..], &second, &third, &fourth, &fifth, &sixth, &seventh] {
        shop::run(store, batch).await.expect("the batch commits");
    }
    changes_of_people(store, desk, name).await;
}

/// Every list, with every filter, and every step of the sweeper and the purge.
async fn lists(store: &Store, tenant: TenantId, order_no: OrderNo) {
    let cursor = Cursor { at: Timestamp(900), id: order_no.to_string() };
    for bits in 0..32_u8 {
        let set = |bit: u8| bits & (1 << bit) != 0;
        let filter = OrderFilter {
            status: set(0).then_some(OrderStatus::Shipped),
            customers: set(1).then(|| CustomerId::from_stored("customer-1")).into_iter().collect(),
            created_from: set(2).then_some(Timestamp(100)),
            created_to: set(3).then_some(Timestamp(1_000)),
        };
        store.orders(tenant, &filter, set(4).then_some(&cursor), 20).await.expect("a page");
    }
    refunds::pages(store, tenant).await;
    policies::ask(store, tenant).await;
    store.actor_id(tenant, PrincipalId(9)).await.expect("an answer");
    store.products(tenant, None, 20).await.expect("a page");
    store.products(tenant, Some(&cursor), 20).await.expect("a page");
    console::pages(store, tenant, order_no).await;
    let history = store.history(tenant, order_no).await.expect("a history");
    assert!(!history.is_empty());
    store.credential("mk_none").await.expect("an answer");
    store.orders_due(Timestamp(i64::MAX), Timestamp(0), 100).await.expect("orders");
    store.orders_due_to_complete(Timestamp(i64::MAX), 100).await.expect("orders");
    assert!(!store.conflicts(tenant, None, 9).await.expect("conflicts").is_empty());
    console::keys_asked_for(store, tenant).await;
    console::customers_asked_for(store, tenant).await;
    store.orders_of_parcel(tenant, "T1", 20).await.expect("orders");
    store.sightings_purge(Timestamp(i64::MAX), 9).await.expect("a step");
    store.records_purge(Timestamp(i64::MAX), 9).await.expect("a step");
    store.numbers_purge(Timestamp(i64::MAX), 9).await.expect("a step");
    store.orders_archive(Timestamp(i64::MAX), 9).await.expect("a step");
}

/// The same under the key that the server makes where a client sends none.
fn derived(command: &Command) -> Command {
    let key = Key::from_stored(&format!(" {}", command.key.as_str()));
    Command { key, ..command.clone() }
}

/// The same for a number that was issued.
fn number_used(mut placing: Command, issuing: &Command) -> Command {
    if let (Action::PlaceOrder(place), Action::IssueOrderNumber { order_no, .. }) =
        (&mut placing.action, &issuing.action)
    {
        place.number = OrderNumberSource::Issued(*order_no);
    }
    placing
}

/// Each kind of statement was heard.
fn all_heard<'a>(statements: impl Iterator<Item = &'a String>) {
    // PostgreSQL changes several tables with one.
    let kinds: BTreeSet<String> = statements.flat_map(|sql| sql.split(" returning 1)")).map(kind).collect();
    let missing: Vec<_> = BATCH.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "not heard, of {kinds:?}");
}

/// What a statement of a batch does, and to which table.
fn kind(sql: &str) -> String {
    for (words, does) in [
        ("insert into ", "insert"),
        ("delete from ", "delete"),
        (" straight_join ", "update"),
        ("update ", "update"),
        (" cross join ", "find"),
        (" join ", "find"),
        (" from ", "find"),
    ] {
        // A question may lock for an update, too; there the word is the last.
        let behind = sql.split_once(words).map(|(_, behind)| behind).filter(|behind| behind.contains(' '));
        if let Some(behind) = behind.filter(|behind| !behind.starts_with("of ")) {
            return format!("{does} {}", behind.split([' ', '(']).next().unwrap_or_default());
        }
    }
    sql.to_owned()
}

/// People look at the conflicts of a tenant, which are few: sorting them is cheaper than an index.
fn may_sort(sql: &str) -> bool {
    sql.replace(['"', '`'], "").contains("key_conflicts.tenant_id = ")
}
