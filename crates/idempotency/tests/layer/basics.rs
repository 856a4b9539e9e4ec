//! Owns the rows B: what a first answer looks like, and how faithful its replay is.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody};
use idempotency::layer::{Claim, Fate, NotStarted};

use crate::harness::{World, once, order, place};

#[tokio::test]
async fn b_01_b_02_a_first_answer_and_its_replay() {
    let world = World::default();
    let node = world.plain();
    let first = place("k").send(&node).await.expect(201, "executed");
    assert_eq!(first.header("idempotency-status"), Some("executed; guarantee=at-most-once"));
    assert_eq!((first.header("idempotent-replayed"), first.header("cache-control")), (None, None));
    for _ in 0..3 {
        let again = place("k").send(&node).await;
        again.replays(&first);
        assert_eq!(again.header("idempotency-status"), Some("replayed; guarantee=at-most-once"));
    }
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn b_03_a_final_refusal_is_replayed() {
    let world = World::default();
    let effects = world.effects.clone();
    let declined = move || std::future::ready((StatusCode::PAYMENT_REQUIRED, format!("declined {}", effects.one())));
    let node = world.node(once(), declined);
    let first = place("k").send(&node).await.expect(402, "executed");
    place("k").send(&node).await.replays(&first);
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn b_04_who_has_not_begun_keeps_nothing() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move |claim: Claim, body: String| {
        let effects = effects.clone();
        async move {
            match body.as_str() {
                "wrong" => NotStarted((StatusCode::UNPROCESSABLE_ENTITY, "correct it")).into_response(),
                "early" => {
                    claim.release();
                    StatusCode::CONFLICT.into_response()
                }
                _ => order(effects.one()).into_response(),
            }
        }
    });
    place("k").body("wrong").send(&node).await.expect(422, "not-kept");
    place("k").body("early").send(&node).await.expect(409, "not-kept");
    let first = place("k").body("right").send(&node).await.expect(201, "executed");
    place("k").body("right").send(&node).await.replays(&first);
    place("k").body("wrong").send(&node).await.problem(422, "idempotency_key_reused");
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn b_05_who_may_not_ask_now_may_ask_again() {
    for status in [401, 403, 429] {
        let world = World::default();
        let effects = world.effects.clone();
        let node = world.node(once(), move || {
            let number = effects.one();
            let status = StatusCode::from_u16(status).expect("a status");
            std::future::ready(if number == 1 { status.into_response() } else { order(number).into_response() })
        });
        place("k").send(&node).await.expect(status, "not-kept");
        place("k").send(&node).await.expect(201, "executed");
    }
}

/// A time-out layer within answers 408 when it has dropped the handler in the midst of its effect.
#[tokio::test]
async fn after_a_408_from_within_it_is_not_known_what_was_done() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        effects.one();
        std::future::ready(StatusCode::REQUEST_TIMEOUT)
    });
    place("k").send(&node).await.expect(408, "unknown");
    place("k").send(&node).await.problem(409, "outcome_unknown");
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn a_5xx_is_never_kept_whatever_the_policy_says() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once().fate(|_| Fate::Keep), move || {
        effects.one();
        std::future::ready(StatusCode::BAD_GATEWAY)
    });
    place("k").send(&node).await.expect(502, "unknown");
    place("k").send(&node).await.problem(409, "outcome_unknown").comes_again_after(30);
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn b_06_an_empty_body_is_replayed_as_none() {
    let world = World::default();
    let node = world.node(once(), || std::future::ready(StatusCode::NO_CONTENT));
    let first = place("k").send(&node).await.expect(204, "executed");
    let again = place("k").send(&node).await;
    again.replays(&first);
    assert_eq!((again.body.len(), again.header("content-length")), (0, first.header("content-length")));
}

#[tokio::test]
async fn b_07_bytes_are_bytes() {
    let world = World::default();
    let node = world.node(once(), || async {
        let all: Vec<u8> = (0..=255).collect();
        let mut response = Response::new(Body::from(all));
        let octets: Vec<u8> = (0x20..=0xff).filter(|&octet| octet != 0x7f).collect();
        response.headers_mut().insert("x-octets", HeaderValue::from_bytes(&octets).expect("octets of a header"));
        response.headers_mut().append(header::LINK, HeaderValue::from_static("</b>; rel=next"));
        response.headers_mut().append(header::LINK, HeaderValue::from_static("</a>; rel=prev"));
        response
    });
    let first = place("k").send(&node).await.expect(200, "executed");
    let again = place("k").send(&node).await;
    again.replays(&first);
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(again.body, all);
    assert_eq!(again.headers.get("x-octets"), first.headers.get("x-octets"));
    let links: Vec<_> = again.headers.get_all(header::LINK).iter().collect();
    assert_eq!(links, ["</b>; rel=next", "</a>; rel=prev"]);
}

