//! Owns what two nodes on one database are to each other: in line for the same rows, in one direction, and neither
//! overwrites what the other did.

use domain::person::{Kind as Of, Step};
use domain::{TenantPublicId, Timestamp, tenant};
use engine::Fault;
use tokio::task::JoinSet;

use crate::desk::{Desk, noted, order_no};
use crate::ground::{Kind, on_every_server};
use crate::shop::{self, Shop, words};

on_every_server!(
    who_loads_a_row_holds_it_and_who_waited_sees_what_became_of_it,
    s6_carts_that_name_the_same_products_in_opposite_order_never_block_each_other,
    a_key_that_another_node_took_meanwhile_runs_again_and_is_replayed,
    a_product_that_another_node_made_meanwhile_runs_again_and_is_changed,
    a_row_that_changed_since_it_was_loaded_is_not_overwritten,
    nodes_that_count_the_same_conflicts_lose_none,
    who_writes_a_log_keeps_others_from_it_and_from_no_other,
);

async fn who_loads_a_row_holds_it_and_who_waited_sees_what_became_of_it(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let other = shop.ground.store().await;
    let (first, second) = ([shop.desk.place("k1", &[("tea", 400)])], [shop.desk.place("k2", &[("tea", 500)])]);
    let third = [shop.desk.place("k3", &[("tea", 101)])];
    let held = shop::load(&shop.store, &first).await.expect("nobody else wants it");
    let waiting = tokio::spawn(async move { shop::run(&other, &second).await });
    shop.ground.somebody_waits().await;
    assert!(!waiting.is_finished());
    let verdicts = shop::finish(&shop.store, held, &first).await.expect("it has the row");
    assert_eq!(words(&verdicts), ["201"]);
    let verdicts = waiting.await.expect("it does not panic").expect("it waited, and commits");
    assert_eq!(words(&verdicts), ["201"]);
    assert_eq!(shop.count("select reserved from stock_items where sku = 'tea'").await, 900);
    assert_eq!(words(&shop.run(&third).await), ["409"], "what two nodes sold is gone for both");
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// No fault comes up at all: not even one that the engine would get over by running the batch again.
async fn s6_carts_that_name_the_same_products_in_opposite_order_never_block_each_other(kind: Kind) {
    const CLERKS: u64 = 4;
    const ROUNDS: u64 = 12;
    let shop = Shop::stocked(kind).await;
    let stores = [shop.ground.store().await, shop.ground.store().await];
    let mut clerks = JoinSet::new();
    for clerk in 0..2 * CLERKS {
        let (store, desk) = (stores[usize::from(clerk >= CLERKS)].clone(), shop.desk_from(1_000 * (clerk + 1)));
        clerks.spawn(async move {
            for round in 0..ROUNDS {
                let (name, back) = (format!("{clerk}-{round}"), format!("{clerk}-{round}-back"));
                let there = desk.place(&name, &[("cup", 1), ("tea", 1)]);
                let back = desk.place(&back, &[("tea", 1), ("cup", 1)]);
                let [start, paid] = desk.pay(order_no(&there), 350);
                let steps = [start, paid, desk.cancel(order_no(&back))];
                // Half of them take the rows for two orders at once, half of them one behind the other.
                let batches = if clerk % 2 == 0 { vec![vec![back, there]] } else { vec![vec![there], vec![back]] };
                for batch in batches.into_iter().chain([steps.to_vec()]) {
                    shop::run(&store, &batch).await?;
                }
            }
            Ok::<(), Fault>(())
        });
    }
    while let Some(ended) = clerks.join_next().await {
        ended.expect("no clerk panics").expect("no fault surfaces");
    }
    let sold = i64::try_from(2 * CLERKS * ROUNDS).expect("few orders");
    for sku in ["tea", "cup"] {
        assert_eq!(shop.count(&format!("select on_hand from stock_items where sku = '{sku}'")).await, 1_000 - sold);
    }
    assert_eq!(shop.count("select sum(reserved) - 0 from stock_items").await, 0);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_key_that_another_node_took_meanwhile_runs_again_and_is_replayed(kind: Kind) {
    let shop = Shop::open(kind).await;
    let other = shop.ground.store().await;
    // Sent twice, and each came to another node, where no row is there yet to wait for.
    let (here, there) = ([shop.desk.issue("k")], [shop.desk.issue("k")]);
    let loaded = shop::load(&shop.store, &here).await.expect("nothing is held");
    let taken = shop::run(&other, &there).await.expect("nothing is held");
    assert_eq!(words(&taken), ["201"]);
    let fault = shop::finish(&shop.store, loaded, &here).await.expect_err("the key is taken");
    assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
    assert_eq!(words(&shop.run(&here).await), ["replayed"]);
    assert_eq!(shop.count("select count(*) from order_numbers").await, 1);
}

async fn a_product_that_another_node_made_meanwhile_runs_again_and_is_changed(kind: Kind) {
    let shop = Shop::open(kind).await;
    let other = shop.ground.store().await;
    let (here, there) = ([shop.desk.put("tea", 100, 5)], [shop.desk.put("tea", 200, 7)]);
    let loaded = shop::load(&shop.store, &here).await.expect("nothing is held");
    assert_eq!(words(&shop::run(&other, &there).await.expect("nothing is held")), ["201"]);
    let fault = shop::finish(&shop.store, loaded, &here).await.expect_err("the product is there");
    assert!(matches!(fault, Fault::Retry(_)), "{fault:?}");
    assert_eq!(words(&shop.run(&here).await), ["200"]);
    assert_eq!(shop.count("select price_minor from products").await, 100);
    assert_eq!(shop.count("select on_hand from stock_items").await, 7, "it was the first one's to say");
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_row_that_changed_since_it_was_loaded_is_not_overwritten(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let batch = [shop.desk.put("tea", 300, 0), shop.desk.put("cup", 300, 0)];
    let loaded = shop::load(&shop.store, &batch).await.expect("nobody else writes");
    // Nobody locks a product: who changes one holds its stock.
    let mut beside = shop.ground.connect().await;
    beside.run("update products set version = version + 1 where sku = 'cup'").await.expect("nothing is in the way");
    let fault = shop::finish(&shop.store, loaded, &batch).await.expect_err("a row is not as it was loaded");
    let text = "2 rows of products were to be written and 1 were as they had been loaded";
    assert!(matches!(&fault, Fault::Retry(why) if why == text), "{fault:?}");
    assert_eq!(shop.count("select count(*) from products where price_minor = 300").await, 0, "nothing was applied");
    shop.run(&batch).await;
    assert_eq!(shop.count("select count(*) from products where price_minor = 300").await, 2);
}

async fn nodes_that_count_the_same_conflicts_lose_none(kind: Kind) {
    let shop = Shop::open(kind).await;
    let mut nodes = JoinSet::new();
    for _ in 0..2 {
        let (store, desk) = (shop.ground.store().await, shop.desk_from(1));
        nodes.spawn(async move {
            let mut lost = 0;
            for at in 0..20 {
                // Two nodes that both make the first count of a key: one of them is refused, and counts again later.
                let counted = store.sightings_add(&[conflict(&desk, "a", at), conflict(&desk, "b", at)]).await;
                lost += u64::from(counted.is_err());
            }
            lost
        });
    }
    let refused: u64 = nodes.join_all().await.into_iter().sum();
    let counted = shop.count("select min(times) from key_conflicts").await;
    assert_eq!(u64::try_from(counted).expect("a count") + refused, 40);
    assert!(refused <= 1, "only the first count of a key can be in another's way: {refused}");
}

fn conflict(desk: &Desk, key: &str, at: i64) -> store::Sighting {
    store::Sighting {
        tenant: desk.tenant,
        principal: desk.principal,
        key: idempotency::Key::from_stored(key),
        kind: "idempotency_key_reused",
        times: 1,
        first_at: domain::Timestamp(at),
        last_at: domain::Timestamp(at),
        last_from: None,
    }
}

/// Also where there are so few tenants that a server would rather look at all of them.
async fn who_writes_a_log_keeps_others_from_it_and_from_no_other(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (of, other) = (shop.person(Of::Member, "anna").await, shop.ground.store().await);
    let prepared = async |number: u128| {
        let made =
            shop.store.tenant_prepare(&format!("shop {number}"), TenantPublicId::new(number), Timestamp(0)).await;
        made.expect("a new tenant")
    };
    let (one, two) = (prepared(2).await, prepared(3).await);
    let elsewhere = Desk::new(one.id, shop.desk.principal, 5_000);
    for desk in [&shop.desk, &elsewhere] {
        shop.run(&[noted(desk.issue("the first"), None)]).await;
    }
    let here = |key: &str| noted(shop.desk.step(key, &of, Step::SignOut), None);
    let first = [here("out"), shop.desk.step_tenant("one", &one, tenant::Step::Open)];
    let held = shop::load(&shop.store, &first).await.expect("nobody else wants it");
    let beside = [noted(elsewhere.issue("beside"), None), elsewhere.step_tenant("two", &two, tenant::Step::Open)];
    let verdicts = shop::run(&other, &beside).await.expect("it waits for nobody");
    assert_eq!(words(&verdicts), ["201", "201"]);
    let second = [here("and again")];
    let waiting = tokio::spawn(async move { shop::run(&other, &second).await });
    shop.ground.somebody_waits().await;
    let verdicts = shop::finish(&shop.store, held, &first).await.expect("it has the rows");
    assert_eq!(words(&verdicts), ["200", "201"]);
    let verdicts = waiting.await.expect("it does not panic").expect("it waited, and commits");
    assert_eq!(words(&verdicts), ["200"]);
    assert_eq!(shop.count("select count(*) from audit_entries").await, 5);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
