//! Owns the tests of the stream: who is let in, who is one too many, and that a page which is gone leaves room.

use axum::body::Body;
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Settings;

/// Each cookie is a session of its own, but for one that is of none.
async fn me(headers: HeaderMap) -> Result<Json<Value>, (http::StatusCode, Json<Value>)> {
    let cookie = headers.get("cookie").and_then(|line| line.to_str().ok()).unwrap_or_default();
    if cookie.ends_with("stranger") {
        let status = http::StatusCode::from_u16(401).expect("a status");
        let problem = json!({"status": 401, "code": "unauthorized", "title": "", "detail": ""});
        return Err((status, Json(problem)));
    }
    let me =
        json!({"person_id": "per_1", "kind": "staff", "role": "admin", "session_id": cookie, "two_factors": false});
    Ok(Json(me))
}

async fn overview() -> Json<Value> {
    Json(json!({
        "orders_per_second": 0.5, "executed_per_second": 1.0, "replayed_per_second": 0.0, "refused_per_second": 0.0,
        "p50_ms": null, "p99_ms": null, "orders_in_hour": 1, "replayed_in_hour": 0, "executed_in_hour": 2,
        "queue_commands": 0, "batch_commands": 1.0, "minutes": [], "installation": null,
    }))
}

fn pages() -> Router {
    let api = Router::new()
        .route("/api/v1/me", get(me))
        .route("/api/v1/overview", get(overview))
        .route("/api/v1/arrivals", get(async || Json(json!({"data": [], "last": 0}))));
    crate::router(api, Settings::default())
}

/// Opens the stream as a session, up to its first event; what that says, and the stream.
async fn open(pages: &Router, session: &str) -> (String, Body) {
    let request = Request::get("/console/live").header("cookie", format!("__Host-mideng-staff={session}"));
    let answer = pages.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
    let mut body = answer.expect("it answers").into_body();
    let frame = body.frame().await.expect("there is one").expect("it is whole");
    (String::from_utf8_lossy(frame.data_ref().expect("it has data")).into_owned(), body)
}

#[tokio::test]
async fn twenty_tabs_live_one_too_many_is_told_so_and_who_leaves_makes_room() {
    let pages = pages();
    let mut tabs = Vec::new();
    let refused = loop {
        let (event, stream) = open(&pages, "one").await;
        if !event.starts_with("event: parts") {
            break event;
        }
        tabs.push(stream);
        assert!(tabs.len() < 1_000, "there is no end to them");
    };
    assert!(tabs.len() >= 20, "{} tabs", tabs.len());
    assert!(refused.starts_with("event: full\ndata: This page does not update itself"), "{refused}");
    let (event, _other) = open(&pages, "two").await;
    assert!(event.starts_with("event: parts"), "another session has its own: {event}");
    tabs.pop();
    let (event, _again) = open(&pages, "one").await;
    assert!(event.starts_with("event: parts"), "one that is gone leaves room: {event}");
    let (event, _last) = open(&pages, "one").await;
    assert!(event.starts_with("event: full"), "for one: {event}");
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_log_in() {
    let (event, mut stream) = open(&pages(), "stranger").await;
    assert!(event.starts_with("event: over"), "{event}");
    assert!(stream.frame().await.is_none(), "and nothing more is said");
}
