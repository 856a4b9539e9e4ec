//! Owns the promise of the lists: newest first, each row at most once however many come in between, only the tenant's.

use std::cmp::Reverse;

use domain::channel::Verdict;
use domain::order::Status;
use domain::stock::Source;
use domain::text::{CustomerId, Sku};
use domain::{Action, AttemptId, ChannelAccountId, Command, Order, OrderNo, Payment, Timestamp, payment};
use idempotency::Key;
use store::{Account, Cursor, NewChannelAccount, OrderFilter, PaymentFilter};

use crate::desk::{self, ACCOUNT, Desk, order_no};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_list_is_newest_first_and_ends,
    a_row_is_seen_at_most_once_while_others_come_in,
    every_filter_gives_what_it_says,
    products_are_listed_newest_first,
    what_moved_stock_is_listed_newest_first,
    payments_are_listed_newest_first,
    nothing_is_seen_across_tenants,
    a_history_names_who_did_what,
);

/// Orders of three customers, every fourth paid and every fourth cancelled; always three of the same moment.
async fn crowd(shop: &Shop, name: &str, count: usize) -> Vec<OrderNo> {
    let mut numbers = Vec::new();
    let mut batch = Vec::new();
    for at in 0..count {
        let mut place = shop.desk.place_for(&format!("{name}-{at}"), &format!("customer-{}", at % 3), &[("tea", 1)]);
        place.at = Timestamp(place.at.0 / 10);
        let number = order_no(&place);
        numbers.push(number);
        batch.push(place);
        match at % 4 {
            0 => batch.extend(shop.desk.pay(number, 100)),
            1 => batch.push(shop.desk.cancel(number)),
            _ => {}
        }
    }
    shop.run(&batch).await;
    numbers
}

fn place_in_list(order: &Order) -> (i64, String) {
    (order.created_at.0, order.order_no.to_string())
}

async fn all(shop: &Shop, filter: &OrderFilter, limit: u64) -> Vec<Order> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = shop.store.orders(shop.desk.tenant, filter, after.as_ref(), limit).await.expect("a page");
        assert!(page.rows.len() <= usize::try_from(limit).expect("a small limit"));
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

async fn a_list_is_newest_first_and_ends(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let numbers = crowd(&shop, "crowd", 30).await;
    for limit in [1, 7, 15, 29, 30, 31, 100] {
        let rows = all(&shop, &OrderFilter::default(), limit).await;
        assert_eq!(rows.len(), numbers.len(), "pages of {limit}");
        assert!(rows.is_sorted_by(|newer, older| place_in_list(newer) > place_in_list(older)), "pages of {limit}");
    }
    let last = shop.store.orders(shop.desk.tenant, &OrderFilter::default(), None, 30).await.expect("a page");
    assert_eq!(last.next, None, "a page that holds the last row names no next one");
}

async fn a_row_is_seen_at_most_once_while_others_come_in(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let numbers = crowd(&shop, "before", 24).await;
    let (mut seen, mut after): (Vec<OrderNo>, Option<Cursor>) = (Vec::new(), None);
    for round in 0.. {
        let page =
            shop.store.orders(shop.desk.tenant, &OrderFilter::default(), after.as_ref(), 5).await.expect("a page");
        seen.extend(page.rows.iter().map(|order| order.order_no));
        after = page.next;
        if after.is_none() {
            break;
        }
        crowd(&shop, &format!("between-{round}"), 7).await;
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "a row came twice");
    assert!(numbers.iter().all(|number| seen.contains(number)), "a row was left out");
}

