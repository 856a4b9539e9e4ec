//! What a comparison of files and server says: a line is what the server has and the difference that is told.

use super::super::invoice::{Book, Invoice};
use super::super::storm::Storm;
use super::{Audit, Money, Orders, Placed};

fn order(order_no: &str, amount: i64) -> Placed {
    let total = Money { amount, currency: "GBP".to_owned() };
    Placed { order_no: order_no.to_owned(), total, note: Some("invoice 7".to_owned()) }
}

fn compare(before: &[Placed], after: &[Placed], answered: Option<&str>) -> Audit {
    let invoice = Invoice { number: "7".to_owned(), customer: "guest".to_owned(), lines: Vec::new(), total: 425 };
    let book = Book { invoices: vec![invoice], revenue: 425, ..Book::default() };
    let orders = |orders: &[Placed]| Orders::from([("invoice 7".to_owned(), orders.to_vec())]);
    let answered = answered.map(|order_no| ("7".to_owned(), order_no.to_owned())).into_iter().collect();
    Audit::compare(&book, &orders(before), &orders(after), Storm { answered, ..Storm::default() })
}

#[test]
fn equal_is_told_as_nothing() {
    let first = compare(&[], &[order("ord_1", 425)], Some("ord_1"));
    assert_eq!((first.orders, first.revenue, first.executed, first.problems.len()), (1, 425, 1, 0));
    let second = compare(&[order("ord_1", 425)], &[order("ord_1", 425)], Some("ord_1"));
    assert_eq!((second.orders, second.revenue, second.executed, second.problems.len()), (1, 425, 0, 0));
}

#[test]
fn every_difference_is_told() {
    for (after, answered, reason) in [
        (vec![], Some("ord_1"), "ord_1 was answered and is not listed"),
        (vec![order("ord_2", 425)], Some("ord_1"), "ord_1 was answered, ord_2 is listed"),
        (vec![order("ord_1", 424)], Some("ord_1"), "is over 424 GBP, the file says 425 GBP"),
        (vec![order("ord_1", 425), order("ord_2", 425)], Some("ord_1"), "has 2 orders: ord_1, ord_2"),
    ] {
        let audit = compare(&[], &after, answered);
        assert_eq!(audit.problems.len(), 1, "{reason}");
        assert!(audit.problems[0].contains(reason), "{:?}", audit.problems);
    }
}
