//! Owns what operators look at and do at their console: lists that only those see who work for the shop.

mod api_keys;
mod channels;
mod movements;
mod payments;
mod reviews;

use serde_json::Value;

use crate::harness::Client;

/// All rows of a list, in pages of so many; each page but the last is full.
async fn pages(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    let mark = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = client.get(&format!("{path}{mark}limit={limit}{cursor}")).await.expect(200).json();
        let some = page["data"].as_array().expect("a page has rows").clone();
        assert!(some.len() <= limit, "{path}: {} rows", some.len());
        let is_full = some.len() == limit;
        rows.extend(some);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
        assert!(is_full, "{path}: a short page names a next one");
    }
}

/// A list takes no parameter that is not as it must be.
async fn refuses_bad_parameters(client: &Client, path: &str, more: &[&str]) {
    let common =
        ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=x", "cursor=MS5hAA", "foo=1", "Limit=1"];
    let mark = if path.contains('?') { '&' } else { '?' };
    for query in common.iter().chain(more) {
        let answer = client.get(&format!("{path}{mark}{query}")).await;
        assert_eq!(answer.status, 400, "{path}, {query}: {}", answer.shown());
        answer.problem(400, "parameter_invalid");
    }
}
