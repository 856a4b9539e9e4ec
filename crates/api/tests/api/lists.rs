//! Owns lists: newest first, pages that neither skip nor repeat, bounds and filters.

use serde_json::{Value, json};

use crate::harness::{Shop, order_of};

fn numbers(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("a page has rows");
    rows.iter().map(|row| row["order_no"].as_str().expect("an order has a number").to_owned()).collect()
}

/// A shop with so many orders, and their numbers in the order in which they were placed.
async fn with_orders(count: usize) -> (Shop, Vec<String>) {
    let shop = Shop::open().await;
    shop.product("A", 1_999, 999).await;
    let mut placed = Vec::new();
    for order in 0..count {
        let body = json!({"customer_id": format!("c-{}", order % 2), "lines": [{"sku": "A", "quantity": 1}]});
        placed.push(shop.admin.place(&format!("k{order}"), &body).await.expect(201).order_no());
    }
    (shop, placed)
}

#[tokio::test]
async fn an_empty_list() {
    let shop = Shop::open().await;
    insta::assert_snapshot!(shop.admin.get("/api/v1/orders").await.expect(200).shown(), @r#"
    200 OK
    cache-control: no-store
    content-type: application/json
    x-content-type-options: nosniff
    x-request-id: req_…

    {"data":[],"next_cursor":null}
    "#);
    shop.close().await;
}

#[tokio::test]
async fn pages_are_newest_first_and_stable_under_inserts() {
    let (shop, mut placed) = with_orders(7).await;
    placed.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/v1/orders?limit=3".to_owned();
    for page in 0.. {
        let answer = shop.admin.get(&path).await.expect(200).json();
        seen.extend(numbers(&answer));
        // What comes while somebody turns the pages is on none of the pages to come.
        shop.admin.place(&format!("new-{page}"), &order_of(&[("A", 1)])).await.expect(201);
        match answer["next_cursor"].as_str() {
            Some(next) => path = format!("/api/v1/orders?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, placed);
    shop.close().await;
}

#[tokio::test]
async fn a_page_that_ends_the_list_says_so() {
    let (shop, _) = with_orders(4).await;
    for (limit, more) in [(3, true), (4, false), (5, false), (200, false)] {
        let page = shop.admin.get(&format!("/api/v1/orders?limit={limit}")).await.expect(200).json();
        assert_eq!(page["next_cursor"].is_string(), more, "limit {limit}");
    }
    shop.close().await;
}

#[tokio::test]
async fn filters() {
    let (shop, placed) = with_orders(4).await;
    shop.admin.cancel("c1", &placed[0]).await.expect(200);
    let list =
        async |query: &str| numbers(&shop.admin.get(&format!("/api/v1/orders?{query}")).await.expect(200).json());
    assert_eq!(list("status=closed").await, [placed[0].as_str()]);
    assert_eq!(list("status=pending_payment").await.len(), 3);
    assert_eq!(list("status=shipped").await.len(), 0);
    assert_eq!(list("customer_id=c-1").await, [placed[3].as_str(), &placed[1]]);
    assert_eq!(list("customer_id=c-0&status=closed").await, [placed[0].as_str()]);
    assert_eq!(list("customer_id=C-0").await.len(), 0);
    let third = shop.admin.get(&format!("/api/v1/orders/{}", placed[2])).await.str("/created_at");
    let (from, to) = (list(&format!("created_from={third}")).await, list(&format!("created_to={third}")).await);
    assert!(from.contains(&placed[2]) && from.contains(&placed[3]), "from takes the moment itself");
    assert!(!to.contains(&placed[2]) && !to.contains(&placed[3]), "to does not");
    assert_eq!(from.len() + to.len(), 4);
    assert_eq!(list("created_from=2026-05-01T08:00:00%2B08:00&created_to=2020-01-01T00:00:00Z").await.len(), 0);
    shop.close().await;
}

#[tokio::test]
async fn products_are_listed_newest_first() {
    let shop = Shop::open().await;
    for sku in ["A", "B", "C", "D", "E"] {
        shop.product(sku, 1, 1).await;
    }
    let first = shop.admin.get("/api/v1/products?limit=2").await.expect(200).json();
    let next = first["next_cursor"].as_str().expect("there is more");
    shop.product("F", 1, 1).await;
    let second = shop.admin.get(&format!("/api/v1/products?limit=200&cursor={next}")).await.expect(200).json();
    let skus: Vec<_> = [first, second]
        .iter()
        .flat_map(|page| page["data"].as_array().cloned().unwrap_or_default())
        .map(|product| product["sku"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(skus, ["E", "D", "C", "B", "A"]);
    shop.close().await;
}

#[tokio::test]
async fn parameters_that_are_not_as_they_must_be() {
    let (shop, _) = with_orders(1).await;
    let bad_cursors = ["x", "MS5hAA", "%00", "bm9kb3Q", "Li4u", "YWJjLm9yZF8", "AAAA", "====", "%E6%A4%85"];
    let mut queries: Vec<String> = bad_cursors.iter().map(|cursor| format!("cursor={cursor}")).collect();
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=abc",
        "limit=1.5",
        "limit=",
        "limit=18446744073709551616",
        "limit=1&limit=2",
        "foo=1",
        "Limit=1",
        "cursor=",
    ] {
        queries.push(query.to_owned());
    }
    for query in &queries {
        for list in ["products", "orders"] {
            let answer = shop.admin.get(&format!("/api/v1/{list}?{query}")).await;
            assert_eq!(answer.status, 400, "{list}?{query}: {}", answer.shown());
            answer.problem(400, "parameter_invalid");
        }
    }
    for query in [
        "status=open",
        "status=",
        "status=PAID",
        "customer_id=",
        "customer_id=%0A",
        "created_from=yesterday",
        "created_to=2026-05-01",
        "created_from=2026-05-01T00:00:00",
        "created_from=99999999-01-01T00:00:00Z",
        "created_to=1",
    ] {
        shop.admin.get(&format!("/api/v1/orders?{query}")).await.problem(400, "parameter_invalid");
    }
    let long = "c".repeat(65);
    shop.admin.get(&format!("/api/v1/orders?customer_id={long}")).await.problem(400, "parameter_invalid");
    shop.close().await;
}

/// A word is a number, a customer or a parcel; another's is nobody's.
#[tokio::test]
async fn orders_are_found_by_a_word() {
    let (shop, placed) = with_orders(3).await;
    shop.pay(&placed[0], 1_999).await;
    let parcel = json!({"carrier": "SF", "tracking_no": "SF 123/ä"});
    shop.admin
        .post(&format!("/api/v1/orders/{}/ship", placed[0]), "s")
        .if_match("\"2\"")
        .json(&parcel)
        .send()
        .await
        .expect(200);
    // A merchant's own id may be somebody's login.
    let namesake = json!({"customer_id": "anna", "lines": [{"sku": "A", "quantity": 1}]});
    let namesake = shop.admin.place("namesake", &namesake).await.expect(201).order_no();
    let anna = crate::people::somebody(&shop, "anna", "shopper").await;
    crate::people::add(&shop.admin, "bo", "shopper").await;
    let own = anna.place("own", &crate::people::own_order("A")).await.expect(201);
    let (own, customer) = (own.order_no(), own.str("/customer_id"));
    let list = async |client: &crate::harness::Client, query: &str| {
        numbers(&client.get(&format!("/api/v1/orders?{query}")).await.expect(200).json())
    };
    for (query, wanted) in [
        (format!("q={}", placed[1]), vec![placed[1].clone()]),
        (format!("q=%20{}%20", placed[1]), vec![placed[1].clone()]),
        ("q=SF%20123/%C3%A4".to_owned(), vec![placed[0].clone()]),
        ("q=SF%20123".to_owned(), vec![]),
        ("q=c-0".to_owned(), vec![placed[2].clone(), placed[0].clone()]),
        ("q=c-0&status=shipped".to_owned(), vec![placed[0].clone()]),
        (format!("q={}&status=closed", placed[1]), vec![]),
        (format!("q={customer}"), vec![own.clone()]),
        ("q=anna".to_owned(), vec![own.clone(), namesake.clone()]),
        ("q=Anna%20".to_owned(), vec![own.clone()]),
        ("q=member:anna".to_owned(), vec![own.clone()]),
        (format!("q=anna&customer_id={customer}"), vec![own.clone()]),
        ("q=anna&customer_id=c-0".to_owned(), vec![]),
        ("q=anna&status=closed".to_owned(), vec![]),
        ("q=ann".to_owned(), vec![]),
        ("q=staff:anna".to_owned(), vec![]),
        ("q=member:nobody".to_owned(), vec![]),
        ("q=c-0&customer_id=c-1".to_owned(), vec![]),
    ] {
        assert_eq!(list(&shop.admin, &query).await, wanted, "{query}");
    }
    assert_eq!(list(&anna, &format!("q={own}")).await, [own]);
    for word in [placed[1].as_str(), "SF%20123/%C3%A4", "c-0", "bo", "member:bo", "anna", "member:anna"] {
        assert_eq!(list(&anna, &format!("q={word}")).await, Vec::<String>::new(), "{word}");
    }
    for empty in ["", "%20"] {
        assert_eq!(list(&shop.admin, &format!("q={empty}&status=shipped")).await, [placed[0].as_str()], "{empty:?}");
    }
    for word in ["a%00", "%0A", &"x".repeat(72)] {
        shop.admin.get(&format!("/api/v1/orders?q={word}")).await.problem(400, "parameter_invalid");
    }
    shop.close().await;
}

/// Who may look at members reads what a customer is called, on every way to the order; who buys does not.
#[tokio::test]
async fn an_order_tells_those_who_work_for_the_shop_who_bought() {
    let (shop, placed) = with_orders(1).await;
    let anna = crate::people::somebody(&shop, "anna", "shopper").await;
    let own = anna.place("own", &crate::people::own_order("A")).await.expect(201);
    assert_eq!(own.json()["customer_name"], Value::Null, "the answer that is kept names nobody");
    let (number, customer) = (own.order_no(), own.str("/customer_id"));
    let support = crate::people::somebody(&shop, "support", "support").await;
    let auditor = crate::people::somebody(&shop, "auditor", "auditor").await;
    let read = async |client: &crate::harness::Client, number: &str| {
        let mut told = vec![client.get(&format!("/api/v1/orders/{number}")).await.expect(200).json()];
        for query in [String::new(), format!("q={number}"), "status=pending_payment".to_owned()] {
            let list = client.get(&format!("/api/v1/orders?{query}")).await.expect(200).json();
            let rows = list["data"].as_array().expect("a page has rows").clone();
            told.extend(rows.into_iter().filter(|row| row["order_no"] == number));
        }
        assert_eq!(told.len(), 4, "{told:?}");
        told.iter().map(|order| order.get("customer_name").cloned()).collect::<Vec<_>>()
    };
    for client in [&shop.admin, &support, &auditor] {
        assert_eq!(read(client, &number).await, vec![Some(json!("member:anna")); 4]);
        assert_eq!(read(client, &placed[0]).await, vec![None; 4], "known to the merchant alone");
        let list = client.get(&format!("/api/v1/orders?q={customer}")).await.expect(200).json();
        assert_eq!(list["data"][0]["customer_name"], "member:anna");
    }
    assert_eq!(read(&anna, &number).await, vec![None; 4], "they know who they are");
    shop.close().await;
}
