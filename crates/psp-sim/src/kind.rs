//! Owns which providers are simulated, and their names. It does not know how any of them speaks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Sandbox,
    Alipay,
    WechatPay,
    Stripe,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Sandbox, Self::Alipay, Self::WechatPay, Self::Stripe];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Alipay => "alipay",
            Self::WechatPay => "wechat_pay",
            Self::Stripe => "stripe",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
