//! Which cancellations find an invoice, and what is said of those that do not.

use super::{Return, find};
use crate::replay::invoice::Book;

fn book(lines: &str) -> Book {
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.csv");
    std::fs::write(&path, format!("{header}{lines}")).expect("a file can be written");
    Book::read(&[path]).expect("a good file")
}

fn returned(credit_note: &str, invoice: usize, lines: &[(usize, i64)]) -> Return {
    Return { credit_note: credit_note.to_owned(), invoice, lines: lines.to_vec() }
}

#[test]
fn a_cancellation_finds_its_line() {
    let book = book("10,a,A,5,,1.0,7,\n10,a,A,5,,2.0,7,\n11,b,B,2,,1.0,7,\nC12,a,A,-3,,2.0,7,\nC12,b,B,-2,,1.0,7,\n");
    let (returns, unmatched) = find(&book);
    assert_eq!(returns, [returned("C12", 0, &[(2, 3)]), returned("C12", 1, &[(1, 2)])]);
    assert_eq!(unmatched, []);
}

#[test]
fn the_latest_invoice_gives_until_too_little_is_left() {
    let book = book("10,a,A,5,,1.0,7,\n11,a,A,5,,1.0,7,\nC12,a,A,-3,,1.0,7,\nC12,a,A,-2,,1.0,7,\nC13,a,A,-4,,1.0,7,\n");
    let (returns, unmatched) = find(&book);
    assert_eq!(returns, [returned("C12", 1, &[(1, 5)]), returned("C13", 0, &[(1, 4)])]);
    assert_eq!(unmatched, []);
}

#[test]
fn what_does_not_match_is_told_with_the_reason() {
    let sold = "10,a,A,5,,1.0,7,\n11,a,A,5,,1.0,,\n20,b,B,1,,1.0,7,\n";
    for (line, why) in [
        ("C12,a,A,-1,,1.0,,", "it names no customer"),
        ("C12,a,A,-1,,1.0,8,", "the customer has no invoice in the files"),
        ("C12,A,A,-1,,1.0,7,", "the customer has no earlier invoice with the product"),
        ("C12,b,B,-1,,1.0,7,", "the customer has no earlier invoice with the product"),
        ("C9,a,A,-1,,1.0,7,", "the customer has no earlier invoice with the product"),
        ("C12,a,A,-6,,1.0,7,", "more units than are left of a line"),
    ] {
        let (returns, unmatched) = find(&book(&format!("{sold}{line}\n")));
        assert_eq!((returns.len(), unmatched[0].why), (0, why), "{line}");
    }
}
