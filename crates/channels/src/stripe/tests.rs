mod events;

use std::sync::Arc;

use domain::channel::Method;
use serde_json::json;

use super::*;
use crate::tests::desk::{Desk, Reply, Seen, json as say};
use crate::tests::example::{self, Call, KEY, REFUND, TRADE};

const SECRET: &str = "channels";

fn channel(address: &str) -> Arc<dyn Channel> {
    let (second, name) = ("env:CARGO_PKG_DESCRIPTION", "env:CARGO_PKG_NAME");
    let settings = format!(
        r#"{{"gateway":"http://{address}/stripe","secret_key":"{name}","webhook_secrets":["{second}","{name}"]}}"#
    );
    crate::open(Kind::Stripe, &settings).unwrap()
}

fn intent(status: &str) -> String {
    json!({
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 1999, "amount_received": 1990,
        "currency": "cny", "client_secret": "pi_1_secret_2", "metadata": { "out_trade_no": TRADE },
    })
    .to_string()
}

fn declined() -> String {
    let error =
        r#""last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}"#;
    intent("requires_payment_method").replacen('{', &format!("{{{error},"), 1)
}

fn refund(status: &str) -> String {
    json!({
        "id": "re_1", "object": "refund", "status": status, "amount": 500, "currency": "cny",
        "metadata": { "out_refund_no": REFUND, "out_trade_no": TRADE },
    })
    .to_string()
}

fn error(kind: &str, code: &str) -> String {
    json!({ "error": { "type": kind, "code": code, "message": "words" } }).to_string()
}

