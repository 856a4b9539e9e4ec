//! Owns what becomes of work that is cut off: by who asked for it, by the server, or by a node that holds what others
//! want. Nothing of it is left, and nothing that was acknowledged is lost.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use domain::Timestamp;
use engine::Fault;
use store::OrderFilter;

use crate::desk::order_no;
use crate::ground::{Kind, on_every_server};
use crate::shop::{self, Shop, words};

on_every_server!(
    what_was_acknowledged_beside_dropped_work_is_there,
    f05_a_commit_whose_answer_nobody_heard_is_answered_the_same,
    a_connection_that_is_ended_before_commit_applies_nothing_and_the_next_call_works,
    a_node_that_stops_in_mid_transaction_gives_way,
    f16_a_lock_that_is_not_given_back_in_time_is_a_retry,
    f16_a_deadlock_with_somebody_elses_tool_is_a_retry,
);

/// Works until it was woken so many times, and drops the rest: somebody went away in the middle of a statement.
async fn cut<T>(wakes: usize, work: impl Future<Output = T>) {
    let (mut work, mut left) = (pin!(work), wakes);
    poll_fn(|context| match left.checked_sub(1) {
        None => Poll::Ready(()),
        Some(fewer) => {
            left = fewer;
            work.as_mut().poll(context).map(|_| ())
        }
    })
    .await;
}

async fn what_was_acknowledged_beside_dropped_work_is_there(kind: Kind) {
    const ROUNDS: usize = 90;
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let (number, tenant, store) = (order_no(&place), shop.desk.tenant, &shop.store);
    shop.run(&[place]).await;
    let dropping = async {
        let desk = shop.desk_from(500_000);
        for round in 0..ROUNDS {
            let wakes = round % 30;
            cut(wakes, shop::load(store, &[desk.place(&format!("never-{round}"), &[("cup", 1)])])).await;
            cut(wakes, Box::pin(store.order(tenant, number))).await;
            cut(wakes, Box::pin(store.orders(tenant, &OrderFilter::default(), None, 9))).await;
            // These go through sqlx's pools, where `begin` may be what is dropped.
            cut(wakes, store.check(Timestamp(0))).await;
            cut(wakes, store.migrate()).await;
        }
    };
    let committing = async {
        for round in 0..ROUNDS {
            shop.run(&[shop.desk.issue(&format!("issue-{round}"))]).await;
            let name = format!("tenant {round}");
            store.tenant_create(&name, &format!("ten_{}", round + 2), Timestamp(0)).await.expect("a new tenant");
        }
    };
    tokio::join!(dropping, committing);
    let rounds = i64::try_from(ROUNDS).expect("few rounds");
    assert_eq!(shop.count("select count(*) from order_numbers").await, rounds);
    assert_eq!(shop.count("select count(*) from tenants").await, rounds + 1);
    assert_eq!(shop.count("select count(*) from orders").await, 1);
    assert_eq!(shop.count("select reserved from stock_items where sku = 'cup'").await, 0);
    // No lock is left either.
    let [start, paid] = shop.desk.pay(number, 100);
    shop.run(&[shop.desk.place("last", &[("tea", 1), ("cup", 1)]), start, paid]).await;
}