#[tokio::test]
async fn b_08_what_belongs_to_one_delivery_is_not_kept() {
    let world = World::default();
    let node = world.node(once(), || async {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        let body = Full::new(Bytes::from_static(b"body")).with_trailers(std::future::ready(Some(Ok(trailers))));
        let mut response = Response::new(Body::new(body));
        for (name, value) in [
            ("set-cookie", "session=secret"),
            ("date", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("server", "old/1"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("trailer", "x-sum"),
            ("idempotency-status", "mine"),
            ("x-kept", "yes"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    });
    let first = place("k").send(&node).await.expect(200, "executed");
    assert_eq!(first.header("set-cookie"), Some("session=secret"), "the first answer is the handler's");
    let again = place("k").send(&node).await;
    again.replays(&first);
    // The router counts the body again.
    let names: Vec<_> = again.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-kept", "idempotency-status", "idempotent-replayed", "cache-control", "content-length"]);
}

#[tokio::test]
async fn b_08_the_first_answer_keeps_its_trailers() {
    let world = World::default();
    let node = world.node(once(), || async {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        let body = Full::new(Bytes::from_static(b"body")).with_trailers(std::future::ready(Some(Ok(trailers))));
        Response::new(Body::new(body))
    });
    let request =
        || http::Request::post("/orders").header("idempotency-key", "k").body(Body::empty()).expect("a good request");
    for trailers in [Some("1"), None] {
        let response = tower::ServiceExt::oneshot(node.app.clone(), request()).await.expect("a router never fails");
        let collected = response.into_body().collect().await.expect("a body of this process");
        let seen = collected.trailers().and_then(|it| it.get("x-sum")).map(|value| value.to_str().expect("ASCII"));
        assert_eq!(seen, trailers);
        assert_eq!(collected.to_bytes(), "body");
    }
}

#[tokio::test]
async fn b_09_what_is_kept_is_encoded_for_nobody() {
    let world = World::default();
    let node = world.node(once(), |request: Request| async move {
        // A handler that would encode if it were asked to.
        let encodes = request.headers().contains_key(header::ACCEPT_ENCODING);
        let coding = if encodes { "gzip" } else { "identity" };
        [("content-encoding", coding)]
    });
    let first = place("k").header("accept-encoding", "gzip").send(&node).await.expect(200, "executed");
    assert_eq!(first.header("content-encoding"), Some("identity"));
    place("k").send(&node).await.replays(&first);
}

/// A body that the handler makes as it is read.
fn streamed(chunks: usize, bytes: usize) -> Body {
    let frames = (0..chunks).map(move |_| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from(vec![b'x'; bytes]))));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

#[tokio::test]
async fn b_10_an_answer_at_the_limit_and_one_beyond() {
    for streams in [false, true] {
        for (length, omitted) in [(100, false), (101, true), (1_000, true)] {
            let world = World::default();
            let effects = world.effects.clone();
            let node = world.node(once().answer_bytes_max(100), move || {
                let body = if streams { streamed(length, 1) } else { Body::from(vec![b'x'; length]) };
                std::future::ready((order(effects.one()).0, order(1).1, body))
            });
            let first = place("k").send(&node).await.expect(201, "executed");
            assert_eq!(first.body.len(), length, "the first client gets it all");
            let again = place("k").send(&node).await.expect(201, "replayed");
            assert_eq!(again.body.len(), if omitted { 0 } else { length });
            assert_eq!(again.header("idempotency-body-omitted"), omitted.then_some("true"));
            assert_eq!((again.header("location"), again.header("etag")), (Some("/orders/1"), Some("\"1\"")));
            assert_eq!(world.effects.count(), 1, "it is not executed again");
        }
    }
}

#[tokio::test]
async fn b_10_headers_that_are_too_long_to_be_kept() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        let number = effects.one();
        std::future::ready(([("x-long", "x".repeat(70_000))], order(number)))
    });
    place("k").send(&node).await.expect(201, "executed");
    let again = place("k").send(&node).await.expect(201, "replayed");
    assert_eq!((again.header("location"), again.header("idempotency-body-omitted")), (Some("/orders/1"), Some("true")));
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn b_11_a_stream_is_not_buffered_nor_executed_again() {
    let world = World::default();
    let effects = world.effects.clone();
    let node = world.node(once(), move || {
        effects.one();
        // A body that never ends: whoever tries to read it whole is there for ever.
        let endless = futures_util::stream::pending::<Result<http_body::Frame<Bytes>, Infallible>>();
        std::future::ready((
            [("content-type", "text/event-stream; charset=utf-8")],
            Body::new(StreamBody::new(endless)),
        ))
    });
    let request = http::Request::post("/orders").header("idempotency-key", "k").body(Body::empty());
    let answer = tower::ServiceExt::oneshot(node.app.clone(), request.expect("a good request"));
    let first = tokio::time::timeout(Duration::from_secs(1), answer).await.expect("its head comes at once");
    assert_eq!(first.expect("a router never fails").status(), 200);
    let again = crate::harness::Call::new(http::Method::POST, "/orders").header("idempotency-key", "k");
    let again = again.send(&node).await.expect(200, "replayed");
    assert_eq!(again.header("idempotency-body-omitted"), Some("true"));
    assert_eq!(world.effects.count(), 1);
}

#[tokio::test]
async fn b_12_another_node_answers_the_same() {
    let world = World::default();
    let first = place("k").send(&world.plain()).await.expect(201, "executed");
    place("k").send(&world.plain()).await.replays(&first);
    assert_eq!(world.effects.count(), 1);
}
