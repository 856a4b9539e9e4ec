//! Owns WeChat Pay's notifications: whether one is believed, what is sealed in it, and what it says. It does not know
//! what is done with it. Rules: <https://pay.weixin.qq.com/doc/v3/merchant/4012791882>: a notification's `id` is its own, and
//! the same notification may come several times.

use serde::Deserialize;

use super::gateway::{SCHEME, Signed};
use super::{Wechat, answer};
use crate::fact::{Unreadable, brief};
use crate::{Callback, Notice, Rejected, clock, raw};

#[derive(Deserialize)]
struct Notification {
    id: Option<String>,
    event_type: String,
    resource: Resource,
}

/// Something that is sealed.
#[derive(Deserialize)]
pub(super) struct Resource {
    algorithm: String,
    ciphertext: String,
    nonce: String,
    #[serde(default)]
    associated_data: String,
}

/// A header of a callback.
pub(super) fn header<'a>(callback: &Callback<'a>, wanted: &str) -> Option<&'a str> {
    callback.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| &value[..])
}

pub(super) fn read(wechat: &Wechat, callback: &Callback<'_>) -> Result<Notice, Rejected> {
    let header = |wanted| header(callback, wanted);
    if header("wechatpay-signature-type").is_some_and(|scheme| scheme != SCHEME) {
        return Err(Rejected::Signature("it is of a kind that is not known".to_owned()));
    }
    let signed = Signed {
        serial: header("wechatpay-serial"),
        timestamp: header("wechatpay-timestamp"),
        nonce: header("wechatpay-nonce"),
        signature: header("wechatpay-signature"),
        body: callback.body,
    };
    wechat.platform.verify(signed).map_err(Rejected::Signature)?;
    clock::near(signed.timestamp.unwrap_or(""), callback.at).map_err(Rejected::Stale)?;
    let notification: Notification = serde_json::from_slice(callback.body).map_err(Unreadable::json)?;
    let (fact, text) = match &notification.event_type[..] {
        "TRANSACTION.SUCCESS" => {
            let text = open(wechat, &notification.resource)?;
            (serde_json::from_slice::<answer::Trade>(&text).map_err(Unreadable::json)?.fact(wechat)?, text)
        }
        "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => {
            let text = open(wechat, &notification.resource)?;
            (serde_json::from_slice::<answer::Refund>(&text).map_err(Unreadable::json)?.fact(wechat)?, text)
        }
        _ => return Ok(Notice::Ignored(brief(&notification.event_type))),
    };
    Ok(Notice::Fact { fact, raw: raw::of(&text), event: notification.id })
}

/// While keys are changed, it is sealed with one of several.
pub(super) fn open(wechat: &Wechat, resource: &Resource) -> Result<Vec<u8>, Rejected> {
    if resource.algorithm != "AEAD_AES_256_GCM" {
        return Err(Rejected::Malformed("it is sealed in a way that is not known".to_owned()));
    }
    let opened =
        |key: &crate::sign::SealKey| key.open(&resource.nonce, &resource.associated_data, &resource.ciphertext);
    let text = wechat.api_v3_keys.iter().find_map(opened);
    text.ok_or_else(|| Rejected::Signature("no api_v3_key opens it".to_owned()))
}
