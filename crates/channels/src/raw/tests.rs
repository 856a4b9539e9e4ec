use super::*;

/// What is planted: nothing of it comes out.
const PLANTED: &[&str] = &[
    "MIIBsecret",
    "pi_1_secret_2",
    "tok_planted",
    "pa55word",
    "k3y-planted",
    "6222021234567890",
    "4242424242424242",
    "159****5620",
    "2088102119685838",
    "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "anna@shop.example",
    "13812345678",
    "Anna Li",
    "张三",
    "1 Planted Road",
    "203.0.113.9",
];

/// A provider, its words, and what of them is seen.
const TABLE: &[(&str, &str, &[&str])] = &[
    (
        "sandbox",
        r#"{"event_id":"evt-1","type":"charge.succeeded","account":"sandbox-1","secret":"MIIBsecret","charge":{
            "charge_no":"sc-1","out_trade_no":"att_1","amount":1999,"currency":"CNY","code":null,"card_no":"6222021234567890",
            "pay_url":"http://pay.example/1?token=tok_planted","buyer":{"buyer_id":"2088102119685838","email":"anna@shop.example",
            "phone":"13812345678","name":"Anna Li","address":{"line1":"1 Planted Road"}}}}"#,
        &[
            r#""type":"charge.succeeded""#,
            r#""account":"sandbox-1""#,
            r#""amount":1999"#,
            r#""code":null"#,
            r#""out_trade_no":"att_1""#,
            r#""card_no":"…""#,
        ],
    ),
    (
        "alipay, a form",
        "app_id=2014072300007148&buyer_id=2088102119685838&buyer_logon_id=159****5620&buyer_pay_amount=13.88\
         &fund_bill_list=%5B%7B%22amount%22%3A%2213.88%22%2C%22fundChannel%22%3A%22ALIPAYACCOUNT%22%2C%22bank_card_no%22%3A\
         %226222021234567890%22%7D%5D&gmt_payment=2026-11-23+19%3A07%3A59&notify_id=ac05&out_trade_no=att_1&passback_params=\
         token%3Dtok_planted%26api_key%3Dk3y-planted&seller_email=anna%40shop.example&sign=MIIBsecret%2F%2B%3D%3D&sign_type=RSA2\
         &subject=%E8%8C%B6&total_amount=15.00&trade_no=2013112011001004330000121536&trade_status=TRADE_SUCCESS\
         &buyer_user_name=%E5%BC%A0%E4%B8%89&body=call+13812345678",
        &[
            r#""trade_status":"TRADE_SUCCESS""#,
            r#""total_amount":"15.00""#,
            r#""buyer_pay_amount":"13.88""#,
            r#""trade_no":"2013112011001004330000121536""#,
            r#""gmt_payment":"2026-11-23 19:07:59""#,
            r#""out_trade_no":"att_1""#,
            r#""fund_bill_list":"…""#,
        ],
    ),
    (
        "alipay, an answer",
        r#"{"code":"10000","msg":"Success","buyer_logon_id":"159****5620","buyer_user_id":"2088102119685838","open_id":"tok_planted",
            "out_trade_no":"att_1","total_amount":"19.99","trade_status":"TRADE_CLOSED","auth_code":"k3y-planted"}"#,
        &[r#""code":"10000""#, r#""total_amount":"19.99""#, r#""trade_status":"TRADE_CLOSED""#],
    ),
    (
        "wechat_pay, opened",
        r#"{"appid":"wxd678efh567hg6787","mchid":"1230000109","out_trade_no":"att_1","transaction_id":"1217752501201407033233368018",
            "trade_state":"SUCCESS","trade_state_desc":"支付成功","attach":"{\"password\":\"pa55word\",\"ok\":1}",
            "payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},"amount":{"total":100,"payer_total":100,"currency":"CNY"},
            "scene_info":{"payer_client_ip":"203.0.113.9"},"promotion_detail":[{"coupon_id":"109519","name":"张三"}],
            "user_received_account":"招商银行信用卡 6222021234567890"}"#,
        &[
            r#""trade_state":"SUCCESS""#,
            r#""trade_state_desc":"支付成功""#,
            r#""total":100,"payer_total":100"#,
            r#""payer":{"openid":"…"}"#,
            r#""transaction_id":"1217752501201407033233368018""#,
            r#""attach":"…""#,
        ],
    ),
    (
        "wechat_pay, sealed",
        r#"{"id":"EV-1","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM","ciphertext":"MIIBsecret",
            "nonce":"tok_planted","associated_data":"transaction"}}"#,
        &[r#""event_type":"TRANSACTION.SUCCESS""#],
    ),
    (
        "stripe",
        r#"{"id":"evt_1","type":"payment_intent.succeeded","request":{"id":"req_1","idempotency_key":"k3y-planted"},"data":{"object":{
            "id":"pi_1","amount":1999,"client_secret":"pi_1_secret_2","customer":"tok_planted","receipt_email":"anna@shop.example",
            "description":"for anna@shop.example","last_payment_error":{"decline_code":"insufficient_funds","message":"no"},
            "charges":{"data":[{"billing_details":{"address":{"line1":"1 Planted Road"},"email":"anna@shop.example","name":"Anna Li",
            "phone":"13812345678"},"payment_method_details":{"card":{"brand":"visa","last4":"4242","number":"4242424242424242",
            "fingerprint":"tok_planted"}},"receipt_url":"https://pay.stripe.com/receipts/tok_planted"}]},
            "metadata":{"out_trade_no":"att_1","password":"pa55word"},"next_action":{"redirect_to_url":{"url":
            "https://hooks.stripe.com/r?client_secret=pi_1_secret_2"}}}}}"#,
        &[
            r#""type":"payment_intent.succeeded""#,
            r#""decline_code":"insufficient_funds""#,
            r#""brand":"visa","last4":"4242","number":"…""#,
            r#""out_trade_no":"att_1""#,
        ],
    ),
];

