//! Owns the keys that WeChat Pay signs with: those that were set up, and the certificates that took their place since. It
//! does not know what is signed.
//!
//! Rules: <https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/apilist.html>: the next certificate is on
//! the list some time before it signs, and while they change either of the two does.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use outbound::Method;
use serde::Deserialize;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::Wechat;
use super::gateway::Signed;
use super::notify::{self, Resource};
use crate::fact::Unreadable;
use crate::secret::Secret;
use crate::sign::PublicKey;
use crate::{Failure, Learned, ask, clock};

#[cfg(test)]
mod tests;

/// Begins the name of a key that is not a certificate's.
const PUBLIC_KEY: &str = "PUB_KEY_ID_";
/// The list is fetched at most so often: anybody may send a callback that names a certificate.
const PAUSE: Duration = Duration::from_mins(1);
/// The same where it did not come: whoever signs with a new certificate is believed by nobody until it does.
const PAUSE_FAILED: Duration = Duration::from_secs(4);
/// The most certificates of a list.
const CERTIFICATES_MAX: usize = 16;

/// Keys by their names: a certificate's serial number, or a public key's id.
type Keys = Vec<(String, PublicKey)>;

/// The keys that are believed.
pub(super) struct Platform {
    set_up: Keys,
    /// What the last list held.
    listed: RwLock<Keys>,
    /// It is not asked for before; locked while it is.
    not_before: Mutex<Option<Instant>>,
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
        Self { set_up, listed: RwLock::default(), not_before: Mutex::default() }
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

    /// Whether the list may tell of it. Public keys do not change by themselves: only who set a certificate up gets to know
    /// of others.
    fn may_learn(&self, serial: &str) -> bool {
        let has_certificates = self.set_up.iter().any(|(name, _)| !name.starts_with(PUBLIC_KEY));
        has_certificates && !serial.starts_with(PUBLIC_KEY) && !self.knows(serial)
    }
}

impl Wechat {
    /// Fetches the list where it may hold the certificate of an answer, which waits for it: it cannot be had again.
    pub(super) async fn learn_of_answer(&self, serial: &str) {
        if self.platform.may_learn(serial) {
            let not_before = self.platform.not_before.lock().await;
            self.fetch(not_before, serial).await;
        }
    }

    /// The same for a callback, which is to come again where the list is under way: anybody may send many.
    pub(super) async fn learn_of_callback(&self, serial: &str) -> Learned {
        if !self.platform.may_learn(serial) {
            // Somebody may have learned of it since the callback was read.
            return if self.platform.knows(serial) { Learned::Something } else { Learned::Nothing };
        }
        let Ok(not_before) = self.platform.not_before.try_lock() else { return Learned::Later };
        self.fetch(not_before, serial).await;
        if self.platform.knows(serial) { Learned::Something } else { Learned::Nothing }
    }

    /// Fetches the list, if it is time to. Where it does not come, what is not known stays so: the callback is sent again,
    /// and the answer asked for again.
    async fn fetch(&self, mut not_before: MutexGuard<'_, Option<Instant>>, serial: &str) {
        let is_due = not_before.is_none_or(|at| at <= Instant::now());
        if !is_due || self.platform.knows(serial) {
            return;
        }
        // Also where whoever asks gives up.
        *not_before = Some(Instant::now() + PAUSE_FAILED);
        let fresh = self.certificates().await;
        *not_before = Some(Instant::now() + if fresh.is_ok() { PAUSE } else { PAUSE_FAILED });
        if let Ok(fresh) = fresh {
            *self.platform.listed.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
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
