//! Owns WeChat Pay's platform certificates: made when a tester wants another, kept over a restart, listed and sealed. Without
//! any it signs with its public key.
//! <https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/apilist.html>

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{error, x509};
use crate::exchange::Reply;
use crate::keys::{self, Pair, Signer};
use crate::world::World;
use crate::{Error, clock, merchant};

/// While one takes the place of another, both are on the list.
const LISTED: usize = 2;
const YEARS_5_MS: i64 = 5 * 365 * 24 * 3_600_000;

/// The certificates, the last of them signs.
pub(crate) struct Certificates {
    folder: PathBuf,
    all: RwLock<Vec<Arc<Certificate>>>,
}

/// One of them, with its key.
pub(crate) struct Certificate {
    kept: Kept,
    pub(super) signer: Signer,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    serial: String,
    made_at: i64,
    certificate: String,
    private_key: String,
}

impl Certificates {
    /// Reads those that were made before.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let certificates = Self { folder: folder.join("provider"), all: RwLock::default() };
        let mut all = Vec::new();
        while let Ok(text) = fs::read_to_string(certificates.path(all.len())) {
            let unreadable =
                || Error::Unreadable { folder: certificates.folder.clone(), name: "a certificate".to_owned() };
            let kept: Kept = serde_json::from_str(&text).map_err(|_| unreadable())?;
            let signer = Signer::read(&kept.private_key).ok_or_else(unreadable)?;
            all.push(Arc::new(Certificate { kept, signer }));
        }
        *certificates.all.write().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(certificates)
    }

    /// The one that signs.
    pub(crate) fn current(&self) -> Option<Arc<Certificate>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Makes another, with a key of its own, which signs from now on. Takes a second or two.
    pub(crate) fn change(&self) -> Result<Value, String> {
        let none = || "keys cannot be made".to_owned();
        let pair = Pair::generate().ok_or_else(none)?;
        let signer = Signer::read(&pair.private).ok_or_else(none)?;
        // A number above zero, of twenty bytes.
        let serial = format!("5A{}", keys::random_hex(19).ok_or_else(none)?.to_uppercase());
        let made_at = clock::now();
        let certificate =
            x509::certificate(&serial, (made_at, made_at + YEARS_5_MS), &pair.public, &signer).ok_or_else(none)?;
        let kept = Kept { serial, made_at, certificate, private_key: pair.private };
        let shown = json!({"serial": kept.serial, "certificate": kept.certificate});
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_string_pretty(&kept).map_err(|error| error.to_string())?;
        merchant::write(&self.path(all.len()), &text).map_err(|error| error.to_string())?;
        all.push(Arc::new(Certificate { kept, signer }));
        Ok(shown)
    }

    fn path(&self, at: usize) -> PathBuf {
        self.folder.join(format!("wechat_pay.certificate.{}.json", at + 1))
    }
}

impl Certificate {
    pub(super) fn serial(&self) -> &str {
        &self.kept.serial
    }
}

/// The list, each certificate sealed with the merchant's key of version 3.
pub(super) fn list(world: &World) -> Result<Reply, Reply> {
    let all = world.certificates.all.read().unwrap_or_else(PoisonError::into_inner);
    if all.is_empty() {
        return Err(error(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请使用微信支付公钥"));
    }
    let data: Option<Vec<_>> = all.iter().rev().take(LISTED).map(|it| sealed(world, &it.kept)).collect();
    let data = data.ok_or_else(|| error(500, "SYSTEM_ERROR", "系统异常，请稍后重试"))?;
    Ok(Reply::json(200, &json!({"data": data})))
}

fn sealed(world: &World, kept: &Kept) -> Option<Value> {
    let nonce = keys::random_hex(6)?;
    let bytes: [u8; 12] = nonce.as_bytes().try_into().ok()?;
    let text = keys::seal(&world.merchant.wechat_api_v3_key, bytes, "certificate", kept.certificate.as_bytes())?;
    Some(json!({
        "serial_no": kept.serial,
        "effective_time": clock::shanghai_rfc3339(kept.made_at),
        "expire_time": clock::shanghai_rfc3339(kept.made_at + YEARS_5_MS),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": text,
        },
    }))
}
