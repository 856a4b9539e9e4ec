//! Stripe: the stripe package. Its requests carry no signature, so only events are looked at.

use channels::Rejected;
use domain::channel::{Kind, Verdict};
use serde_json::json;

use crate::ask::ask;
use crate::example::{AT, SUBJECT, TRADE, cny, key, read, reference};

#[test]
fn what_stripe_tells_is_believed_as_its_package_believes_it() {
    let secret = reference("test_api_v3.key");
    let settings = json!({"gateway": "http://x.example", "secret_key": secret, "webhook_secrets": [secret]});
    let channel = channels::open(Kind::Stripe, &settings.to_string()).unwrap();
    let intent = json!({"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 1999,
        "amount_received": 1999, "currency": "cny", "description": SUBJECT, "metadata": {"out_trade_no": TRADE}});
    let event =
        json!({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": intent}});
    let body = format!("{event:#}");
    let question = json!({"body": body, "secret": key("test_api_v3.key"), "timestamp": AT.0 / 1000});
    let said = ask("stripe_witness.py", &question);
    assert_eq!((&said["accepted"], &said["tampered_accepted"]), (&json!(true), &json!(false)), "{said}");

    let signature = said["signature"].as_str().unwrap();
    let header = |signature: &str| [("stripe-signature".to_owned(), signature.to_owned())];
    let fact = read(&*channel, &header(signature), &body).unwrap();
    assert_eq!((fact.verdict, fact.amount), (Verdict::Succeeded, Some(cny(1999))));
    assert_eq!(fact.subject.reference().as_str(), TRADE);
    for (from, to) in [("1999", "1998"), ("  \"", " \""), (TRADE, "T2")] {
        let spoiled = body.replacen(from, to, 1);
        assert_ne!(spoiled, body);
        assert!(matches!(read(&*channel, &header(signature), &spoiled), Err(Rejected::Signature(_))), "{from}");
    }
    let last = if signature.ends_with('0') { "1" } else { "0" };
    let spoiled = [format!("{}{last}", &signature[..signature.len() - 1]), signature.replace("t=17", "t=18")];
    for spoiled in spoiled {
        assert!(matches!(read(&*channel, &header(&spoiled), &body), Err(Rejected::Signature(_))), "{spoiled}");
    }
}
