//! Owns the shape of the providers' own numbers. It does not know what they are given to.

use crate::clock;
use crate::kind::Kind;

/// A charge's: Alipay's and WeChat Pay's have 28 digits, as the real ones.
pub(crate) fn charge(kind: Kind, number: u64, now: i64) -> String {
    match kind {
        Kind::Sandbox => format!("sc{number:018}"),
        Kind::Alipay => format!("{}22001{number:015}", clock::shanghai_day_digits(now)),
        Kind::WechatPay => format!("4200{number:024}"),
        Kind::Stripe => format!("pi_3Sim{number:020}"),
    }
}

/// A refund's.
pub(crate) fn refund(kind: Kind, number: u64) -> String {
    match kind {
        Kind::Sandbox => format!("sr{number:018}"),
        Kind::Alipay => format!("ar{number:018}"),
        Kind::WechatPay => format!("5030{number:024}"),
        Kind::Stripe => format!("re_3Sim{number:020}"),
    }
}
