//! Owns the merchant's accounts: their keys, made on the first start, and the settings that a merchant uses as they
//! are. It does not know what is signed with the keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Error;
use crate::keys::{self, Pair, Signer, Verifier};
use crate::kind::Kind;

pub(crate) const ALIPAY_APP_ID: &str = "2021000000000001";
pub(crate) const ALIPAY_SELLER_ID: &str = "2088000000000001";
pub(crate) const WECHAT_APP_ID: &str = "wx0000000000000001";
pub(crate) const WECHAT_MCH_ID: &str = "1900000001";
/// The number of the public key that WeChat Pay signs with, in its public-key mode:
/// <https://pay.weixin.qq.com/doc/v3/merchant/4012153196>.
pub(crate) const WECHAT_PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000000012026010100000000000001";

/// The provider's side of the accounts.
pub(crate) struct Merchant {
    pub(crate) sandbox_secret: String,
    /// Signs as Alipay.
    pub(crate) alipay: Signer,
    /// Verifies the merchant's app.
    pub(crate) alipay_app: Verifier,
    /// Signs as WeChat Pay.
    pub(crate) wechat: Signer,
    /// Verifies the merchant.
    pub(crate) wechat_verifier: Verifier,
    pub(crate) wechat_serial: String,
    pub(crate) wechat_api_v3_key: String,
    pub(crate) stripe_key: String,
    pub(crate) stripe_webhook_secret: String,
}

/// The name of the merchant's account with a provider, as the ledger has it.
pub(crate) fn account(kind: Kind) -> &'static str {
    match kind {
        Kind::Sandbox => "sandbox-1",
        Kind::Alipay => ALIPAY_APP_ID,
        Kind::WechatPay => WECHAT_MCH_ID,
        Kind::Stripe => "acct_0000000000000001",
    }
}

impl Merchant {
    /// Reads the keys in the folder, makes those that are missing, and writes the settings with the gateway's address.
    pub(crate) fn open(folder: &Path, gateway: &str) -> Result<Self, Error> {
        let [ours, theirs] = [folder.join("provider"), folder.join("merchant")];
        for path in [&ours, &theirs] {
            fs::create_dir_all(path).map_err(|source| Error::Folder { path: path.clone(), source })?;
        }
        let theirs = theirs.canonicalize().map_err(|source| Error::Folder { path: theirs.clone(), source })?;
        let (alipay_app, alipay) = pairs(&ours, &theirs, "alipay")?;
        let (wechat_verifier, wechat) = pairs(&ours, &theirs, "wechat_pay")?;
        let merchant = Self {
            sandbox_secret: text(&theirs.join("sandbox.secret"), || random("", 32))?,
            alipay,
            alipay_app,
            wechat,
            wechat_verifier,
            wechat_serial: text(&ours.join("wechat_pay.serial"), || random("", 20).map(|it| it.to_uppercase()))?,
            // 32 bytes, as text.
            wechat_api_v3_key: text(&theirs.join("wechat_pay.api_v3_key"), || random("", 16))?,
            stripe_key: text(&theirs.join("stripe.secret_key"), || random("sk_test_51", 32))?,
            stripe_webhook_secret: text(&theirs.join("stripe.webhook_secret"), || random("whsec_", 16))?,
        };
        for kind in Kind::ALL {
            let settings = format!("{:#}\n", merchant.settings(kind, gateway, &theirs));
            let path = theirs.join(format!("{kind}.json"));
            write(&path, &settings).map_err(|source| Error::Folder { path, source })?;
        }
        Ok(merchant)
    }

