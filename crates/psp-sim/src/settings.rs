//! Owns what a tester can set, and keeps it over a restart. It does not know what follows from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kind::Kind;
use crate::merchant;

/// How Alipay's bill comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BillForm {
    Zip,
    Csv,
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Each charge pays itself after so long.
    pub(crate) auto_pay_ms: Option<u64>,
    /// How long a refund is pending, for each kind; Alipay's never is.
    pub(crate) refund_ms: BTreeMap<Kind, u64>,
    /// Whether two refunds of one charge must be a minute apart, as WeChat Pay asks for.
    pub(crate) wechat_refunds_a_minute_apart: bool,
    pub(crate) alipay_bill: BillForm,
    /// Whether Alipay knows of a charge by code only when the payer has opened it, as the real one does.
    pub(crate) alipay_unseen_until_scanned: bool,
    /// Where Stripe's events go, unless the intent's metadata has a `notify_url`.
    pub(crate) stripe_webhook_url: Option<String>,
    /// How long Stripe keeps an answer under its key.
    pub(crate) stripe_key_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_pay_ms: None,
            refund_ms: [(Kind::Sandbox, 0), (Kind::WechatPay, 300), (Kind::Stripe, 0)].into(),
            wechat_refunds_a_minute_apart: false,
            alipay_bill: BillForm::Zip,
            alipay_unseen_until_scanned: false,
            stripe_webhook_url: None,
            stripe_key_ms: 24 * 3_600_000,
        }
    }
}

/// The settings and their file.
pub(crate) struct Kept {
    path: PathBuf,
    now: RwLock<Settings>,
}

impl Kept {
    pub(crate) fn open(folder: &Path, auto_pay_ms: Option<u64>) -> Self {
        let path = folder.join("settings.json");
        let read = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Settings>(&text).ok());
        let mut settings = read.unwrap_or_default();
        settings.auto_pay_ms = auto_pay_ms.or(settings.auto_pay_ms);
        Self { path, now: RwLock::new(settings) }
    }

    pub(crate) fn now(&self) -> Settings {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the members that are given, and no others.
    pub(crate) fn change(&self, members: &Value) -> Result<Settings, String> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut merged = serde_json::to_value(&*now).map_err(|error| error.to_string())?;
        let members = members.as_object().ok_or("an object is needed")?;
        for (name, value) in members {
            match (&mut merged[name.as_str()], value) {
                (Value::Object(before), Value::Object(given)) => before.extend(given.clone()),
                (before, given) => *before = given.clone(),
            }
        }
        let settings: Settings = serde_json::from_value(merged).map_err(|error| error.to_string())?;
        let text = serde_json::to_string_pretty(&settings).map_err(|error| error.to_string())?;
        merchant::write(&self.path, &text).map_err(|error| error.to_string())?;
        *now = settings.clone();
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_changes_and_what_is_unknown_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path(), None);
        let changed = kept.change(&json!({"auto_pay_ms": 5, "refund_ms": {"stripe": 9}})).unwrap();
        assert_eq!((changed.auto_pay_ms, changed.refund_ms[&Kind::Stripe]), (Some(5), 9));
        assert_eq!(changed.refund_ms[&Kind::WechatPay], 300);
        assert!(kept.change(&json!({"auto_pay": 5})).is_err());
        assert!(kept.change(&json!([])).is_err());
        assert_eq!(Kept::open(folder.path(), None).now(), changed);
        assert_eq!(Kept::open(folder.path(), Some(7)).now().auto_pay_ms, Some(7));
    }
}
