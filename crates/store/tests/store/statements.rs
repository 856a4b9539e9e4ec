//! Owns the promise that the number of statements of a batch does not depend on the number of commands in it.

use domain::Command;
use engine::Fault;
use store::{OrderFilter, Store};

use crate::capture;
use crate::desk::{Desk, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(a_batch_of_two_hundred_runs_as_many_statements_as_a_batch_of_one,);

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
        first.extend([paid, dropped, desk.pay(number, 120), desk.issue(&format!("issue-{time}"))]);
        first.push(desk.ship(number, 2, "T1", Some(&[(1, 1)])));
        second.push(desk.put(&sku, 11, 0));
        second.push(desk.move_stock(&format!("move-{time}"), &sku, 5));
        second.extend([desk.cancel(dropped_number), desk.correct(number, 3, "T2"), desk.ship(number, 4, "T3", None)]);
        second.push(desk.place(&format!("more-{time}"), &[(&sku, 1)]));
    }
    Shape { first, second }
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
    shop.store.checkpoint().await.expect("nobody is in the way");
    shop.run(&[shop.desk.place("k", &[("tea", 2)])]).await;
    shop.store.checkpoint().await.expect("nobody is in the way");
    let alone = shop.ground.folder().join("alone.db");
    std::fs::copy(shop.ground.file(), &alone).expect("a copy without its log");
    let store = Store::open_existing(&alone).await.expect("a whole database");
    let page = store.orders(shop.desk.tenant, &OrderFilter::default(), None, 9).await.expect("a page");
    assert_eq!(page.rows.len(), 1);
}

async fn count(shop: &Shop, batch: &[Command]) -> usize {
    let (verdicts, statements) = capture::statements(shop.run(batch)).await;
    assert!(words(&verdicts).iter().all(|word| word.starts_with('2')), "{:?}", words(&verdicts));
    statements.len()
}

async fn a_batch_of_two_hundred_runs_as_many_statements_as_a_batch_of_one(kind: Kind) {
    let mut counts = Vec::new();
    for times in [1, 200] {
        let shop = Shop::stocked(kind).await;
        let shape = shape(&shop.desk, times);
        let orders = [count(&shop, &shape.first).await, count(&shop, &shape.second).await];
        // The commonest batch of all: new orders and nothing else.
        let places: Vec<_> =
            (0..times).map(|at| shop.desk.place(&format!("only-{at}"), &[("tea", 1), ("cup", 1)])).collect();
        let again: Vec<_> = (0..times).map(|at| shop.desk.place(&format!("only-{at}"), &[("tea", 1)])).collect();
        let new_orders = count(&shop, &places).await;
        let (replays, statements) = capture::statements(shop.run(&again)).await;
        assert!(words(&replays).iter().all(|word| word == "replayed"));
        counts.push([orders[0], orders[1], new_orders, statements.len()]);
    }
    println!("statements beside BEGIN and COMMIT, of everything new, every step, new orders, replays: {counts:?}");
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0].iter().all(|&count| count <= 28), "{counts:?}");
}
