//! Owns the promise that the number of statements of a batch does not depend on the number of commands in it; on MariaDB,
//! where rows are inserted, only on the digits of that number in base two.

use std::collections::BTreeSet;

use domain::person::{Kind as Of, Step};
use domain::{Action, Command, EndSession, PersonId, PrincipalId, SessionId, StepPerson};
use engine::Fault;
use store::{OrderFilter, Store};

use crate::capture;
use crate::desk::{Desk, noted, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(
    a_batch_of_two_hundred_runs_as_many_statements_as_a_batch_of_one,
    an_order_runs_no_statement_of_payments_or_people,
);

/// A batch that does everything at once: places, pays, ships in part, corrects, cancels, moves, issues.
struct Shape {
    first: Vec<Command>,
    second: Vec<Command>,
}

fn shape(desk: &Desk, times: usize) -> Shape {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for time in 0..times {
        let sku = format!("sku-{time}");
        first.push(desk.put(&sku, 10, 100));
        let place = |what: &str| desk.place(&format!("{what}-{time}"), &[(&sku, 2), ("tea", 1)]);
        let (paid, dropped) = (place("paid"), place("dropped"));
        let (number, dropped_number) = (order_no(&paid), order_no(&dropped));
        first.extend([paid, dropped]);
        first.extend(desk.pay(number, 120));
        first.push(desk.issue(&format!("issue-{time}")));
        first.push(desk.ship(number, 2, "T1", Some(&[(1, 1)])));
        second.push(desk.put(&sku, 11, 0));
        second.push(desk.move_stock(&format!("move-{time}"), &sku, 5));
        second.extend([desk.cancel(dropped_number), desk.correct(number, 3, "T2"), desk.ship(number, 4, "T3", None)]);
        second.push(desk.place(&format!("more-{time}"), &[(&sku, 1)]));
        // Somebody comes and is put out, and both are written down.
        let number = i64::try_from(time).expect("few") + 1_000;
        let account = (PrincipalId(number), PersonId::new(u128::from(number.unsigned_abs())));
        let add = desk.add(Of::Member, &format!("login {time}"), account);
        let Action::AddPerson(added) = &add.action else { panic!("{add:?}") };
        let step = StepPerson { principal: added.principal, id: added.id, step: Step::SignOut, expected_version: None };
        let end = EndSession { principal: added.principal, person: added.id, session: session_of(number) };
        second.push(noted(desk.command(&format!("end-{time}"), Action::EndSession(end)), None));
        first.push(noted(add, None));
        second.push(noted(desk.command(&format!("out-{time}"), Action::StepPerson(step)), Some("lost a device")));
    }
    Shape { first, second }
}

/// A session of the person who acts under this number.
fn session_of(number: i64) -> SessionId {
    SessionId::new(number.unsigned_abs().into())
}

/// Somebody changed a row since it was loaded: here, a trigger that keeps it from being written.
#[tokio::test]
async fn a_batch_whose_rows_have_changed_runs_again() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    let batch = [shop.desk.place("k", &[("tea", 1), ("cup", 1)])];
    shop.ground
        .plant("create trigger t before update on stock_items when old.sku = 'cup' begin select raise(ignore); end")
        .await;
    let fault = shop::run(&shop.store, &batch).await.expect_err("a row is not as it was loaded");
    let text = "2 rows of stock_items were to be written and 1 were as they had been loaded";
    assert!(matches!(&fault, Fault::Retry(why) if why == text), "{fault:?}");
    assert_eq!(shop.count("select count(*) from orders").await, 0, "nothing of it was applied");
    shop.ground.plant("drop trigger t").await;
    shop.run(&batch).await;
}

/// The worker folds only where something was committed.
#[tokio::test]
async fn a_commit_is_folded_into_the_file() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    shop.store.tend().await.expect("nobody is in the way");
    shop.run(&[shop.desk.place("k", &[("tea", 2)])]).await;
    shop.store.tend().await.expect("nobody is in the way");
    let alone = shop.ground.folder().join("alone.db");
    std::fs::copy(shop.ground.file(), &alone).expect("a copy without its log");
    let store = Store::open_existing(&alone).await.expect("a whole database");
    let page = store.orders(shop.desk.tenant, &OrderFilter::default(), None, 9).await.expect("a page");
    assert_eq!(page.rows.len(), 1);
}

/// The statements of a batch, BEGIN and COMMIT aside.
async fn heard(shop: &Shop, batch: &[Command], expected: &str) -> Vec<String> {
    let (verdicts, statements) = capture::statements(shop.run(batch)).await;
    assert!(words(&verdicts).iter().all(|word| word.starts_with(expected)), "{:?}", words(&verdicts));
    statements
}

