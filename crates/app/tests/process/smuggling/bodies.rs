//! Owns where a body ends: lengths, codings and chunks that could be read in two ways.

use super::Wanted::{Closed, Plain};
use super::{INNER, Shop, Written, body, in_chunks};

const CHUNKED: &str = "transfer-encoding: chunked\r\n";

/// Lengths before this body.
pub(crate) fn lengths(body: &str) -> Vec<Written> {
    let length = body.len();
    let one = format!("content-length: {length}\r\n");
    let rows = [
        (one.clone(), Plain(201)),
        (format!("{one}{one}"), Plain(201)),
        (format!("content-length: {length} \r\n"), Plain(201)),
        (format!("content_length: 3\r\n{one}"), Plain(201)),
        (format!("{one}content-length: 0\r\n"), Closed(400)),
        (format!("content-length: {length}, {length}\r\n"), Closed(400)),
        (format!("content-length: +{length}\r\n"), Closed(400)),
        (format!("content-length: -{length}\r\n"), Closed(400)),
        (format!("content-length: 0x{length:x}\r\n"), Closed(400)),
        ("content-length:\r\n".to_owned(), Closed(400)),
        ("content-length: 99999999999999999999\r\n".to_owned(), Closed(400)),
        (format!("content-length : {length}\r\n"), Closed(400)),
    ];
    rows.map(|(lines, wanted)| Written { lines, behind: body.to_owned(), wanted }).into()
}

/// Codings before this body in one chunk, with this behind it.
pub(crate) fn codings(body: &str, inner: &str) -> Vec<Written> {
    let one = format!("content-length: {}\r\n", body.len());
    let behind = format!("{}{inner}", in_chunks(body));
    let rows = [
        // Both: the chunks count, and nothing behind them.
        (format!("{CHUNKED}{one}"), Closed(201)),
        (format!("{one}{CHUNKED}"), Closed(201)),
        (CHUNKED.to_owned(), Closed(201)),
        ("transfer-encoding: CHUNKED\r\n".to_owned(), Closed(201)),
        ("transfer-encoding : chunked\r\n".to_owned(), Closed(400)),
        ("transfer-encoding: xchunked\r\n".to_owned(), Closed(400)),
        ("transfer-encoding: chunked, identity\r\n".to_owned(), Closed(400)),
        ("transfer-encoding: identity, chunked\r\n".to_owned(), Closed(400)),
        (format!("{CHUNKED}transfer-encoding: identity\r\n"), Closed(400)),
        (format!("{CHUNKED}{CHUNKED}"), Closed(400)),
        ("transfer-encoding: \u{b}chunked\r\n".to_owned(), Closed(400)),
        ("transfer-encoding:\r\n chunked\r\n".to_owned(), Closed(400)),
    ];
    rows.map(|(lines, wanted)| Written { lines, behind: behind.clone(), wanted }).into()
}

/// This body in chunks, with this behind those that are whole.
pub(crate) fn chunks(body: &str, inner: &str) -> Vec<Written> {
    let hex = format!("{:x}", body.len());
    let rows = [
        (format!("{hex};extension=1\r\n{body}\r\n0\r\n\r\n{inner}"), Closed(201)),
        (format!("{hex} \r\n{body}\r\n0\r\n\r\n{inner}"), Closed(201)),
        // Trailers are no headers, whatever they say.
        (format!("{hex}\r\n{body}\r\n0\r\ncontent-length: 5\r\nauthorization: x\r\n\r\n{inner}"), Closed(201)),
        (format!("{hex}\r\n{body}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(20_000)), Closed(400)),
        (format!("{hex};{}\r\n{body}\r\n0\r\n\r\n", "a".repeat(100_000)), Closed(400)),
        (format!("0x{hex}\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!("+{hex}\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!("-{hex}\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!(" {hex}\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!("{hex}\n{body}\n0\n\n"), Closed(400)),
        (format!("{hex}\r{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!("{hex}\r\n{body}xx0\r\n\r\n"), Closed(400)),
        (format!("\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
        (format!("ffffffffffffffff0\r\n{body}\r\n0\r\n\r\n"), Closed(400)),
    ];
    rows.map(|(behind, wanted)| Written { lines: CHUNKED.to_owned(), behind, wanted }).into()
}

#[tokio::test]
async fn lengths_that_two_readers_would_read_differently() {
    let mut shop = Shop::open().await;
    shop.orders(lengths(&body("c-1"))).await;
    shop.orders(codings(&body("c-1"), INNER)).await;
    shop.close().await;
}

#[tokio::test]
async fn chunks_that_two_readers_would_read_differently() {
    let mut shop = Shop::open().await;
    shop.orders(chunks(&body("c-1"), INNER)).await;
    shop.close().await;
}