async fn f05_a_commit_whose_answer_nobody_heard_is_answered_the_same(kind: Kind) {
    const ROUNDS: usize = 40;
    let shop = Shop::stocked(kind).await;
    let mut heard = [0, 0];
    for wakes in 0..ROUNDS {
        let batch = || [shop.desk.place(&format!("k-{wakes}"), &[("tea", 1)])];
        let first = batch();
        let loaded = shop::load(&shop.store, &first).await.expect("nobody else writes");
        cut(wakes, shop::finish(&shop.store, loaded, &first)).await;
        let word = words(&shop.run(&batch()).await).remove(0);
        assert!(["201", "replayed"].contains(&word.as_str()), "{word}");
        heard[usize::from(word == "replayed")] += 1;
    }
    assert!(heard[0] > 0 && heard[1] > 0, "cut off both before and behind the commit: {heard:?}");
    let rounds = i64::try_from(ROUNDS).expect("few rounds");
    assert_eq!(shop.count("select count(*) from orders").await, rounds);
    assert_eq!(shop.count("select reserved from stock_items where sku = 'tea'").await, rounds);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_connection_that_is_ended_before_commit_applies_nothing_and_the_next_call_works(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (store, tenant) = (&shop.store, shop.desk.tenant);
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    shop.run(&[place]).await;
    for round in 0..3 {
        let batch = [shop.desk.place(&format!("cut-{round}"), &[("tea", 1)])];
        let loaded = shop::load(store, &batch).await.expect("nobody else writes");
        // Some that are free, and one of each pool.
        let (one, two) = tokio::join!(store.order(tenant, number), store.order(tenant, number));
        assert_eq!(one.expect("an answer"), two.expect("an answer"));
        store.orders(tenant, &OrderFilter::default(), None, 9).await.expect("a page");
        assert_eq!(store.pending_migrations().await.expect("a list"), 0);

        shop.ground.end_all().await;
        let fault = shop::finish(store, loaded, &batch).await.expect_err("the connection is gone");
        assert!(matches!(fault, Fault::Unreachable(_) | Fault::Retry(_)), "{fault:?}");
        // The next ones work, each at its first try.
        assert_eq!(words(&shop.run(&batch).await), ["201"]);
        assert!(store.order(tenant, number).await.expect("a new connection").is_some());
        store.orders(tenant, &OrderFilter::default(), None, 9).await.expect("a new connection");
        assert_eq!(store.pending_migrations().await.expect("a new connection"), 0);
    }
    assert_eq!(shop.count("select count(*) from orders").await, 4);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_node_that_stops_in_mid_transaction_gives_way(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let other = shop.ground.store().await;
    let (stuck, next) = ([shop.desk.place("k1", &[("tea", 1)])], [shop.desk.place("k2", &[("tea", 1)])]);
    let held = shop::load(&shop.store, &stuck).await.expect("nobody else writes");
    // The server ends who idles in a transaction about when others lose their patience: these try again.
    let mut outcome = shop::run(&other, &next).await;
    for _ in 0..2 {
        if let Err(Fault::Retry(_)) = outcome {
            outcome = shop::run(&other, &next).await;
        }
    }
    assert_eq!(words(&outcome.expect("the row is free")), ["201"]);
    let fault = shop::finish(&shop.store, held, &stuck).await.expect_err("its transaction is gone");
    assert!(matches!(fault, Fault::Unreachable(_) | Fault::Retry(_)), "{fault:?}");
    assert_eq!(shop.count("select count(*) from orders").await, 1);
    assert_eq!(words(&shop.run(&stuck).await), ["201"]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn f16_a_lock_that_is_not_given_back_in_time_is_a_retry(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let batch = [shop.desk.place("k", &[("tea", 1)])];
    // A connection that has no limit, as somebody's own tool.
    let mut holder = shop.ground.connect().await;
    holder.run("begin").await.expect("a transaction");
    holder.lines("select reserved from stock_items where sku = 'tea' for update").await;
    let fault = shop::run(&shop.store, &batch).await.expect_err("the row is held");
    assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
    holder.run("rollback").await.expect("it was begun");
    assert_eq!(words(&shop.run(&batch).await), ["201"]);
}

/// Batches take rows in one order, so that they never get in each other's way; somebody's own tool need not.
async fn f16_a_deadlock_with_somebody_elses_tool_is_a_retry(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let batch = [shop.desk.place("k", &[("cup", 1), ("tea", 1)])];
    let mut tool = shop.ground.connect().await;
    if kind == Kind::Postgres {
        // Who looks for a deadlock first is the one that is ended.
        tool.run("set deadlock_timeout = '1min'").await.expect("an administrator");
    }
    tool.run("begin").await.expect("a transaction");
    // MariaDB ends the one that changed less.
    tool.run("update products set updated_at = updated_at + 1").await.expect("there are products");
    // By its key: without the tenant, MariaDB would lock every row that it walks over.
    let row = |sku| {
        format!("select sku from stock_items where tenant_id = {} and sku = '{sku}' for update", shop.desk.tenant.0)
    };
    tool.lines(&row("tea")).await;
    let (store, given) = (shop.store.clone(), batch.clone());
    let running = tokio::spawn(async move { shop::run(&store, &given).await });
    // The batch takes the cup, and then waits for the tea.
    let mut looker = shop.ground.connect().await;
    while !looker.lines(&format!("{} skip locked", row("cup"))).await.is_empty() {}
    tool.lines(&row("cup")).await;
    let fault = running.await.expect("it does not panic").expect_err("it was ended");
    assert!(matches!(&fault, Fault::Retry(text) if text.to_lowercase().contains("deadlock")), "{fault:?}");
    tool.run("rollback").await.expect("it was begun");
    assert_eq!(words(&shop.run(&batch).await), ["201"]);
    assert_eq!(shop.count("select reserved from stock_items where sku = 'cup'").await, 1);
}