    fn settings(&self, kind: Kind, gateway: &str, folder: &Path) -> Value {
        let file = |name: &str| format!("file:{}", folder.join(name).display());
        match kind {
            Kind::Sandbox => json!({
                "gateway": format!("{gateway}/sandbox"),
                "account": account(kind),
                "secrets": [file("sandbox.secret")],
            }),
            Kind::Alipay => json!({
                "gateway": format!("{gateway}/alipay/gateway.do"),
                "app_id": ALIPAY_APP_ID,
                "seller_id": ALIPAY_SELLER_ID,
                "private_key": file("alipay.private.pem"),
                "alipay_public_keys": [file("alipay.provider.pem")],
            }),
            Kind::WechatPay => json!({
                "gateway": format!("{gateway}/wechat"),
                "app_id": WECHAT_APP_ID,
                "mch_id": WECHAT_MCH_ID,
                "merchant_serial": self.wechat_serial,
                "private_key": file("wechat_pay.private.pem"),
                "api_v3_keys": [file("wechat_pay.api_v3_key")],
                "platform_keys": { WECHAT_PUBLIC_KEY_ID: file("wechat_pay.provider.pem") },
            }),
            Kind::Stripe => json!({
                "gateway": format!("{gateway}/stripe"),
                "secret_key": file("stripe.secret_key"),
                "webhook_secrets": [file("stripe.webhook_secret")],
            }),
        }
    }
}

/// Both sides' pairs of keys: each side has its own private key and the other's public one.
fn pairs(ours: &Path, theirs: &Path, name: &str) -> Result<(Verifier, Signer), Error> {
    for (own, other) in [(theirs, (ours, "merchant")), (ours, (theirs, "provider"))] {
        let private = own.join(format!("{name}.private.pem"));
        let public = other.0.join(format!("{name}.{}.pem", other.1));
        if private.exists() && public.exists() {
            continue;
        }
        let pair = Pair::generate().ok_or(Error::Keys)?;
        // The public half first: a crash in between leaves no pair, and the next start makes another.
        write(&public, &pair.public).map_err(|source| Error::Folder { path: public, source })?;
        write(&private, &pair.private).map_err(|source| Error::Folder { path: private, source })?;
    }
    let read = |path: PathBuf| fs::read_to_string(&path).map_err(|source| Error::Folder { path, source });
    let merchant = read(ours.join(format!("{name}.merchant.pem")))?;
    let provider = read(ours.join(format!("{name}.private.pem")))?;
    let unreadable = || Error::Unreadable { folder: ours.to_owned(), name: name.to_owned() };
    let verifier = Verifier::read(&merchant).ok_or_else(unreadable)?;
    Ok((verifier, Signer::read(&provider).ok_or_else(unreadable)?))
}

/// The file's text, which is made first where there is none.
fn text(path: &Path, make: impl FnOnce() -> Option<String>) -> Result<String, Error> {
    let failed = |source| Error::Folder { path: path.to_owned(), source };
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = make().ok_or(Error::Keys)?;
            write(path, &format!("{text}\n")).map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}

fn random(prefix: &str, bytes: usize) -> Option<String> {
    keys::random_hex(bytes).map(|hex| format!("{prefix}{hex}"))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_stay_and_the_gateway_follows() {
        let folder = tempfile::tempdir().unwrap();
        let first = Merchant::open(folder.path(), "http://127.0.0.1:1").unwrap();
        let second = Merchant::open(folder.path(), "http://127.0.0.1:2").unwrap();
        assert_eq!(first.sandbox_secret, second.sandbox_secret);
        assert_eq!(first.wechat_serial, second.wechat_serial);
        assert_eq!(first.wechat_api_v3_key.len(), 32);
        assert_eq!(first.wechat.sign(b"text", false), second.wechat.sign(b"text", false));
        for kind in Kind::ALL {
            let path = folder.path().join(format!("merchant/{kind}.json"));
            let settings: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert!(settings["gateway"].as_str().unwrap().starts_with("http://127.0.0.1:2/"), "{settings}");
            let mut values = settings.as_object().unwrap().values().filter_map(Value::as_str);
            assert!(values.clone().all(|value| !value.contains(&first.sandbox_secret)));
            let files = values.by_ref().filter_map(|value| value.strip_prefix("file:"));
            for file in files.chain([path.to_str().unwrap()]) {
                assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
            }
        }
    }
}
