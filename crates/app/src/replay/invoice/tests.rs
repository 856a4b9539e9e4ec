//! How lines become invoices, and invoices requests.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::Book;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn book(files: &[&str]) -> anyhow::Result<Book> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths: Vec<PathBuf> = (0..files.len()).map(|number| folder.path().join(format!("{number}.csv"))).collect();
    for (path, lines) in paths.iter().zip(files) {
        fs::write(path, format!("{HEADER}{lines}")).expect("a file can be written");
    }
    Book::read(&paths)
}

#[test]
fn lines_become_invoices() {
    let book = book(&[
        "7,a,,2,,1.5,17850.0,\n8,b,B,1,,0.07,,\n7,a,A,1,,1.25,17850.0,\n",
        "C9,a,A,-1,,1.5,,\n9,a,other,1,,2.0,,\n9,b,B,3,,0.0,,\n",
    ])
    .expect("good files");
    let invoices: Vec<_> =
        book.invoices.iter().map(|invoice| (&*invoice.number, &*invoice.customer, invoice.lines.len())).collect();
    assert_eq!(invoices, [("7", "17850", 2), ("8", "guest", 1), ("9", "guest", 1)]);
    assert_eq!(book.invoices.iter().map(|invoice| invoice.total).collect::<Vec<_>>(), [425, 7, 200]);
    assert_eq!(book.revenue, 632);
    let products: Vec<_> = book.products.iter().map(|p| (&*p.sku, p.name.as_deref(), p.price, p.wanted)).collect();
    assert_eq!(products, [("a", Some("A"), 150, 4), ("b", Some("B"), 7, 1)]);
}

#[test]
fn an_invoice_becomes_a_request() {
    let book = book(&["536365,85123A,X,2,,1.5,,\n536365,85123a,Y,1,,2.0,,\n536365,85123A,X,1,,1.25,,\n"]);
    let book = book.expect("a good file");
    let invoice = &book.invoices[0];
    assert_eq!(invoice.key(), "replay-invoice-536365");
    let price = |amount: i64| json!({"amount": amount, "currency": "GBP"});
    assert_eq!(
        invoice.body(&book.products),
        json!({
            "customer_id": "guest",
            "lines": [
                {"sku": "85123A", "quantity": 2, "unit_price": price(150)},
                {"sku": "85123a", "quantity": 1, "unit_price": price(200)},
                {"sku": "85123A", "quantity": 1, "unit_price": price(125)},
            ],
            "note": "invoice 536365",
        })
    );
}

#[test]
fn what_cannot_be_replayed_is_refused() {
    let line = "7,a,A,1,,1.0,,\n";
    for (files, reason) in [
        (vec![line, line], "invoice 7 stands in an earlier file"),
        (vec!["C7,a,A,1,,1.0,,\n"], "no valid invoice"),
        (vec!["7,a,A,1000000000,,92233720368.0,,\n"], "the invoice's total is too large"),
        (vec![&*line.repeat(2_001)], "invoice 7 has over 2000 lines"),
    ] {
        let error = format!("{:#}", book(&files).expect_err(reason));
        assert!(error.contains(reason), "{error}");
    }
}
