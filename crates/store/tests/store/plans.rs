//! Owns the promise that no statement walks through a whole table: how SQLite means to run each of them.

use std::collections::BTreeSet;

use domain::order::Status;
use domain::text::CustomerId;
use domain::{Action, Command, OrderNo, OrderNumberSource, Timestamp};
use idempotency::Key;
use store::{Cursor, OrderFilter};

use crate::capture;
use crate::desk::order_no;
use crate::ground::{Beside, Kind};
use crate::shop::Shop;

/// What may be scanned: the rows that came as a parameter, and the few tenants.
const SCANS: &[&str] = &["SCAN j", "SCAN tenants"];

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
    "insert order_events",
    "update orders",
    "update order_lines",
    "update stock_reservations",
    "update shipments",
    "update products",
    "update stock_items",
    "delete key_records",
    "delete order_numbers",
];

async fn plan(connection: &mut Beside, sql: &str) -> Vec<String> {
    let steps = connection.cells(&format!("explain query plan {sql}")).await;
    steps.into_iter().map(|mut step| step.swap_remove(3)).collect()
}

/// What of a plan walks through a table.
fn walks(plan: &[String]) -> Vec<&String> {
    let is_fine = |step: &str| {
        let constant =
            ["CONSTANT", "(subquery", "VALUES CLAUSE", "VIRTUAL TABLE"].iter().any(|word| step.contains(word));
        constant || SCANS.iter().any(|scan| step.starts_with(scan))
    };
    plan.iter().filter(|step| step.starts_with("SCAN") && !is_fine(step)).collect()
}

/// A shop with some hundred products, and some thousand orders in every state for three customers.
async fn populated() -> (Shop, OrderNo) {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let products: Vec<_> = (0..400).map(|at| shop.desk.put(&format!("sku-{at}"), 10, 5)).collect();
    shop.run(&products).await;
    shop.ground
        .plant(
            "with recursive n(at) as (select 10 union all select at + 1 from n where at < 400)
         insert into principals (tenant_id, public_id, kind, name, created_at)
         select 1 + at % 3, 'acc_' || at, 'service', 'server ' || at, 0 from n",
        )
        .await;
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
                1 => batch.extend([shop.desk.pay(number, 100), shop.desk.ship(number, 2, "T", None)]),
                _ => batch.push(shop.desk.issue(&format!("issue-{round}-{at}"))),
            }
        }
        batch.push(shop.desk.move_stock(&format!("more-{round}"), "tea", 200));
        shop.run(&batch).await;
    }
    (shop, last.expect("there are orders"))
}

/// Every table is found by its keys, inserted into, and changed; the texts are made, so they are heard, not read.
#[tokio::test]
async fn every_statement_of_a_batch_uses_an_index() {
    let (shop, _) = populated().await;
    let desk = &shop.desk;
    let (place, issue) = (desk.place("last", &[("tea", 1), ("sku-1", 1)]), desk.issue("number"));
    let (number, dropped) = (order_no(&place), desk.place("dropped", &[("tea", 1)]));
    let dropped_number = order_no(&dropped);
    let first = [desk.put("new", 10, 5), place, dropped, issue];
    let second = [
        desk.put("new", 11, 0),
        desk.pay(number, 110),
        desk.cancel(dropped_number),
        desk.ship(number, 2, "T1", Some(&[(1, 1)])),
    ];
    // Two issued numbers are used, and two keys that the server derived serve again for what has changed since.
    let third = [
        desk.correct(number, 3, "T2"),
        desk.issue("one"),
        desk.issue("two"),
        derived(&desk.put("tea", 7, 0)),
        derived(&desk.put("cup", 7, 0)),
    ];
    let fourth = [
        number_used(desk.place("u1", &[("tea", 1)]), &third[1]),
        number_used(desk.place("u2", &[("tea", 1)]), &third[2]),
        desk.put("tea", 8, 0),
        desk.put("cup", 8, 0),
    ];
    let fifth = [derived(&desk.put("tea", 7, 0)), derived(&desk.put("cup", 7, 0))];
    let ((), statements) = capture::statements(async {
        for batch in [&first[..], &second, &third, &fourth, &fifth] {
            shop.run(batch).await;
        }
    })
    .await;
    let kinds: BTreeSet<String> = statements.iter().map(|sql| kind(sql)).collect();
    let missing: Vec<_> = BATCH.iter().filter(|kind| !kinds.contains(**kind)).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "not heard, of {kinds:?}");
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for sql in &statements {
            let plan = plan(&mut connection, sql).await;
            assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}, analysed {analysed}: {plan:#?}");
        }
    }
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

/// What a statement of a batch does, and to which table.
fn kind(sql: &str) -> String {
    let behind = |word: &str| {
        let (_, rest) = sql.split_once(word).unwrap_or_default();
        rest.split([' ', '(']).next().unwrap_or_default().to_owned()
    };
    match sql {
        _ if sql.contains(" insert into ") => format!("insert {}", behind(" insert into ")),
        _ if sql.contains(" update ") => format!("update {}", behind(" update ")),
        _ if sql.starts_with("delete from ") => format!("delete {}", behind("delete from ")),
        _ => format!("find {}", behind(" cross join ")),
    }
}

#[tokio::test]
async fn every_list_walks_an_index_in_its_own_order() {
    let (shop, order_no) = populated().await;
    let tenant = shop.desk.tenant;
    let cursor = Cursor { at: Timestamp(900), id: order_no.to_string() };
    let ((), statements) = capture::statements(async {
        for bits in 0..32_u8 {
            let set = |bit: u8| bits & (1 << bit) != 0;
            let filter = OrderFilter {
                status: set(0).then_some(Status::Shipped),
                customer_id: set(1).then(|| CustomerId::from_stored("customer-1")),
                created_from: set(2).then_some(Timestamp(100)),
                created_to: set(3).then_some(Timestamp(1_000)),
            };
            shop.store.orders(tenant, &filter, set(4).then_some(&cursor), 20).await.expect("a page");
        }
        shop.store.products(tenant, None, 20).await.expect("a page");
        shop.store.products(tenant, Some(&cursor), 20).await.expect("a page");
        let history = shop.store.history(tenant, order_no).await.expect("a history");
        assert!(!history.is_empty());
        shop.store.credential("mk_none").await.expect("an answer");
        shop.store.orders_due_to_expire(Timestamp(i64::MAX), 100).await.expect("orders");
        shop.store.orders_due_to_complete(Timestamp(i64::MAX), 100).await.expect("orders");
        shop.store.conflicts(tenant, None, 9).await.expect("conflicts");
        shop.store.conflicts_purge(Timestamp(i64::MAX), 9).await.expect("a step");
        shop.store.records_purge(Timestamp(i64::MAX), 9).await.expect("a step");
        shop.store.numbers_purge(Timestamp(i64::MAX), 9).await.expect("a step");
    })
    .await;
    let lists: Vec<_> = statements.iter().filter(|sql| sql.contains("ORDER BY")).collect();
    assert!(lists.len() >= 40, "{} lists were heard", lists.len());
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for sql in statements.iter().filter(|sql| !sql.to_lowercase().starts_with("pragma")) {
            let plan = plan(&mut connection, sql).await;
            assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}: {plan:#?}");
            // The conflicts of a tenant are few, and looked at by people: sorting them is cheaper than an index.
            if sql.contains("ORDER BY") && !sql.contains("\"key_conflicts\".\"tenant_id\" = ") {
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "analysed {analysed}, {sql}: {plan:#?}");
            }
        }
    }
}