/// The statements of batches of so many of everything: everything new, every step, new orders, replays.
async fn of_batches(kind: Kind, times: usize) -> [Vec<String>; 4] {
    let shop = Shop::stocked(kind).await;
    let shape = shape(&shop.desk, times);
    // They log in beside the batches, and before the second of them.
    let session = |at: usize| {
        let number = i64::try_from(at).expect("few") + 1_000;
        let id = session_of(number);
        format!("({}, '{id}', {number}, 'web', 1, 1, 0, 0, 0, 90000, 90000, x'00', 0, 0, 1)", shop.desk.tenant.0)
    };
    let sessions = (0..times).map(session).collect::<Vec<_>>().join(", ");
    shop.ground
        .plant(&format!(
            "insert into sessions (tenant_id, id, principal_id, device, is_open, epoch, opened_at, proved_at, two_factors,
                idle_until, ends_at, refresh_nonce, refresh_generation, refreshed_at, version) values {sessions}"
        ))
        .await;
    let (first, second) = (heard(&shop, &shape.first, "2").await, heard(&shop, &shape.second, "2").await);
    // The commonest batch of all: new orders and nothing else.
    let place = |at| shop.desk.place(&format!("only-{at}"), &[("tea", 1), ("cup", 1)]);
    let (places, again): (Vec<_>, Vec<_>) = ((0..times).map(place).collect(), (0..times).map(place).collect());
    [first, second, heard(&shop, &places, "2").await, heard(&shop, &again, "replayed").await]
}

async fn a_batch_of_two_hundred_runs_as_many_statements_as_a_batch_of_one(kind: Kind) {
    let (one, many) = (of_batches(kind, 1).await, of_batches(kind, 200).await);
    for (one, many) in one.iter().zip(&many) {
        assert!(one.len() <= 54, "{} {one:#?}", one.len());
        let (inserts_of_one, others_of_one) = parted(kind, one);
        let (inserts_of_many, others_of_many) = parted(kind, many);
        assert_eq!(others_of_one.len(), others_of_many.len(), "{others_of_one:#?} {others_of_many:#?}");
        let tables = |inserts: &[&String]| inserts.iter().map(|sql| inserted(sql).0).collect::<BTreeSet<_>>();
        assert_eq!(tables(&inserts_of_one), tables(&inserts_of_many));
        for table in tables(&inserts_of_many) {
            let portions: Vec<usize> = inserts_of_many
                .iter()
                .map(|sql| inserted(sql))
                .filter(|into| into.0 == table)
                .map(|into| into.1)
                .collect();
            // One portion for each bit of the number of rows.
            let rows: usize = portions.iter().sum();
            // A tenant's log has one end.
            let least = if table == "audit_heads" { 1 } else { 200 };
            assert!(rows >= least && portions.len() == rows.count_ones() as usize, "{table}: {portions:?}");
        }
    }
}

/// Paying costs nothing where nobody pays, nor do people and logs: an order's batch asks for none of them, and writes none.
async fn an_order_runs_no_statement_of_payments_or_people(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = |at| shop.desk.place(&format!("only-{at}"), &[("tea", 1)]);
    let (batch, again): (Vec<_>, Vec<_>) = ((0..20).map(place).collect(), (0..20).map(place).collect());
    let placed = heard(&shop, &batch, "2").await;
    let replayed = heard(&shop, &again, "replayed").await;
    let paid = heard(&shop, &shop.desk.pay(order_no(&batch[0]), 100), "2").await;
    for table in ["people", "sessions", "session_rules", "tenant_policies", "tenants", "audit_heads", "audit_entries"] {
        let asks = [&placed, &replayed, &paid].into_iter().flatten().find(|sql| sql.contains(table));
        assert_eq!(asks, None, "{table}: nobody is looked at, and nothing is written down");
    }
    for table in ["payments", "payment_attempts", "ledger_entries", "outbox"] {
        let asks = |statements: &[String]| statements.iter().filter(|sql| sql.contains(table)).count();
        assert_eq!((asks(&placed), asks(&replayed)), (0, 0), "{table}: {placed:#?}");
        assert!(asks(&paid) > 0, "nothing heard of {table}: {paid:#?}");
    }
}

/// What goes in portions, and what does not: MariaDB's inserts have nothing to fill a larger statement with.
fn parted(kind: Kind, statements: &[String]) -> (Vec<&String>, Vec<&String>) {
    statements.iter().partition(|sql| kind == Kind::MariaDb && sql.starts_with("insert into "))
}

/// Into which table, and how many rows.
fn inserted(sql: &str) -> (String, usize) {
    let table = sql.split([' ', '(']).nth(2).unwrap_or_default();
    (table.to_owned(), sql.matches("(?").count())
}
