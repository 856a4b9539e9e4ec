use super::*;

#[test]
fn the_signature_is_of_the_time_a_dot_and_the_body() {
    let signature = event::signed("whsec_test", 1_700_000_000, "{}", false);
    let hmac = keys::hmac_hex("whsec_test", b"1700000000.{}", false);
    assert_eq!(signature, format!("t=1700000000,v1={hmac}"));
    assert_ne!(event::signed("whsec_test", 1_700_000_000, "{}", true), signature);
}

#[test]
fn redelivery_ends_within_three_days() {
    assert!(REDELIVERY.iter().sum::<u64>() <= 3 * 24 * 3_600);
    assert!(REDELIVERY.is_sorted());
}

#[test]
fn errors_look_like_stripes() {
    let refused = Refused::missing("payment_intent", "pi_1", "intent");
    let body: Value = serde_json::from_slice(&refused.reply().body).unwrap();
    assert_eq!(refused.status, 404);
    assert_eq!(body["error"]["code"], "resource_missing");
    assert_eq!(body["error"]["type"], "invalid_request_error");
    assert_eq!(body["error"]["param"], "intent");
}
