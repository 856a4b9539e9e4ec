//! Owns the tables of Stripe's events: what each says, and who is believed.

use super::{SECRET, channel, declined, intent, refund};
use crate::secret::Secret;
use crate::sign::MacKey;
use crate::tests::example::{self, AT};

fn header(secret: &str, seconds: i64, body: &str) -> String {
    let key = MacKey::new(&Secret::new(secret));
    format!("t={seconds},v1={},v0=aa", key.stamp(format!("{seconds}.{body}").as_bytes()))
}

fn event(kind: &str, object: &str) -> String {
    format!(r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{object}}}}}"#)
}

fn dispute(status: &str) -> String {
    format!(
        r#"{{"id":"dp_1","object":"dispute","charge":"ch_1","payment_intent":"pi_1","amount":1999,"currency":"cny",
            "reason":"fraudulent","status":"{status}"}}"#
    )
}

#[test]
fn events() {
    let channel = channel("127.0.0.1:1");
    let other = intent("succeeded").replace("out_trade_no", "elsewhere");
    let table = [
        ("payment_intent.succeeded", intent("succeeded"), "succeeded 1990 CNY no=pi_1"),
        ("payment_intent.canceled", intent("canceled"), "closed 1999 CNY no=pi_1"),
        ("payment_intent.payment_failed", declined(), "pending 1999 CNY no=pi_1 code=insufficient_funds"),
        ("payment_intent.payment_failed", intent("requires_payment_method"), "pending 1999 CNY no=pi_1"),
        ("payment_intent.succeeded", other, "ignored"),
        ("payment_intent.succeeded", "{}".into(), "malformed"),
        ("payment_intent.created", intent("processing"), "ignored"),
        ("refund.created", refund("pending"), "refund pending 500 CNY no=re_1"),
        ("refund.updated", refund("succeeded"), "refund succeeded 500 CNY no=re_1"),
        ("refund.failed", refund("failed"), "refund failed 500 CNY no=re_1 code=failed"),
        ("refund.updated", refund("succeeded").replace("out_refund_no", "elsewhere"), "ignored"),
        ("charge.refunded", "{}".into(), "ignored"),
        ("charge.dispute.created", "{}".into(), "malformed"),
        (
            "charge.dispute.created",
            dispute("needs_response"),
            "disputed 1999 CNY no=pi_1 code=dp_1: fraudulent, needs_response",
        ),
        ("charge.dispute.closed", dispute("lost"), "disputed 1999 CNY no=pi_1 code=dp_1: fraudulent, lost"),
        ("charge.dispute.updated", dispute("under_review"), "ignored"),
    ];
    for (kind, object, expected) in table {
        let body = event(kind, &object);
        let headers = [("stripe-signature", &header(SECRET, AT.0 / 1000, &body)[..])];
        assert_eq!(example::read(&*channel, &headers, body.as_bytes()), expected, "{kind} {object}");
        if expected.contains(" no=") {
            assert_eq!(example::event(&*channel, &headers, body.as_bytes()).as_deref(), Some("evt_1"), "{kind}");
        }
    }
}

#[test]
fn an_event_must_be_signed_and_of_now() {
    let channel = channel("127.0.0.1:1");
    let body = event("payment_intent.succeeded", &intent("succeeded"));
    let at = AT.0 / 1000;
    let good = header(SECRET, at, &body);
    let believed = "succeeded 1990 CNY no=pi_1";
    let rotated = good.replace(",v1=", &format!(",v1={},v1=", "0".repeat(64)));
    for (header, expected) in [
        (good.clone(), believed),
        (header(env!("CARGO_PKG_DESCRIPTION"), at, &body), believed),
        (rotated, believed),
        (header(SECRET, at - 300, &body), believed),
        (header(SECRET, at - 301, &body), "stale"),
        (header(SECRET, at + 301, &body), "stale"),
        (header("other", at, &body), "signature"),
        (header(SECRET, at, "{}"), "signature"),
        (good.replace("v1=", "v0="), "signature"),
        (good.replace("t=1", "t=2"), "signature"),
        (good.replace("t=", "u="), "signature"),
        (good.to_uppercase(), "signature"),
        (String::new(), "signature"),
    ] {
        assert_eq!(example::read(&*channel, &[("stripe-signature", &header)], body.as_bytes()), expected, "{header}");
    }
    assert_eq!(example::read(&*channel, &[], body.as_bytes()), "signature");
    let odd = example::read(&*channel, &[("stripe-signature", &header(SECRET, at, "[]"))], b"[]");
    assert_eq!(odd, "malformed");
}