async fn every_filter_gives_what_it_says(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    crowd(&shop, "crowd", 48).await;
    let everything = all(&shop, &OrderFilter::default(), 100).await;
    // Half of those that are closed, between the others of the same moments.
    let archived = shop.store.orders_archive(Timestamp(i64::MAX), 6).await.expect("nobody else writes");
    assert_eq!(archived, 6);
    let middle = everything[24].created_at;
    for bits in 0..16_u8 {
        for status in [Status::PendingPayment, Status::Paid, Status::Closed, Status::Shipped] {
            let set = |bit: u8| bits & (1 << bit) != 0;
            let filter = OrderFilter {
                status: set(0).then_some(status),
                // One of them, or two whose orders stand between each other.
                customers: ["customer-1", "customer-2"][..if set(1) { 1 + usize::from(set(0)) } else { 0 }]
                    .iter()
                    .map(|id| CustomerId::from_stored(id))
                    .collect(),
                created_from: set(2).then_some(Timestamp(middle.0 - 2)),
                created_to: set(3).then_some(middle),
            };
            let fits = |order: &&Order| {
                filter.status.is_none_or(|status| order.status == status)
                    && (filter.customers.is_empty() || filter.customers.contains(&order.customer_id))
                    && filter.created_from.is_none_or(|from| order.created_at >= from)
                    && filter.created_to.is_none_or(|to| order.created_at < to)
            };
            let expected: Vec<&Order> = everything.iter().filter(fits).collect();
            assert_eq!(all(&shop, &filter, 4).await.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        }
    }
}

async fn products_are_listed_newest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let batch: Vec<Command> = (0..23)
        .map(|at| {
            let mut put = shop.desk.put(&format!("sku-{at}"), 10, at);
            put.at = Timestamp(put.at.0 / 4);
            put
        })
        .collect();
    shop.run(&batch).await;
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = shop.store.products(shop.desk.tenant, after.as_ref(), 4).await.expect("a page");
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(rows.len(), 25);
    let place = |row: &(domain::Product, domain::StockItem)| (row.0.created_at, row.0.sku.clone());
    assert!(rows.is_sorted_by(|newer, older| place(newer) > place(older)));
    assert!(rows.iter().all(|(product, stock)| product.sku == stock.sku));
}

async fn what_moved_stock_is_listed_newest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (tea, place) = (Sku::from_stored("tea"), shop.desk.place("k", &[("tea", 2)]));
    let number = order_no(&place);
    let mut batch: Vec<Command> = (1..=11)
        .map(|at| shop.desk.move_stock(&format!("move-{at}"), if at == 7 { "cup" } else { "tea" }, at))
        .collect();
    // Three of one moment.
    for command in &mut batch {
        command.at = Timestamp(10 + command.at.0 / 3);
    }
    let [start, paid] = shop.desk.pay(number, 200);
    batch.extend([place, start, paid]);
    shop.run(&batch).await;
    shop.ground.plant("update stock_movements set principal_id = null where source_kind = 'initial'").await;
    for limit in [1, 3, 11, 12, 50] {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = shop.store.stock_movements(shop.desk.tenant, &tea, after.as_ref(), limit).await.expect("a page");
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let quantities: Vec<i64> = rows.iter().map(|row| row.quantity).collect();
        assert_eq!(quantities, [-2, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1, 1_000], "pages of {limit}");
        let who: Vec<_> = rows.iter().map(|row| row.actor.as_deref()).collect();
        assert_eq!((who[0], who[1], who[11]), (Some("service:checkout"), Some("service:checkout"), None));
        assert_eq!((rows[0].source, rows[11].source), (Source::Sale(number), Source::Initial));
        assert_eq!((rows[0].reason.as_deref(), rows[1].reason.as_deref()), (None, Some("a count")));
    }
}

/// Payments of which every second has a second attempt, through another account, and every third is paid.
async fn payments(shop: &Shop) {
    let other = ChannelAccountId::new(2);
    let account = desk::account(shop.desk.tenant, other);
    let channel = NewChannelAccount { account: &account, settings: "{}", priority: 1 };
    shop.store.channel_account_create(&channel, Timestamp(0)).await.expect("a new channel");
    let mut batch = Vec::new();
    for at in 0..24 {
        let place = shop.desk.place(&format!("pay-{at}"), &[("tea", 1)]);
        let number = order_no(&place);
        let [mut start, paid] = shop.desk.pay(number, 100);
        start.at = Timestamp(1_000 + at / 3);
        let failed = shop.desk.said(number, Verdict::Failed, None);
        let mut again = shop.desk.start(number);
        if let Action::StartPayment(start) = &mut again.action {
            start.attempt = AttemptId::new(number.bits() + 1_000_000);
            start.candidates = vec![other];
        }
        (again.key, again.at) = (Key::from_stored(&format!("again-{at}")), Timestamp(2_000 + at));
        batch.extend([place, start]);
        match at % 6 {
            0 | 2 | 4 => batch.extend([failed, again]),
            3 => batch.push(paid),
            _ => {}
        }
    }
    shop.run(&batch).await;
}

