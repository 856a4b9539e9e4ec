//! Owns the list of WeChat Pay's platform certificates, each of them sealed. It does not know how one is made.
//! <https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/apilist.html>

use serde_json::{Value, json};

use super::error;
use crate::certificates::Certificate;
use crate::exchange::Reply;
use crate::world::World;
use crate::{clock, keys};

/// While one takes the place of another, both are on the list.
const LISTED: usize = 2;

/// The list, each certificate sealed with the merchant's key of version 3.
pub(super) fn list(world: &World) -> Result<Reply, Reply> {
    let all = world.certificates.all();
    if all.is_empty() {
        return Err(error(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请使用微信支付公钥"));
    }
    let data: Option<Vec<_>> = all.iter().take(LISTED).map(|it| sealed(world, it)).collect();
    let data = data.ok_or_else(|| error(500, "SYSTEM_ERROR", "系统异常，请稍后重试"))?;
    Ok(Reply::json(200, &json!({"data": data})))
}

fn sealed(world: &World, certificate: &Certificate) -> Option<Value> {
    let (from, until) = certificate.holds();
    let nonce = keys::random_hex(6)?;
    let bytes: [u8; 12] = nonce.as_bytes().try_into().ok()?;
    let text = keys::seal(&world.merchant.wechat_api_v3_key, bytes, "certificate", certificate.text().as_bytes())?;
    Some(json!({
        "serial_no": certificate.serial(),
        "effective_time": clock::shanghai_rfc3339(from),
        "expire_time": clock::shanghai_rfc3339(until),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": text,
        },
    }))
}
