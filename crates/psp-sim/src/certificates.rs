//! Owns WeChat Pay's platform certificates: made when a tester wants another, and kept over a restart. It does not know how
//! they are listed, nor what is signed with them.

mod x509;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keys::{self, Pair, Signer};
use crate::{Error, clock, merchant};

const YEARS_5_MS: i64 = 5 * 365 * 24 * 3_600_000;

/// The certificates, the last of them signs.
pub(crate) struct Certificates {
    folder: PathBuf,
    all: RwLock<Vec<Arc<Certificate>>>,
}

/// One of them, with its key.
pub(crate) struct Certificate {
    kept: Kept,
    pub(crate) signer: Signer,
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

    /// All of them, the one that signs first.
    pub(crate) fn all(&self) -> Vec<Arc<Certificate>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
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
    pub(crate) fn serial(&self) -> &str {
        &self.kept.serial
    }

    /// The certificate itself, in PEM.
    pub(crate) fn text(&self) -> &str {
        &self.kept.certificate
    }

    /// From when on it holds, and until when.
    pub(crate) fn holds(&self) -> (i64, i64) {
        (self.kept.made_at, self.kept.made_at + YEARS_5_MS)
    }
}
