//! Owns making and checking the secrets that are handed out.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The fewest characters of a secret that somebody brings along.
const LENGTH_LEAST: usize = 24;

/// A new API key: 32 random bytes.
pub(crate) fn api_key() -> anyhow::Result<String> {
    Ok(format!("{}{}", store::SECRET_PREFIX, BASE64_URL_SAFE_NO_PAD.encode(random()?)))
}

/// 32 random bytes.
pub(crate) fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gave no random bytes")?;
    Ok(bytes)
}

/// Refuses a key that could be guessed, or that no client would be let in with.
pub(crate) fn check(key: &str) -> anyhow::Result<()> {
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if !key.starts_with(store::SECRET_PREFIX) || key.len() < LENGTH_LEAST || !visible {
        bail!(
            "MIDENG_BOOTSTRAP_API_KEY must begin with {:?} and have at least {LENGTH_LEAST} visible ASCII characters",
            store::SECRET_PREFIX
        );
    }
    crate::settings::known::refuse("MIDENG_BOOTSTRAP_API_KEY", &key[store::SECRET_PREFIX.len()..])
}

/// A public id: a prefix and 26 characters, like the ids of orders.
pub(crate) fn public_id(prefix: &str) -> String {
    domain::OrderNo::new(api::id()).to_string().replace("ord_", prefix)
}
