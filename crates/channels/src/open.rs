//! Owns opening an account's channel by its kind. It does not know what a kind needs.

use std::sync::Arc;

use domain::channel::Kind;

use crate::alipay::Alipay;
use crate::sandbox::Sandbox;
use crate::settings::Settings;
use crate::stripe::Stripe;
use crate::wechat::Wechat;
use crate::{Channel, Failure};

/// Opens one account with one provider. `settings` is a JSON object; its secrets are references, `file:PATH` or
/// `env:NAME`, and are read now. Nothing is sent. What is missing or unusable is [`Failure::Misconfigured`], told by
/// the member's name and never by its value.
pub fn open(kind: Kind, settings: &str) -> Result<Arc<dyn Channel>, Failure> {
    let mut members = Settings::open(settings)?;
    let channel: Arc<dyn Channel> = match kind {
        Kind::Sandbox => Arc::new(Sandbox::open(&mut members)?),
        Kind::Alipay => Arc::new(Alipay::open(&mut members)?),
        Kind::WechatPay => Arc::new(Wechat::open(&mut members)?),
        Kind::Stripe => Arc::new(Stripe::open(&mut members)?),
    };
    members.end()?;
    Ok(channel)
}

/// The member of an account's settings that says whose account it is, and differs. What is under way is asked about there,
/// so it never changes; keys, certificates and addresses may. Stripe's account is known by its key alone, which may change.
pub fn moved(kind: Kind, before: &str, after: &str) -> Option<&'static str> {
    let names: &[&str] = match kind {
        Kind::Sandbox => &["account"],
        Kind::Alipay => &["app_id", "seller_id"],
        Kind::WechatPay => &["app_id", "mch_id"],
        Kind::Stripe => &[],
    };
    let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    names.iter().copied().find(|name| before[name] != after[name])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keys::reference;

    fn settings(kind: Kind) -> String {
        let name = "env:CARGO_PKG_NAME";
        let (private, public) = (reference("test_merchant.pkcs1.pem"), reference("test_provider.public.pem"));
        let certificate = reference("test_provider.certificate.pem");
        match kind {
            Kind::Sandbox => format!(r#"{{"gateway":"http://x.example","account":"a","secrets":["{name}","{name}"]}}"#),
            Kind::Stripe => {
                format!(r#"{{"gateway":"https://x.example","secret_key":"{name}","webhook_secrets":["{name}"]}}"#)
            }
            Kind::Alipay => format!(
                r#"{{"gateway":"https://x.example/gateway.do","app_id":"1","seller_id":"2","private_key":"{private}",
                "alipay_public_keys":["{public}","{certificate}"]}}"#
            ),
            Kind::WechatPay => format!(
                r#"{{"gateway":"https://x.example","app_id":"wx1","mch_id":"2","merchant_serial":"3D","private_key":"{private}",
                "api_v3_keys":["{}"],"platform_keys":{{"PUB_KEY_ID_1":"{public}","5157F0":"{certificate}"}}}}"#,
                reference("test_api_v3.key")
            ),
        }
    }

    #[test]
    fn every_kind_is_opened() {
        for kind in Kind::ALL {
            assert_eq!(open(kind, &settings(kind)).ok().map(|channel| channel.kind()), Some(kind));
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        for kind in Kind::ALL {
            let more = settings(kind).replacen('{', r#"{"colour":"red","#, 1);
            assert!(failure(kind, &more).contains("\"colour\""));
            let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&settings(kind)).unwrap();
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                assert!(failure(kind, &serde_json::to_string(&fewer).unwrap()).contains(name), "{kind} {name}");
            }
        }
    }

    #[test]
    fn an_account_does_not_move_to_another_merchant() {
        for (kind, from, to, expected) in [
            (Kind::Sandbox, "\"account\":\"", "x", Some("account")),
            (Kind::Alipay, "\"app_id\":\"", "x", Some("app_id")),
            (Kind::Alipay, "\"seller_id\":\"", "x", Some("seller_id")),
            (Kind::WechatPay, "\"app_id\":\"", "x", Some("app_id")),
            (Kind::WechatPay, "\"mch_id\":\"", "x", Some("mch_id")),
            (Kind::WechatPay, "\"merchant_serial\":\"", "x", None),
            (Kind::Stripe, "\"gateway\":\"", "https://y.example/", None),
            (Kind::Sandbox, "CARGO_PKG_NAME", "", None),
        ] {
            let before = settings(kind);
            assert!(before.contains(from), "{kind} {from}");
            let after = before.replace(from, &format!("{from}{to}"));
            assert_eq!(moved(kind, &before, &after), expected, "{kind} {from}");
            assert_eq!(moved(kind, &before, &before), None, "{kind}");
        }
    }

    #[test]
    fn a_key_of_another_sort_is_named() {
        let swapped = settings(Kind::Alipay).replace("test_merchant.pkcs1.pem", "test_merchant.public.pem");
        assert!(failure(Kind::Alipay, &swapped).contains("private_key"));
        let swapped = settings(Kind::WechatPay).replace("test_provider.public.pem", "test_provider.pkcs8.pem");
        assert!(failure(Kind::WechatPay, &swapped).contains("platform_keys"));
        let swapped = settings(Kind::WechatPay).replace("test_api_v3.key", "test_merchant.public.pem");
        assert!(failure(Kind::WechatPay, &swapped).contains("api_v3_keys"));
    }

    fn failure(kind: Kind, settings: &str) -> String {
        match open(kind, settings) {
            Err(Failure::Misconfigured(text)) => text,
            Err(failure) => panic!("{failure}"),
            Ok(_) => panic!("{settings} was taken"),
        }
    }
}
