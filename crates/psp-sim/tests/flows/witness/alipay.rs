//! Alipay: python-alipay-sdk and npm's alipay-sdk.

use serde_json::{Value, json};

use super::ask::{ask, settings};
use crate::merchant::{Came, Merchant, nothing};

const WITNESSES: [&str; 2] = ["alipay_merchant.py", "alipay_merchant.mjs"];

async fn answers(merchant: &Merchant, witness: &'static str, calls: Value, notifications: Value) -> Value {
    let settings = settings(merchant, "alipay");
    let question = json!({
        "gateway": settings["gateway"],
        "app_id": settings["app_id"],
        "private_key": settings["private_key"],
        "public_key": settings["alipay_public_keys"][0],
        "notify_url": merchant.notify_url,
        "calls": calls,
        "notifications": notifications,
    });
    ask(witness, question).await
}

fn form(came: &Came) -> String {
    String::from_utf8(came.body.to_vec()).unwrap()
}

#[tokio::test]
async fn both_libraries_open_ask_and_refund() {
    for witness in WITNESSES {
        let merchant = Merchant::new().await;
        let trade = json!({"out_trade_no": "T1", "total_amount": "88.88", "subject": "茶 100% & more + \"tea\""});
        let one = json!({"out_trade_no": "T1"});
        let none = json!({"out_trade_no": "none"});
        let opening =
            json!([["alipay.trade.precreate", trade], ["alipay.trade.query", one], ["alipay.trade.query", none]]);
        let opened = answers(&merchant, witness, opening, json!([])).await["answers"].take();
        assert!(opened[0]["qr_code"].is_string(), "{witness} {opened}");
        assert_eq!(opened[1]["trade_status"], "WAIT_BUYER_PAY", "{witness}");
        assert_eq!(opened[2]["sub_code"], "ACQ.TRADE_NOT_EXIST", "{witness}");

        merchant.desk("POST", "/sim/charges/alipay/T1/pay", nothing()).await;
        let part = json!({"out_trade_no": "T1", "refund_amount": "80.00", "out_request_no": "R1"});
        let asked = json!({"out_trade_no": "T1", "out_request_no": "R1"});
        let refunding = json!([
            ["alipay.trade.query", one],
            ["alipay.trade.refund", part],
            ["alipay.trade.refund", part],
            ["alipay.trade.fastpay.refund.query", asked],
        ]);
        let refunded = answers(&merchant, witness, refunding, json!([])).await["answers"].take();
        assert_eq!(refunded[0]["trade_status"], "TRADE_SUCCESS", "{witness} {refunded}");
        assert_eq!((&refunded[1]["fund_change"], &refunded[2]["fund_change"]), (&json!("Y"), &json!("N")), "{witness}");
        assert_eq!(refunded[3]["refund_status"], "REFUND_SUCCESS", "{witness}");
        assert_eq!(merchant.ledger().len(), 2, "{witness}");

        // The same answer, with a signature that is not its own.
        merchant.mischief(json!([{"on": "query", "do": "bad_signature"}])).await;
        let spoiled = answers(&merchant, witness, json!([["alipay.trade.query", one]]), json!([])).await;
        assert_eq!(spoiled["answers"], json!(["not verified"]), "{witness}");
        merchant.running.stop().await;
    }
}

#[tokio::test]
async fn both_libraries_believe_what_is_told_and_no_byte_else() {
    let merchant = Merchant::new().await;
    let trade = json!({"out_trade_no": "T1", "total_amount": "88.88", "subject": "茶 100% & more + \"tea\""});
    let opening = json!([["alipay.trade.precreate", trade]]);
    answers(&merchant, WITNESSES[0], opening, json!([])).await;
    merchant.desk("POST", "/sim/charges/alipay/T1/pay", nothing()).await;
    let part = json!({"out_trade_no": "T1", "refund_amount": "80.00", "out_request_no": "R1"});
    answers(&merchant, WITNESSES[0], json!([["alipay.trade.refund", part]]), json!([])).await;
    // Alipay wants `success`, and this merchant says `ok`: the notices come again.
    let came = merchant.inbox.wait_for(4).await;
    let told: Vec<_> = came.iter().map(form).collect();
    assert!(told.iter().any(|form| form.contains("refund_fee=80.00")), "{told:?}");
    let paid = told.iter().find(|form| !form.contains("refund_fee")).unwrap();
    let spoil = |from: &str, to: &str| {
        assert!(paid.contains(from), "{paid}");
        paid.replacen(from, to, 1)
    };
    let spoiled = [
        spoil("88.88", "88.89"),
        spoil("TRADE_SUCCESS", "TRADE_FINISHED"),
        spoil("out_trade_no=T1", "out_trade_no=T2"),
        format!("{paid}&more=1"),
    ];
    for witness in WITNESSES {
        let believed = answers(&merchant, witness, json!([]), json!(told)).await["notifications"].take();
        assert_eq!(believed, json!(vec![true; told.len()]), "{witness}");
        let believed = answers(&merchant, witness, json!([]), json!(spoiled)).await["notifications"].take();
        assert_eq!(believed, json!([false, false, false, false]), "{witness}");
    }
    merchant.running.stop().await;
}
