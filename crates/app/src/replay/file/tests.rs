//! Which lines count, and what is said about those that cannot be read.

use std::fs;

use super::{Cancelled, Entry, Row, read};

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn entries(bytes: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.csv");
    fs::write(&path, bytes).expect("a file can be written");
    let mut entries = Vec::new();
    read(&path, |entry| {
        entries.push(entry);
        Ok(())
    })?;
    Ok(entries)
}

fn rows(bytes: &[u8]) -> anyhow::Result<Vec<Row>> {
    let sold = |entry| if let Entry::Sold(row) = entry { Some(row) } else { None };
    Ok(entries(bytes)?.into_iter().filter_map(sold).collect())
}

fn line(line: &str) -> anyhow::Result<Vec<Row>> {
    rows(format!("{HEADER}{line}\n").as_bytes())
}

#[test]
fn a_line_is_read() {
    let rows = line("536365,85123A,\"HEART, \"\"RED\"\" \",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom");
    let wanted = Row {
        invoice: "536365".to_owned(),
        customer: Some("17850".to_owned()),
        sku: "85123A".to_owned(),
        name: Some("HEART, \"RED\" ".to_owned()),
        quantity: 6,
        unit_price: 255,
    };
    assert_eq!(rows.expect("a good line"), [wanted]);
}

#[test]
fn what_the_file_does_not_say_is_none() {
    let rows = line("1,BANK CHARGES, ,1,,15.0,,").expect("a good line");
    assert_eq!((rows[0].customer.as_ref(), rows[0].name.as_ref()), (None, None));
    assert_eq!(rows[0].sku, "BANK CHARGES");
}

#[test]
fn lines_that_do_not_count_are_left_out() {
    for text in [
        "C536379,D,Discount,1,,27.5,,",
        "C536379,D,Discount,-1,,27.5,,",
        "A563185,B,Adjust bad debt,1,,11062.06,,",
        "A563186,B,Adjust bad debt,1,,-11062.06,,",
        "536414,22139,,56,,0.0,,",
        "536589,21777,,-10,,0.0,,",
        "536590,21777,x,0,,1.0,,",
        "C1,x,x,1,,0.001,,",
    ] {
        assert_eq!(line(text).expect(text), [], "{text}");
    }
}

#[test]
fn what_came_back_is_read_from_credit_notes_alone() {
    let text = format!("{HEADER}C9,a,A,-3,,1.5,17850.0,\nC9,D,Discount,1,,27.5,17850.0,\n9,a,A,-3,,1.5,17850.0,\n");
    let wanted = Cancelled {
        credit_note: "C9".to_owned(),
        customer: Some("17850".to_owned()),
        sku: "a".to_owned(),
        quantity: 3,
        unit_price: Some(150),
    };
    assert_eq!(entries(text.as_bytes()).expect("good lines"), [Entry::Cancelled(wanted)]);
}

#[test]
fn an_error_names_file_line_and_value() {
    for (text, reason) in [
        ("1,a,x,1.5,,1.0,,", "Quantity \"1.5\" is not a whole number"),
        ("1,a,x,,,1.0,,", "Quantity \"\""),
        ("1,a,x,1,,1e3,,", "UnitPrice: \"1e3\" is not a decimal number"),
        ("1,a,x,1,,0.001,,", "UnitPrice: 0.001 has more than 2 decimals"),
        (",a,x,1,,1.0,,", "InvoiceNo \"\" must have"),
        ("1 2,a,x,1,,1.0,,", "InvoiceNo \"1 2\" must have"),
        ("1,,x,1,,1.0,,", "StockCode \"\": sku is empty"),
        ("1,a ,x,1,,1.0,,", "begins or ends with a blank"),
        ("1,a,x,1000000001,,1.0,,", "Quantity 1000000001 is over"),
        ("1,a,x,1,,1.0,", "found record with 7 fields"),
    ] {
        let error = format!("{:#}", line(&format!("2,b,y,1,,1.0,,\n{text}")).expect_err(text));
        assert!(error.contains(reason) && error.contains("a.csv") && error.contains("line"), "{text}: {error}");
        assert!(error.contains('3'), "the third line: {error}");
    }
}

#[test]
fn a_file_in_another_format_is_refused() {
    let error = format!("{:#}", rows(b"Invoice,StockCode\n1,2\n").expect_err("no such columns"));
    assert!(error.contains("the column InvoiceNo is missing"), "{error}");
    let latin = [HEADER.as_bytes(), b"1,a,\xa35 VOUCHER,1,,1.0,,\n"].concat();
    let error = format!("{:#}", rows(&latin).expect_err("not UTF-8"));
    assert!(error.contains("UTF-8") && error.contains("line 2"), "{error}");
    assert_eq!(rows(HEADER.as_bytes()).expect("an empty day"), []);
    let marked = [b"\xef\xbb\xbf", HEADER.as_bytes(), b"1,a,x,1,,1.0,,\r\n"].concat();
    assert_eq!(rows(&marked).expect("a byte order mark is no harm").len(), 1);
}