async fn payments_are_listed_newest_first(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    payments(&shop).await;
    let all = async |filter: &PaymentFilter, limit: u64| {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let page = shop.store.payments_page(shop.desk.tenant, filter, after.as_ref(), limit).await.expect("a page");
            assert!(page.rows.len() <= usize::try_from(limit).expect("a small limit"));
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    };
    let everything = all(&PaymentFilter::default(), 100).await;
    assert_eq!(everything.len(), 24);
    let paid = everything.iter().filter(|payment| payment.status == payment::Status::Paid).count();
    assert!((2..=6).contains(&paid), "{paid}");
    for bits in 0..32_u8 {
        for account in [ACCOUNT, ChannelAccountId::new(2), ChannelAccountId::new(3)] {
            let set = |bit: u8| bits & (1 << bit) != 0;
            let filter = PaymentFilter {
                status: set(0).then_some(payment::Status::Paid),
                account: set(1).then_some(account),
                order_no: set(2).then_some(everything[7].order_no),
                created_from: set(3).then_some(Timestamp(1_002)),
                created_to: set(4).then_some(Timestamp(2_012)),
            };
            let time = |payment: &Payment| {
                let first = payment.attempts.iter().find(|attempt| attempt.account == account);
                if set(1) { first.map(|attempt| attempt.created_at) } else { Some(payment.created_at) }
            };
            let fits = |payment: &&Payment| {
                filter.status.is_none_or(|status| payment.status == status)
                    && filter.order_no.is_none_or(|number| payment.order_no == number)
                    && time(payment).is_some_and(|at| {
                        filter.created_from.is_none_or(|from| at >= from) && filter.created_to.is_none_or(|to| at < to)
                    })
            };
            let mut expected: Vec<&Payment> = everything.iter().filter(fits).collect();
            expected.sort_by_key(|payment| Reverse((time(payment), payment.id)));
            assert_eq!(all(&filter, 4).await.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        }
    }
}

async fn nothing_is_seen_across_tenants(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let numbers = crowd(&shop, "crowd", 4).await;
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let account = Account { tenant: other, kind: "service", name: "checkout", public_id: "acc_2" };
    let principal = shop.store.account(&account, Timestamp(0)).await.expect("a new account");
    let store = &shop.store;
    assert_eq!(store.orders(other, &OrderFilter::default(), None, 9).await.expect("a page").rows, Vec::new());
    assert!(store.products(other, None, 9).await.expect("a page").rows.is_empty());
    assert_eq!(store.order(other, numbers[0]).await.expect("an answer"), None);
    assert_eq!(store.product(other, &Sku::from_stored("tea")).await.expect("an answer"), None);
    assert!(store.stock_movements(other, &Sku::from_stored("tea"), None, 9).await.expect("a page").rows.is_empty());
    assert!(store.payments_page(other, &PaymentFilter::default(), None, 9).await.expect("a page").rows.is_empty());
    assert_eq!(store.history(other, numbers[0]).await.expect("an answer"), Vec::new());
    // The same sku and the same key belong to each tenant by itself.
    let desk = Desk::new(other, principal, 1_000);
    shop.run(&[desk.put("tea", 7, 3), desk.place("crowd-0", &[("tea", 1)])]).await;
    assert_eq!(store.orders(other, &OrderFilter::default(), None, 9).await.expect("a page").rows.len(), 1);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_history_names_who_did_what(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let place = shop.desk.place("k", &[("tea", 1)]);
    let number = order_no(&place);
    let [start, paid] = shop.desk.pay(number, 100);
    shop.run(&[place, start, paid, shop.desk.ship(number, 2, "T1", None)]).await;
    let history = shop.store.history(shop.desk.tenant, number).await.expect("a history");
    let told: Vec<String> = history
        .iter()
        .map(|row| {
            format!(
                "{} {} {:?} {} {} {}",
                row.version,
                row.event,
                row.from.map(Status::name),
                row.to,
                row.actor,
                row.key
            )
        })
        .collect();
    let expected = [
        "1 place None pending_payment service:checkout k".to_owned(),
        format!("2 pay Some(\"pending_payment\") paid service:checkout said-{number}-succeeded"),
        format!("3 ship_all Some(\"paid\") shipped service:checkout ship-{number}-T1"),
    ];
    assert_eq!(told, expected);
}
