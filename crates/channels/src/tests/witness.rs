//! Owns what libraries of other authors signed and sealed, so that no mistake stands on both sides of a test. The files
//! were made with python-alipay-sdk 3.4.0 and wechatpayv3 2.0.4 of `PyPI`, with the keys of the tests; both libraries
//! verified what stands here for the providers.

use std::collections::BTreeMap;

use domain::channel::Kind;

use crate::secret::Secret;
use crate::sign::{PrivateKey, PublicKey};
use crate::tests::example::{self, AT};
use crate::tests::keys::{MERCHANT, MERCHANT_PUBLIC, reference};

const ALIPAY_NOTIFY: &str = include_str!("../../tests/witness/alipay_notify.form");
const ALIPAY_PAGE: &str = include_str!("../../tests/witness/alipay_page.form");
const WECHAT_AUTHORIZATION: &str = include_str!("../../tests/witness/wechat_authorization.txt");
const WECHAT_CALLBACK: &str = include_str!("../../tests/witness/wechat_callback.json");
const WECHAT_SIGNATURE: &str = include_str!("../../tests/witness/wechat_callback.signature");

fn ours(text: &str, signature: &str) {
    assert_eq!(PrivateKey::read(&Secret::new(MERCHANT)).unwrap().sign(text.as_bytes()), signature);
    assert!(PublicKey::read(&Secret::new(MERCHANT_PUBLIC)).unwrap().verifies(text.as_bytes(), signature));
}

#[test]
fn alipay_is_asked_as_another_library_asks() {
    let mut members: BTreeMap<String, String> = crate::form::decode(ALIPAY_PAGE.as_bytes()).unwrap();
    let sign = members.remove("sign").unwrap();
    assert_eq!(members["notify_url"], "https://shop.example/notify?a=1&b=2");
    let text: Vec<String> = members.iter().map(|(name, value)| format!("{name}={value}")).collect();
    ours(&text.join("&"), &sign);
}

#[test]
fn alipay_notifies_as_another_library_signs() {
    let settings = format!(
        r#"{{"gateway":"http://x.example","app_id":"2021","seller_id":"2088","private_key":"{}","alipay_public_keys":["{}"]}}"#,
        reference("test_merchant.pkcs8.pem"),
        reference("test_provider.public.pkcs1.pem")
    );
    let channel = crate::open(Kind::Alipay, &settings).unwrap();
    assert_eq!(example::read(&*channel, &[], ALIPAY_NOTIFY.as_bytes()), "succeeded 1999 CNY no=2026");
}

#[test]
fn wechat_is_asked_as_another_library_asks() {
    let (authorization, body) = WECHAT_AUTHORIZATION.split_once('\n').unwrap();
    let (_, rest) = authorization.split_once("signature=\"").unwrap();
    let (signature, _) = rest.split_once('"').unwrap();
    ours(&format!("POST\n/v3/pay/transactions/native?a=1\n1772323200\nNONCE\n{body}\n"), signature);
    let shape = authorization.replace(signature, "…");
    assert_eq!(
        shape,
        "WECHATPAY2-SHA256-RSA2048 mchid=\"1900\",nonce_str=\"NONCE\",signature=\"…\",timestamp=\"1772323200\",serial_no=\"3D\""
    );
}

#[test]
fn wechat_notifies_as_another_library_seals() {
    let settings = format!(
        r#"{{"gateway":"http://x.example","app_id":"wx1","mch_id":"1900","merchant_serial":"3D","private_key":"{}",
        "api_v3_keys":["{}"],"platform_keys":{{"PUB_KEY_ID_1":"{}"}}}}"#,
        reference("test_merchant.pkcs8.pem"),
        reference("test_api_v3_old.key"),
        reference("test_provider.certificate.pem")
    );
    let channel = crate::open(Kind::WechatPay, &settings).unwrap();
    let headers = [
        ("wechatpay-serial", "PUB_KEY_ID_1"),
        ("wechatpay-timestamp", "1772323200"),
        ("wechatpay-nonce", "once"),
        ("wechatpay-signature", WECHAT_SIGNATURE),
        ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048"),
    ];
    assert_eq!(AT.0, 1_772_323_200_000);
    assert_eq!(example::read(&*channel, &headers, WECHAT_CALLBACK.as_bytes()), "succeeded 1999 CNY no=42");
}
