//! How the answers of one invoice are counted and compared.

use http::{HeaderMap, StatusCode};

use super::{Copy, Storm};
use crate::client::{Answer, Settled};
use crate::replay::invoice::Invoice;

fn copy(status: u16, body: &'static str, replayed: bool, retries: u32) -> Copy {
    let mut headers = HeaderMap::new();
    if replayed {
        headers.insert("idempotent-replayed", "true".parse().expect("a header"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    Copy { settled: Settled { answer: Answer { status, headers, body: body.into() }, retries }, cut: false }
}

fn storm(copies: &[Copy]) -> Storm {
    let invoice = Invoice { number: "7".to_owned(), customer: "guest".to_owned(), lines: Vec::new(), total: 1 };
    let mut storm = Storm::default();
    storm.add(&invoice, copies);
    storm
}

#[test]
fn equal_answers_are_one_order() {
    let body = r#"{"order_no":"ord_1"}"#;
    let storm = storm(&[copy(201, body, true, 2), copy(201, body, false, 0), copy(201, body, true, 0)]);
    assert_eq!((storm.replayed, storm.retried, storm.refused), (2, 2, 0));
    assert_eq!(storm.answered["7"], "ord_1");
    assert!(storm.problems.is_empty(), "{:?}", storm.problems);
}

#[test]
fn an_order_from_before_is_a_replay() {
    assert_eq!(storm(&[copy(200, r#"{"order_no":"ord_1"}"#, false, 0)]).replayed, 1);
}

#[test]
fn other_bytes_are_a_problem() {
    for other in [copy(201, r#"{"order_no":"ord_2"}"#, true, 0), copy(200, r#"{"order_no":"ord_1"}"#, true, 0)] {
        let storm = storm(&[copy(201, r#"{"order_no":"ord_1"}"#, false, 0), other]);
        assert!(storm.problems[0].contains("two answers differ"), "{:?}", storm.problems);
    }
}

#[test]
fn what_is_not_stored_may_name_each_request() {
    let storm =
        storm(&[copy(422, r#"{"code":"c","request_id":"1"}"#, false, 0), copy(422, r#"{"code":"c"}"#, false, 0)]);
    assert_eq!((storm.refused, storm.problems.len()), (1, 1), "{:?}", storm.problems);
}

#[test]
fn a_refusal_is_told_with_its_code() {
    let refusal = r#"{"code":"stock_insufficient","detail":"too little of 85123A"}"#;
    let storm = storm(&[copy(409, refusal, false, 0), copy(409, refusal, true, 0)]);
    assert_eq!((storm.refused, storm.replayed, storm.answered.len()), (1, 1, 0));
    assert_eq!(storm.problems, ["invoice 7 has no order: 409 stock_insufficient: too little of 85123A"]);
}