#[test]
fn no_secret_and_nobodys_data_is_kept_of_any_provider() {
    for planted in PLANTED {
        let at = |(_, words, _): &(&str, &str, &[&str])| of(words.as_bytes()).as_str().contains(planted);
        assert!(!TABLE.iter().any(at), "{planted} came out");
        let escaped = form::encode([("a", *planted)]);
        let is_planted = TABLE
            .iter()
            .any(|(_, words, _)| words.contains(planted) || words.contains(escaped.trim_start_matches("a=")));
        assert!(is_planted, "{planted} is planted nowhere");
    }
    for (provider, words, seen) in TABLE {
        let raw = of(words.as_bytes());
        for part in *seen {
            assert!(raw.as_str().contains(part), "{provider}: {part} is missing in {}", raw.as_str());
        }
        assert!(serde_json::from_str::<serde_json::Value>(raw.as_str()).is_ok(), "{provider}: {}", raw.as_str());
    }
}

#[test]
fn what_is_neither_json_nor_a_form_is_told_by_its_length() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (words, kept) in [
        (&b""[..], "(0 bytes, neither JSON nor a form)"),
        (b"<xml><sign>MIIBsecret</sign></xml>", "(34 bytes, neither JSON nor a form)"),
        (br#"<a href="?a=1&b=2">"#, "(19 bytes, neither JSON nor a form)"),
        (b"a password", "(10 bytes, neither JSON nor a form)"),
        (b"\"a password\"", "(12 bytes, neither JSON nor a form)"),
        (b"4242", "(4 bytes, neither JSON nor a form)"),
        (b"{\"a\":1", "(6 bytes, neither JSON nor a form)"),
        (b"{\"a\":\"\xff\"}", "(9 bytes, neither JSON nor a form)"),
        (b"a=1&a=2", "(7 bytes, neither JSON nor a form)"),
        (b" {\"b\" : 1.50, \"a\":[true ,null,\"\\u5b57\"] } \n", r#"{"b":"…","a":[true,null,"…"]}"#),
        (
            br#"{"id":1,"id":2,"sign":null,"token":"","key":[1]}"#,
            r#"{"id":1,"id":2,"sign":null,"token":"","key":["…"]}"#,
        ),
        (
            br#"{"amount":{"total":12,"token":{"id":"a b"}},"code":["x","\u5b57"]}"#,
            r#"{"amount":{"total":12,"token":{"id":"a b"}},"code":["x","…"]}"#,
        ),
        (br#"{"13812345678":1,"anna@x.example":true}"#, r#"{"…":"…","…":true}"#),
        (br#"{"\ud800":"pa55word"}"#, r#""…""#),
        (b"id=1+2&sub_msg=%E5%AD%97", r#"{"id":"1 2","sub_msg":"字"}"#),
        (b"b=%E5%AD%97&a=1+2&sign=x", r#"{"a":"…","b":"…","sign":"…"}"#),
    ] {
        assert_eq!(of(words).as_str(), kept, "{}", String::from_utf8_lossy(words));
    }
    let kept = of(deep.as_bytes());
    assert_eq!(kept.as_str(), format!("{}\"…\"{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)));
}

#[test]
fn the_beginning_is_kept_of_what_is_long_and_nothing_hidden_in_it() {
    for fill in ["\"ab\",", "\"字\",", "{},", "null,"] {
        let words = format!(
            r#"{{"code":[{0}1],"sign":"MIIBsecret","msg":[{0}1],"token":"tok_planted","id":[{0}1]}}"#,
            fill.repeat(RawAnswer::BYTES_MAX / 8)
        );
        let raw = of(words.as_bytes());
        assert!(raw.as_str().len() <= RawAnswer::BYTES_MAX && raw.as_str().ends_with(RawAnswer::CUT), "{fill}");
        assert!(!PLANTED.iter().any(|planted| raw.as_str().contains(planted)), "{fill}");
    }
}

/// Forms in forms, JSON in texts, and objects in objects: none of them makes more of what came than there was.
#[test]
fn what_is_within_itself_stays_short() {
    let form = format!("{}token=x", "a=".repeat(90));
    let mut text = "{}".to_owned();
    for _ in 0..12 {
        text = serde_json::json!({"code": text, "sub_msg": text.len()}).to_string();
    }
    let objects = format!("{}1{}", "{\"amount\":".repeat(90), "}".repeat(90));
    for words in [form.clone(), serde_json::json!({"reason": form, "message": form}).to_string(), text, objects] {
        let raw = of(words.as_bytes());
        assert!(raw.as_str().len() <= 2 * words.len().max(200), "{} of {}", raw.as_str().len(), words.len());
    }
}

/// What other systems write into members of their own, and how programs spell what is personal: nobody listed them.
#[test]
fn what_nobody_listed_is_hidden() {
    for words in [
        r#"{"cvv2":"123","cert_no":"11010519491231002X","IPAddress":"203.0.113.9","BUYERID":"2088102119685838"}"#,
        r#"{"code":"PARAM_ERROR","detail":{"field":"/payer/openid","value":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}"#,
        r#"{"boleto":{"tax_id":"00000000000"},"custom_fields":[{"text":{"value":"11010519491231002X"}}]}"#,
        r#"{"evidence":{"access_activity_log":"11010519491231002X from 203.0.113.9"},"metadata":{"reason":"张三 13812345678"}}"#,
        "passback_params=token%253Dk3y-planted%2526a%253D1&attach=%257B%2522a%2522%253A13812345678%257D",
    ] {
        let raw = of(words.as_bytes());
        for planted in PLANTED.iter().chain(&["123\"", "11010519491231002X", "00000000000"]) {
            assert!(!raw.as_str().contains(planted), "{planted} came out: {}", raw.as_str());
        }
    }
}
