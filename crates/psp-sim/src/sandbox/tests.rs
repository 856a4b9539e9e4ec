use super::*;

#[test]
fn refusals_have_the_codes_of_the_protocol() {
    for (refusal, status, code) in [
        (Refusal::NumberUsed, 409, "out_refund_no_used"),
        (Refusal::Exceeds, 409, "refund_exceeds_charge"),
        (Refusal::Unknown, 404, "not_found"),
    ] {
        let reply = refused(refusal);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)));
    }
}

#[test]
fn only_ok_is_an_acknowledgement() {
    for (status, body, taken) in [(200, "ok", true), (200, "ok\n", false), (204, "", false), (500, "ok", false)] {
        assert_eq!(Sandbox.is_taken(status, body.as_bytes()), taken, "{status} {body:?}");
    }
}
