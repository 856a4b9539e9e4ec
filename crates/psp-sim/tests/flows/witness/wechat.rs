//! WeChat Pay: wechatpayv3, in public-key mode.

use serde_json::{Value, json};

use super::ask::{ask, settings};
use crate::merchant::{Came, Merchant, nothing};

async fn answers(merchant: &Merchant, calls: Value, callbacks: Value) -> Value {
    let settings = settings(merchant, "wechat_pay");
    let (public_key_id, public_key) = settings["platform_keys"].as_object().unwrap().iter().next().unwrap();
    let question = json!({
        "gateway": settings["gateway"],
        "mch_id": settings["mch_id"],
        "app_id": settings["app_id"],
        "merchant_serial": settings["merchant_serial"],
        "private_key": settings["private_key"],
        "api_v3_key": settings["api_v3_keys"][0],
        "public_key": public_key,
        "public_key_id": public_key_id,
        "notify_url": merchant.notify_url,
        "calls": calls,
        "callbacks": callbacks,
    });
    ask("wechat_merchant.py", question).await
}

fn callback(came: &Came) -> Value {
    let headers = came.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
    json!({"headers": Value::Object(headers.collect()), "body": str::from_utf8(&came.body).unwrap()})
}

/// Another letter or digit in the middle of a member, which is base64 or a number.
fn with_another_byte(callback: &Value, pointer: &str) -> Value {
    let mut spoiled = callback.clone();
    let Some(Value::String(text)) = spoiled.pointer_mut(pointer) else { panic!("{pointer} {callback}") };
    let at = text.len() / 2;
    let other = if text.as_bytes()[at] == b'1' { "2" } else { "1" };
    text.replace_range(at..=at, other);
    spoiled
}

async fn paid_and_refunded(merchant: &Merchant) -> Vec<Came> {
    let opening = json!([
        ["pay", {"description": "茶", "out_trade_no": "T00001", "amount": {"total": 500, "currency": "CNY"}}],
        ["query", {"out_trade_no": "T00001"}],
        ["query", {"out_trade_no": "none01"}],
    ]);
    let opened = answers(merchant, opening, json!([])).await["answers"].take();
    assert!(opened[0]["body"]["code_url"].as_str().unwrap().starts_with("weixin://"), "{opened}");
    assert_eq!(opened[1]["body"]["trade_state"], "NOTPAY");
    assert_eq!((&opened[2]["status"], &opened[2]["body"]["code"]), (&json!(404), &json!("ORDER_NOT_EXIST")));
    merchant.desk("POST", "/sim/charges/wechat_pay/T00001/pay", nothing()).await;
    merchant.inbox.wait_for(1).await;
    let refund = json!({"out_trade_no": "T00001", "out_refund_no": "R1", "notify_url": merchant.notify_url,
        "amount": {"refund": 200, "total": 500, "currency": "CNY"}});
    let refunded = answers(merchant, json!([["refund", refund]]), json!([])).await["answers"].take();
    assert_eq!(refunded[0]["body"]["status"], "PROCESSING", "{refunded}");
    merchant.inbox.wait_for(2).await
}

#[tokio::test]
async fn callbacks_are_verified_and_opened_and_no_byte_may_be_another() {
    let merchant = Merchant::new().await;
    let came = paid_and_refunded(&merchant).await;
    let whole: Vec<_> = came.iter().map(callback).collect();
    let opened = answers(&merchant, json!([]), json!(whole)).await["callbacks"].take();
    assert_eq!(
        (&opened[0]["event_type"], &opened[1]["event_type"]),
        (&json!("TRANSACTION.SUCCESS"), &json!("REFUND.SUCCESS"))
    );
    let (paid, back) = (&opened[0]["resource"], &opened[1]["resource"]);
    assert_eq!((&paid["out_trade_no"], &paid["amount"]["total"]), (&json!("T00001"), &json!(500)));
    assert_eq!((&back["out_refund_no"], &back["amount"]["refund"]), (&json!("R1"), &json!(200)));

    let members = ["/headers/wechatpay-signature", "/headers/wechatpay-timestamp", "/headers/wechatpay-nonce", "/body"];
    let spoiled = members.map(|pointer| with_another_byte(&whole[0], pointer));
    let opened = answers(&merchant, json!([]), json!(spoiled)).await["callbacks"].take();
    assert_eq!(opened, json!([null, null, null, null]));
    merchant.running.stop().await;
}

#[tokio::test]
async fn an_answer_with_a_signature_that_is_not_its_own_is_not_believed() {
    let merchant = Merchant::new().await;
    merchant.mischief(json!([{"on": "charge", "do": "bad_signature"}])).await;
    let pay =
        json!(["pay", {"description": "茶", "out_trade_no": "T00001", "amount": {"total": 500, "currency": "CNY"}}]);
    assert_eq!(answers(&merchant, json!([pay]), json!([])).await["answers"], json!(["not verified"]));
    merchant.running.stop().await;
}
