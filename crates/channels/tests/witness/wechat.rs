//! WeChat Pay: wechatpayv3, in public-key mode.

use std::sync::Arc;

use channels::{Channel, Rejected};
use domain::channel::{Kind, Method, Verdict};
use serde_json::{Value, json};

use crate::ask::ask;
use crate::desk::{Desk, Seen};
use crate::example::{AT, REFUND, TRADE, ask_all, charge, cny, key, read, reference};

fn channel(gateway: &str) -> Arc<dyn Channel> {
    let settings = json!({
        "gateway": gateway,
        "app_id": "wx1",
        "mch_id": "1900",
        "merchant_serial": "3D",
        "private_key": reference("test_merchant.pkcs8.pem"),
        "api_v3_keys": [reference("test_api_v3.key")],
        "platform_keys": {"PUB_KEY_ID_1": reference("test_provider.public.pem")},
    });
    channels::open(Kind::WechatPay, &settings.to_string()).unwrap()
}

fn answers(requests: &[Seen], callbacks: &Value) -> Value {
    let request = |it: &Seen| json!({"method": it.method, "target": it.target, "authorization": it.authorization, "body": it.body});
    let question = json!({
        "merchant_private": key("test_merchant.pkcs8.pem"),
        "provider_private": key("test_provider.pkcs8.pem"),
        "provider_public": key("test_provider.public.pem"),
        "api_v3_key": key("test_api_v3.key"),
        "timestamp": AT.0 / 1000,
        "requests": requests.iter().map(request).collect::<Vec<_>>(),
        "callbacks": callbacks,
    });
    ask("wechat_witness.py", &question)
}

#[tokio::test]
async fn what_is_asked_of_wechat_pay_is_signed_as_its_library_signs() {
    let desk = Desk::open("{}").await;
    let channel = channel(&desk.address);
    channel.charge(&charge(Method::Qr)).await.unwrap_err();
    ask_all(&*channel).await;
    let requests = desk.seen();
    assert_eq!(requests.len(), 6);
    assert_eq!(answers(&requests, &json!([]))["requests"], json!([true, true, true, true, true, true]));

    let charged = &requests[0];
    assert!(charged.body.contains("1999"), "{}", charged.body);
    let spoiled = [
        Seen { method: "PUT".to_owned(), ..charged.clone() },
        Seen { target: format!("{}?", charged.target), ..charged.clone() },
        Seen { body: charged.body.replace("1999", "1998"), ..charged.clone() },
        Seen { authorization: charged.authorization.replace("timestamp=\"1", "timestamp=\"2"), ..charged.clone() },
        Seen { authorization: charged.authorization.replace("mchid=\"1", "mchid=\"2"), ..charged.clone() },
    ];
    assert_eq!(answers(&spoiled, &json!([]))["requests"], json!([false, false, false, false, false]));
}

#[test]
fn what_wechat_pay_tells_is_believed_as_its_library_believes_it() {
    let paid = json!({"appid": "wx1", "mchid": "1900", "out_trade_no": TRADE, "transaction_id": "42",
        "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "amount": {"total": 1999, "currency": "CNY"}});
    let refunded = json!({"mchid": "1900", "out_trade_no": TRADE, "out_refund_no": REFUND, "refund_id": "43",
        "refund_status": "SUCCESS", "amount": {"refund": 500, "total": 1999, "payer_refund": 500, "payer_total": 1999}});
    let callbacks = json!([["TRANSACTION.SUCCESS", paid], ["REFUND.SUCCESS", refunded]]);
    let said = answers(&[], &callbacks)["callbacks"].take();
    let channel = channel("http://x.example");
    for (said, number, amount) in [(&said[0], TRADE, 1999), (&said[1], REFUND, 500)] {
        assert_eq!((&said["accepted"], &said["tampered_accepted"]), (&json!(true), &json!(false)), "{said}");
        let headers = said["headers"].as_object().unwrap().iter();
        let headers: Vec<_> = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let body = said["body"].as_str().unwrap();
        let fact = read(&*channel, &headers, body).unwrap();
        assert_eq!((fact.verdict, fact.amount, fact.stranger), (Verdict::Succeeded, Some(cny(amount)), None));
        assert_eq!(fact.subject.reference().as_str(), number);
        let spoiled = body.replace("成功", "失败");
        assert!(matches!(read(&*channel, &headers, &spoiled), Err(Rejected::Signature(_))), "{body}");
        for (name, _) in headers.iter().filter(|(name, _)| !name.ends_with("-type")) {
            let other = |(it, value): &(String, String)| {
                let last = if value.ends_with('1') { "2" } else { "1" };
                let spoiled = if it == name { format!("{}{last}", &value[..value.len() - 1]) } else { value.clone() };
                (it.clone(), spoiled)
            };
            let headers: Vec<_> = headers.iter().map(other).collect();
            assert!(matches!(read(&*channel, &headers, body), Err(Rejected::Signature(_))), "{name}");
        }
    }
}