fn list(refunds: &[String], has_more: bool) -> String {
    format!(r#"{{"object":"list","url":"/v1/refunds","has_more":{has_more},"data":[{}]}}"#, refunds.join(","))
}

/// Answers creations with the first, and everything else with the second. It lists no refund.
async fn asked(call: Call, created: (u16, String), then: (u16, String)) -> String {
    let desk = Desk::open(move |seen| {
        assert_eq!(seen.header("authorization"), "Bearer channels");
        if seen.target.starts_with("/stripe/v1/refunds?") {
            return say(200, &list(&[], false));
        }
        let is_new = ["/stripe/v1/payment_intents", "/stripe/v1/refunds"].contains(&&seen.target[..]);
        if is_new {
            assert_eq!(seen.header("idempotency-key"), KEY);
        }
        let (status, body) = if is_new { &created } else { &then };
        say(*status, body)
    });
    example::ask(&*channel(&desk.await.address), call).await
}

#[tokio::test]
async fn what_a_creation_says() {
    let card = Call::Charge(Method::Card);
    let table = [
        (card, 200, intent("requires_payment_method"), "pending 1999 CNY no=pi_1"),
        (card, 200, intent("succeeded"), "succeeded 1990 CNY no=pi_1"),
        (card, 200, intent("requires_payment_method").replace(TRADE, "T2"), "unknown"),
        (card, 402, error("card_error", "card_declined"), "refused card_declined"),
        (card, 400, error("invalid_request_error", "amount_too_small"), "refused amount_too_small"),
        (card, 400, error("idempotency_error", ""), "unknown"),
        (card, 400, "{}".into(), "unknown"),
        (card, 400, "<html>".into(), "unknown"),
        (card, 401, error("invalid_request_error", ""), "denied invalid_request_error"),
        (card, 403, error("invalid_request_error", "more_permissions_required"), "denied more_permissions_required"),
        (card, 409, error("idempotency_error", "idempotency_key_in_use"), "unknown"),
        (card, 429, error("invalid_request_error", "lock_timeout"), "too often"),
        (card, 429, error("invalid_request_error", "rate_limit"), "too often"),
        (card, 500, error("api_error", ""), "unknown"),
        (card, 302, String::new(), "unknown"),
        (Call::Charge(Method::Qr), 200, String::new(), "unfit method_not_supported"),
        (Call::Refund, 200, refund("succeeded"), "refund succeeded 500 CNY no=re_1"),
        (Call::Refund, 200, refund("succeeded").replace(REFUND, "R2"), "unknown"),
        (
            Call::Refund,
            400,
            error("invalid_request_error", "charge_already_refunded"),
            "refused charge_already_refunded",
        ),
        (Call::Refund, 503, error("api_error", ""), "unknown"),
        // What was kept under the key says that it was never made.
        (Call::Query, 402, error("card_error", "card_declined"), "failed code=card_declined"),
        // A question makes nothing, whatever a creation would be answered.
        (Call::QueryRefund, 200, refund("succeeded"), "refund not_found"),
        (Call::Query, 409, error("idempotency_error", "idempotency_key_in_use"), "unknown"),
        (Call::Query, 429, error("", ""), "too often"),
    ];
    for (call, status, body, expected) in table {
        let text = format!("{call:?} {status} {body}");
        assert_eq!(asked(call, (status, body), (500, String::new())).await, expected, "{text}");
    }
}

#[tokio::test]
async fn what_a_query_says() {
    let first = || (200, intent("requires_payment_method"));
    let missing = || error("invalid_request_error", "resource_missing");
    for (status, body, expected) in [
        (200, intent("requires_payment_method"), "pending 1999 CNY no=pi_1"),
        (200, declined(), "pending 1999 CNY no=pi_1 code=insufficient_funds"),
        (200, intent("requires_confirmation"), "pending 1999 CNY no=pi_1"),
        (200, intent("requires_action"), "pending 1999 CNY no=pi_1"),
        (200, intent("processing"), "pending 1999 CNY no=pi_1"),
        (200, intent("requires_capture"), "pending 1999 CNY no=pi_1"),
        (200, intent("succeeded"), "succeeded 1990 CNY no=pi_1"),
        (200, intent("canceled"), "closed 1999 CNY no=pi_1"),
        (200, intent("odd"), "unknown"),
        (200, intent("succeeded").replace("amount_received", "other"), "unknown"),
        (200, intent("succeeded").replace("cny", "isk"), "unknown"),
        (404, missing(), "unclear"),
        (500, missing(), "unknown"),
    ] {
        assert_eq!(asked(Call::Query, first(), (status, body.clone())).await, expected, "{body}");
    }
    for (status, body, expected) in [
        (200, refund("pending"), "refund pending 500 CNY no=re_1"),
        (200, refund("requires_action"), "refund pending 500 CNY no=re_1"),
        (200, refund("succeeded"), "refund succeeded 500 CNY no=re_1"),
        (200, refund("failed"), "refund failed 500 CNY no=re_1 code=failed"),
        (200, refund("canceled"), "refund failed 500 CNY no=re_1 code=canceled"),
        (200, refund("odd"), "unknown"),
        (404, missing(), "denied resource_missing"),
    ] {
        let answer = body.clone();
        let desk = Desk::open(move |_| say(status, &answer)).await;
        let reversal = Reversal { channel_no: Some("re_1".into()), ..example::reversal() };
        let outcome = channel(&desk.address).query_refund(&reversal).await;
        assert_eq!(example::shown(&outcome.map(|heard| heard.fact)), expected, "{body}");
    }
}

/// Stripe may have forgotten the key by then: what is there already is found by our number, and nothing is asked for anew.
#[tokio::test]
async fn a_refund_is_looked_for_before_it_is_asked_for() {
    let other = || refund("succeeded").replace(REFUND, "R2").replace("re_1", "re_2");
    let failed = || refund("failed").replace("re_1", "re_0");
    let foreign = || refund("succeeded").replace("out_refund_no", "elsewhere");
    let rejected = |code: &str| error("invalid_request_error", code);
    for (pages, asked, queried, posts) in [
        (vec![list(&[refund("succeeded")], false)], "succeeded 500 CNY no=re_1", "succeeded 500 CNY no=re_1", 0),
        (
            vec![list(&[refund("failed")], false)],
            "failed 500 CNY no=re_1 code=failed",
            "failed 500 CNY no=re_1 code=failed",
            0,
        ),
        (vec![list(&[failed(), refund("pending")], false)], "pending 500 CNY no=re_1", "pending 500 CNY no=re_1", 0),
        (
            vec![list(&[other()], true), list(&[refund("pending")], false)],
            "pending 500 CNY no=re_1",
            "pending 500 CNY no=re_1",
            0,
        ),
        (vec![list(&[other(), foreign()], false)], "succeeded 500 CNY no=re_9", "not_found", 1),
        (vec![list(&[], true)], "unknown", "unknown", 0),
        (vec![list(&[other()], true)], "unknown", "unknown", 0),
        (vec!["{}".into()], "unknown", "unknown", 0),
        (vec![rejected("resource_missing")], "denied resource_missing", "denied resource_missing", 0),
        (vec![rejected("other")], "unclear", "unclear", 0),
    ] {
        let text = pages.concat();
        let desk = Desk::open(move |seen| {
            let Some((_, query)) = seen.target.split_once('?') else {
                return say(200, &refund("succeeded").replace("re_1", "re_9"));
            };
            assert!(query.starts_with("payment_intent=charge_1&limit=100"), "{query}");
            let page = usize::from(query.ends_with("&starting_after=re_2"));
            let body = pages.get(page).unwrap_or(&pages[0]);
            say(if body.contains("error") { 404 } else { 200 }, body)
        })
        .await;
        for (call, expected) in [(Call::QueryRefund, queried), (Call::Refund, asked)] {
            let is_fact = !["unknown", "unclear", "denied resource_missing"].contains(&expected);
            let expected = if is_fact { format!("refund {expected}") } else { expected.to_owned() };
            assert_eq!(example::ask(&*channel(&desk.address), call).await, expected, "{call:?} {text}");
        }
        assert_eq!(desk.seen().iter().filter(|seen| seen.method == "POST").count(), posts, "{text}");
    }
}

#[tokio::test]
async fn a_second_question_refuses_nothing() {
    let often = || (429, error("invalid_request_error", "rate_limit"));
    let denied = || (401, error("invalid_request_error", ""));
    for (then, expected) in [(often(), "too often"), (denied(), "unclear")] {
        let created = (200, intent("requires_payment_method"));
        assert_eq!(asked(Call::Query, created.clone(), then.clone()).await, expected);
        assert_eq!(asked(Call::Close, created, then).await, expected);
    }
    let desk = Desk::open(move |_| say(often().0, &often().1)).await;
    let charge = Charge { channel_no: Some("pi_1".into()), ..example::charge(Method::Card) };
    let channel = channel(&desk.address);
    for outcome in [channel.query(&charge).await, channel.close(&charge).await] {
        assert_eq!(example::shown(&outcome.map(|heard| heard.fact)), "too often");
    }
}

/// A key of another account, or of the other mode: whether anything was paid there is not told here.
#[tokio::test]
async fn a_number_that_it_gave_and_does_not_know_is_a_persons() {
    let desk = Desk::open(move |_| say(404, &error("invalid_request_error", "resource_missing"))).await;
    let charge = Charge { channel_no: Some("pi_1".into()), ..example::charge(Method::Card) };
    let reversal = Reversal { channel_no: Some("re_1".into()), ..example::reversal() };
    let channel = channel(&desk.address);
    for outcome in [
        channel.query(&charge).await,
        channel.close(&charge).await,
        channel.query_refund(&reversal).await,
        channel.refund(&reversal).await,
        channel.query_refund(&example::reversal()).await,
    ] {
        assert_eq!(example::shown(&outcome.map(|heard| heard.fact)), "denied resource_missing");
    }
    // It is not asked for anew, and has not failed either.
    let outcome = channel.charge(&charge).await.map(|opened| opened.heard.fact);
    assert_eq!(example::shown(&outcome), "unclear");
    assert!(desk.seen().iter().all(|seen| seen.target != "/stripe/v1/payment_intents"));
}

#[tokio::test]
async fn how_long_it_wants_to_be_left_alone() {
    for (said, expected) in
        [("7", "too often, 7 s"), ("Wed, 21 Oct 2026 07:28:00 GMT", "too often"), ("-1", "too often")]
    {
        let desk = Desk::open(move |_| {
            let headers = vec![("retry-after".to_owned(), said.to_owned())];
            Reply::Say(429, headers, error("invalid_request_error", "rate_limit"))
        });
        assert_eq!(example::ask(&*channel(&desk.await.address), Call::Refund).await, expected, "{said}");
    }
}

#[tokio::test]
async fn with_a_number_nothing_is_created() {
    let desk = Desk::open(|seen| {
        say(200, &if seen.target.contains("refunds") { refund("pending") } else { intent("processing") })
    })
    .await;
    let channel = channel(&desk.address);
    let charge = Charge { channel_no: Some("pi_1".into()), ..example::charge(Method::Card) };
    let reversal = Reversal { channel_no: Some("re/1".into()), ..example::reversal() };
    channel.query(&charge).await.unwrap();
    channel.query_refund(&reversal).await.unwrap();
    let opened = channel.charge(&charge).await.unwrap();
    assert_eq!(opened.action, Some(NextAction::ClientSecret("pi_1_secret_2".into())));
    let targets: Vec<_> = desk.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(
        targets,
        ["/stripe/v1/payment_intents/pi_1", "/stripe/v1/refunds/re%2F1", "/stripe/v1/payment_intents/pi_1"]
    );
    let unnumbered = Reversal { charge_no: None, ..example::reversal() };
    for outcome in [channel.refund(&unnumbered).await, channel.query_refund(&unnumbered).await] {
        assert_eq!(example::shown(&outcome.map(|heard| heard.fact)), "unfit charge_no_missing");
    }
    assert_eq!(desk.seen().len(), 3);
}

#[tokio::test]
async fn closing() {
    let late = error("invalid_request_error", "payment_intent_unexpected_state");
    for (cancelled, found, expected) in [
        ((200, intent("canceled")), "canceled", "closed 1999 CNY no=pi_1"),
        ((400, late.clone()), "succeeded", "succeeded 1990 CNY no=pi_1"),
        ((400, late), "canceled", "closed 1999 CNY no=pi_1"),
        ((500, String::new()), "canceled", "unknown"),
    ] {
        let found = intent(found);
        let desk = Desk::open(move |seen| match (&seen.method[..], seen.target.ends_with("/cancel")) {
            ("POST", true) => say(cancelled.0, &cancelled.1),
            ("POST", false) => say(200, &intent("requires_payment_method")),
            _ => say(200, &found),
        })
        .await;
        assert_eq!(example::ask(&*channel(&desk.address), Call::Close).await, expected);
    }
}

#[tokio::test]
async fn the_requests() {
    let desk = Desk::open(|seen| {
        say(200, &if seen.method == "GET" { list(&[], false) } else { intent("requires_payment_method") })
    })
    .await;
    let channel = channel(&desk.address);
    let opened = channel.charge(&example::charge(Method::Card)).await.unwrap();
    assert_eq!(opened.action, Some(NextAction::ClientSecret("pi_1_secret_2".into())));
    let _ = channel.refund(&example::reversal()).await;
    let seen = desk.seen();
    let members = |seen: &Seen| form::decode(seen.body.as_bytes()).unwrap();
    let charge = members(&seen[0]);
    assert_eq!(
        (&charge["amount"][..], &charge["currency"][..], &charge["metadata[out_trade_no]"][..]),
        ("1999", "cny", TRADE)
    );
    let refund = members(&seen[2]);
    assert_eq!((&refund["amount"][..], &refund["payment_intent"][..]), ("500", "charge_1"));
    assert_eq!((&refund["metadata[out_refund_no]"][..], &refund["metadata[reason]"][..]), (REFUND, "torn"));
}

#[tokio::test]
async fn receipts_and_statements() {
    let channel = channel("127.0.0.1:1");
    let statuses =
        [Receipt::Taken, Receipt::Later, Receipt::Rejected].map(|receipt| channel.acknowledge(receipt).status);
    assert_eq!(statuses, [200, 500, 400]);
    assert!(channel.statement("2026-03-01").await.is_err() && channel.read_statement(b"").is_err());
    let silent = Desk::open(|_| Reply::Raw(Vec::new())).await;
    assert_eq!(example::ask(&*self::channel(&silent.address), Call::Query).await, "unknown");
}
