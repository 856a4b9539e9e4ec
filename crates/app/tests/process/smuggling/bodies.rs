//! Owns where a body ends: lengths, codings and chunks that could be read in two ways.

use super::Wanted::{Closed, Plain};
use super::{INNER, Shop, body, in_chunks};

const CHUNKED: &str = "transfer-encoding: chunked\r\n";

#[tokio::test]
async fn lengths_that_two_readers_would_read_differently() {
    let mut shop = Shop::open().await;
    let (body, chunks) = (body(), in_chunks());
    let length = body.len();
    let one = format!("content-length: {length}\r\n");
    for (lines, wanted) in [
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
    ] {
        shop.order(&lines, &body, wanted).await;
    }
    for (lines, wanted) in [
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
    ] {
        shop.order(&lines, &format!("{chunks}{INNER}"), wanted).await;
    }
    shop.close().await;
}

#[tokio::test]
async fn chunks_that_two_readers_would_read_differently() {
    let mut shop = Shop::open().await;
    let body = body();
    let hex = format!("{:x}", body.len());
    for (chunks, wanted) in [
        (format!("{hex};extension=1\r\n{body}\r\n0\r\n\r\n{INNER}"), Closed(201)),
        (format!("{hex} \r\n{body}\r\n0\r\n\r\n{INNER}"), Closed(201)),
        // Trailers are no headers, whatever they say.
        (format!("{hex}\r\n{body}\r\n0\r\ncontent-length: 5\r\nauthorization: x\r\n\r\n{INNER}"), Closed(201)),
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
    ] {
        shop.order(CHUNKED, &chunks, wanted).await;
    }
    shop.close().await;
}
