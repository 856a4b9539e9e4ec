//! Owns the list of payments.

use domain::ChannelAccountId;
use domain::access::Role;
use serde_json::Value;

use super::{pages, refuses_bad_parameters};
use crate::harness::{CHANNEL, Shop, order_of};
use crate::people::somebody;

const PATH: &str = "/api/v1/payments";

/// Four orders, all but the last paid, the third of them through another account and the first given up; their numbers.
async fn paid(shop: &Shop) -> Vec<String> {
    shop.product("A", 1_999, 9).await;
    let second = domain::channel::Account {
        tenant: shop.tenant,
        id: ChannelAccountId::new(9),
        kind: domain::channel::Kind::Sandbox,
        name: "second".to_owned(),
        is_enabled: true,
        conditions: domain::channel::Conditions::default(),
    };
    let new = store::NewChannelAccount { account: &second, settings: "", priority: 2 };
    shop.store.channel_account_create(&new, api::now()).await.expect("a new channel");
    let mut numbers = Vec::new();
    for (at, through) in [CHANNEL, CHANNEL, second.id, CHANNEL].into_iter().enumerate() {
        let order_no = shop.admin.place(&format!("k{at}"), &order_of(&[("A", 1)])).await.expect(201).order_no();
        // What is charged is not what was asked for: the attempt stays as it is.
        let amount = if at == 3 { 1 } else { 1_999 };
        shop.pay_through((shop.tenant, through), &order_no, amount).await;
        numbers.push(order_no);
    }
    numbers
}

fn orders(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["order_no"].as_str()).collect()
}

#[tokio::test]
async fn payments_are_listed_newest_first_as_each_is_read() {
    let shop = Shop::open().await;
    let numbers = paid(&shop).await;
    let rows = pages(&shop.admin, PATH, 200).await;
    assert_eq!(orders(&rows), numbers.iter().rev().map(String::as_str).collect::<Vec<_>>());
    for row in &rows {
        let id = row["payment_id"].as_str().expect("an id");
        assert_eq!(shop.admin.get(&format!("{PATH}/{id}")).await.expect(200).json(), *row);
    }
    for limit in [1, 2, 3, 4] {
        assert_eq!(pages(&shop.admin, PATH, limit).await, rows, "pages of {limit}");
    }
    shop.close().await;
}

#[tokio::test]
async fn filters() {
    let shop = Shop::open().await;
    let numbers = paid(&shop).await;
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|at| numbers[at].as_str());
    let third_at = pages(&shop.admin, &format!("{PATH}?order_no={third}"), 200).await[0]["created_at"].clone();
    let third_at = third_at.as_str().expect("a time").to_owned();
    let table = [
        ("status=paid".to_owned(), vec![third, second, first]),
        ("status=open".to_owned(), vec![fourth]),
        ("status=expired".to_owned(), vec![]),
        ("channel=till".to_owned(), vec![fourth, second, first]),
        ("channel=second".to_owned(), vec![third]),
        ("channel=nobody".to_owned(), vec![]),
        ("channel=till&status=paid".to_owned(), vec![second, first]),
        ("channel=second&status=open".to_owned(), vec![]),
        (format!("order_no={first}"), vec![first]),
        (format!("order_no={first}&status=open"), vec![]),
        (format!("order_no={first}&channel=second"), vec![]),
        (format!("order_no={third}&channel=second&status=paid"), vec![third]),
        ("order_no=ord_01JD8Q7V0EFXXR6D2J1Q5Z9K3M".to_owned(), vec![]),
        (format!("created_from={third_at}"), vec![fourth, third]),
        (format!("created_to={third_at}"), vec![second, first]),
        (format!("order_no={first}&created_from={third_at}"), vec![]),
        (format!("created_from={third_at}&created_to={third_at}"), vec![]),
    ];
    for (query, expected) in table {
        for limit in [1, 200] {
            let rows = pages(&shop.admin, &format!("{PATH}?{query}"), limit).await;
            assert_eq!(orders(&rows), expected, "{query}, pages of {limit}");
        }
    }
    shop.close().await;
}

#[tokio::test]
async fn who_may_list_payments_and_how() {
    let shop = Shop::open().await;
    paid(&shop).await;
    for role in ["support", "auditor"] {
        let somebody = somebody(&shop, &format!("{role}-1"), role).await;
        assert_eq!(pages(&somebody, PATH, 200).await.len(), 4, "{role}");
    }
    somebody(&shop, "shopper-1", "shopper").await.get(PATH).await.problem(403, "forbidden");
    let other = shop.tenant("another").await;
    let stranger = shop.client(other, "server", Role::Admin).await;
    assert_eq!(pages(&stranger, PATH, 200).await, Vec::<Value>::new());
    let long = format!("channel={}", "c".repeat(65));
    let bad = [
        "status=overpaid",
        "status=",
        "channel=",
        "channel=%00",
        &long,
        "order_no=1",
        "order_no=",
        "created_from=yesterday",
        "created_to=1",
    ];
    refuses_bad_parameters(&shop.admin, PATH, &bad).await;
    for query in bad {
        let (name, _) = query.split_once('=').expect("a parameter");
        let detail = shop.admin.get(&format!("{PATH}?{query}")).await.str("/detail");
        assert!(detail.starts_with(name), "{query}: {detail}");
    }
    shop.close().await;
}
