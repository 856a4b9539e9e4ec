//! Owns the keys that WeChat Pay signs with: those that were set up, and the certificates that took their place since. It
//! does not know what is signed.
//!
//! Rules: <https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/apilist.html>: the next certificate is on
//! the list some time before it signs, and while they change either of the two does.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Wechat;
use super::gateway::Signed;
use super::notify::{self, Resource};
use crate::fact::Unreadable;
use crate::secret::Secret;
use crate::sign::PublicKey;
use crate::{Failure, ask, clock};

#[cfg(test)]
mod tests;

/// Begins the name of a key that is not a certificate's.
const PUBLIC_KEY: &str = "PUB_KEY_ID_";
/// The list is fetched at most so often: anybody may send a callback that names a certificate.
const PAUSE: Duration = Duration::from_mins(1);
/// The most certificates of a list.
const CERTIFICATES_MAX: usize = 16;

/// Keys by their names: a certificate's serial number, or a public key's id.
type Keys = Vec<(String, PublicKey)>;

/// The keys that are believed.
pub(super) struct Platform {
    set_up: Keys,
    /// What the last list held.
    listed: RwLock<Keys>,
    /// When it was last asked for.
    asked_at: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    serial_no: String,
    encrypt_certificate: Resource,
}

impl Platform {
    pub(super) fn new(set_up: Keys) -> Self {
        Self { set_up, listed: RwLock::default(), asked_at: Mutex::default() }
    }

    /// The name of the public key that answers are to be signed with, where there is one.
    pub(super) fn public_key_id(&self) -> Option<&str> {
        self.set_up.iter().map(|(name, _)| &name[..]).find(|name| name.starts_with(PUBLIC_KEY))
    }

    /// Whether a signature is of the key that it names.
    pub(super) fn verify(&self, signed: Signed<'_>) -> Result<(), String> {
        let listed = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        verify(signed, &self.set_up, &listed)
    }

    fn knows(&self, serial: &str) -> bool {
        let listed = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        find(serial, &self.set_up, &listed).is_some()
    }

    /// Public keys do not change by themselves: only who set a certificate up gets to know of others.
    fn has_certificates(&self) -> bool {
        self.set_up.iter().any(|(name, _)| !name.starts_with(PUBLIC_KEY))
    }
}

impl Wechat {
    /// Fetches the list where it may hold a certificate that is not known yet. Whether it is known then.
    pub(super) async fn learn_certificate(&self, serial: &str) -> bool {
        let platform = &self.platform;
        if platform.knows(serial) || serial.starts_with(PUBLIC_KEY) || !platform.has_certificates() {
            return platform.knows(serial);
        }
        // Who comes meanwhile waits for the same list.
        let mut asked_at = platform.asked_at.lock().await;
        let is_due = asked_at.is_none_or(|at| at.elapsed() >= PAUSE);
        if is_due && !platform.knows(serial) {
            *asked_at = Some(Instant::now());
            // Where it does not come, what is not known stays so: the callback is sent again, and the answer asked for again.
            if let Ok(fresh) = self.certificates().await {
                *platform.listed.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
        }
        platform.knows(serial)
    }

    /// The list. Each certificate on it is sealed with a key that only the provider and the merchant have, and the whole of
    /// it is signed, perhaps with a certificate that is on it for the first time.
    async fn certificates(&self) -> Result<Keys, Failure> {
        let url = ask::behind(&self.gateway, "/v3/certificates")?;
        let answer = self.ask.send(self.question(Method::GET, url, String::new())).await?;
        if answer.status != 200 {
            return Err(answer.unknown("WeChat Pay gives no list of certificates"));
        }
        let List { data } = serde_json::from_slice(&answer.body).map_err(Unreadable::json)?;
        let mut fresh = Keys::new();
        for Listed { serial_no, encrypt_certificate } in data.into_iter().take(CERTIFICATES_MAX) {
            let broken = |what: String| Failure::Unknown(format!("a certificate cannot be read: {what}"));
            let opened = notify::open(self, &encrypt_certificate).map_err(|rejected| broken(rejected.to_string()))?;
            let text = String::from_utf8(opened).map_err(|_| broken("it is no text".to_owned()))?;
            fresh.push((serial_no, PublicKey::read(&Secret::new(&text)).map_err(broken)?));
        }
        let signed = Signed::of(&answer);
        let unsigned = |what: String| answer.unknown(&format!("the list's signature does not hold ({what})"));
        verify(signed, &self.platform.set_up, &fresh).map_err(unsigned)?;
        clock::near(signed.timestamp.unwrap_or(""), clock::now()).map_err(unsigned)?;
        Ok(fresh)
    }
}

fn find<'a>(serial: &str, set_up: &'a Keys, listed: &'a Keys) -> Option<&'a PublicKey> {
    let mut all = set_up.iter().chain(listed);
    all.find(|(name, _)| name.eq_ignore_ascii_case(serial)).map(|(_, key)| key)
}

fn verify(signed: Signed<'_>, set_up: &Keys, listed: &Keys) -> Result<(), String> {
    let (Some(serial), Some(timestamp), Some(nonce), Some(signature)) =
        (signed.serial, signed.timestamp, signed.nonce, signed.signature)
    else {
        return Err("a header of the signature is missing".to_owned());
    };
    let key = find(serial, set_up, listed).ok_or("it is of a key that is not known")?;
    let mut text = format!("{timestamp}\n{nonce}\n").into_bytes();
    text.extend_from_slice(signed.body);
    text.push(b'\n');
    if key.verifies(&text, signature) { Ok(()) } else { Err("it is not of the key that it names".to_owned()) }
}
