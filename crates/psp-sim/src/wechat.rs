//! Owns WeChat Pay's protocol, version 3: JSON, RSA over the request's lines and over the answer's. It does not know
//! what may be done with a charge.

mod bill;
mod certificates;
mod notice;
mod refunds;
#[cfg(test)]
mod tests;
mod transactions;

use http::Method;
use serde_json::json;

use crate::book::{Charge, Letter, Refund};
use crate::exchange::{Asked, Reply, text};
use crate::kind::Kind;
use crate::merchant::{WECHAT_MCH_ID, WECHAT_PUBLIC_KEY_ID};
use crate::mischief::On;
use crate::post::Parcel;
use crate::protocol::{Call, Protocol};
use crate::teller::Change;
use crate::world::World;
use crate::{clock, keys};

/// WeChat Pay.
pub(crate) struct Wechat;

/// How long after the last time a notice is sent again, in seconds: 15s, 15s, 30s, 3m, 10m, 20m, 30m, 30m, 30m, 60m, 3h, 3h, 3h, 6h, 6h.
/// <https://pay.weixin.qq.com/docs/partner/apis/partner-scannedpos-payment/payment-notice.html>
pub(crate) const REDELIVERY: &[u64] =
    &[15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600];

const SCHEMA: &str = "WECHATPAY2-SHA256-RSA2048";
const CLOCKS_APART_MAX_MS: i64 = 300_000;

impl Protocol for Wechat {
    fn call(&self, world: &World, asked: &Asked) -> Option<Call> {
        let parts = asked.parts();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let given = |name| asked.json().and_then(|body| text(&body, name));
        let of = |number: &str| world.book.read(|pages| pages.charge(number).map(|it| it.out_trade_no.clone()));
        let (on, number) = match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v3", "pay", "transactions", "native"]) => (On::Charge, given("out_trade_no")),
            (&Method::GET, ["v3", "pay", "transactions", "out-trade-no", number]) => {
                (On::Query, Some((*number).to_owned()))
            }
            (&Method::GET, ["v3", "pay", "transactions", "id", number]) => (On::Query, of(number)),
            (&Method::POST, ["v3", "pay", "transactions", "out-trade-no", number, "close"]) => {
                (On::Close, Some((*number).to_owned()))
            }
            (&Method::POST, ["v3", "refund", "domestic", "refunds"]) => {
                let number = given("transaction_id").and_then(|number| of(&number));
                (On::Refund, given("out_trade_no").or(number))
            }
            (&Method::GET, ["v3", "refund", "domestic", "refunds", number]) => {
                let of = |refund: &Refund| refund.out_trade_no.clone();
                let found = world.book.read(|pages| pages.refund_numbered(Kind::WechatPay, "", number).map(of));
                (On::QueryRefund, found)
            }
            _ => return None,
        };
        Some(Call { on, out_trade_no: number.unwrap_or_default() })
    }

    fn answer(&self, world: &World, asked: &Asked, fails: Option<&str>) -> Reply {
        if let Err(why) = verify(world, asked) {
            return error(401, "SIGN_ERROR", why);
        }
        let parts = asked.parts();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        let answered = match (&asked.method, parts.as_slice()) {
            (&Method::POST, ["v3", "pay", "transactions", "native"]) => transactions::native(world, asked),
            (&Method::GET, ["v3", "pay", "transactions", "out-trade-no", number]) => {
                transactions::query(world, asked, transactions::By::OutTradeNo(number))
            }
            (&Method::GET, ["v3", "pay", "transactions", "id", number]) => {
                transactions::query(world, asked, transactions::By::TransactionId(number))
            }
            (&Method::POST, ["v3", "pay", "transactions", "out-trade-no", number, "close"]) => {
                transactions::close(world, asked, number)
            }
            (&Method::POST, ["v3", "refund", "domestic", "refunds"]) => refunds::refund(world, asked, fails),
            (&Method::GET, ["v3", "refund", "domestic", "refunds", number]) => refunds::query(world, number),
            (&Method::GET, ["v3", "certificates"]) => certificates::list(world),
            (&Method::GET, ["v3", "bill", "tradebill"]) => bill::url(world, asked),
            (&Method::GET, ["v3", "billdownload", "file"]) => bill::download(world, asked),
            _ => Err(error(404, "RESOURCE_NOT_EXISTS", "请求的资源不存在")),
        };
        answered.unwrap_or_else(|refused| refused)
    }

    fn refusal(&self, _: &World, _: &Asked, code: &str) -> Reply {
        let status = match code {
            "ORDER_NOT_EXIST" | "RESOURCE_NOT_EXISTS" => 404,
            "NOT_ENOUGH" | "NO_AUTH" | "RULE_LIMIT" | "OUT_TRADE_NO_USED" | "USER_ACCOUNT_ABNORMAL" => 403,
            "SIGN_ERROR" => 401,
            "FREQUENCY_LIMITED" | "RATELIMIT_EXCEEDED" => 429,
            "SYSTEM_ERROR" | "BANK_ERROR" => 500,
            _ => 400,
        };
        error(status, code, "测试要求的拒绝")
    }

    fn outage(&self) -> Reply {
        error(500, "SYSTEM_ERROR", "系统异常，请稍后重试")
    }

    fn sign(&self, world: &World, asked: &Asked, reply: Reply, spoil: bool) -> Reply {
        // A bill's file is the one answer that is not signed: its hash was.
        if asked.path.starts_with("/v3/billdownload/") && reply.status == 200 {
            return reply;
        }
        sign(world, &reply.body.clone(), clock::now(), spoil)
            .into_iter()
            .fold(reply, |reply, (name, value)| reply.with(name, value))
    }

    fn events(&self, _: &Charge, news: Change) -> &'static [&'static str] {
        match news {
            Change::Paid => &["TRANSACTION.SUCCESS"],
            Change::Refunded { .. } => &["REFUND.SUCCESS"],
            Change::RefundFailed => &["REFUND.ABNORMAL"],
            Change::PaymentRefused | Change::Closed | Change::RefundTaken => &[],
        }
    }

    fn contradiction(&self) -> &'static str {
        "TRANSACTION.SUCCESS"
    }

    fn parcel(&self, world: &World, letter: &Letter) -> Parcel {
        notice::parcel(world, letter)
    }

    fn is_taken(&self, status: u16, _: &[u8]) -> bool {
        matches!(status, 200 | 204)
    }

    fn redelivery(&self) -> &'static [u64] {
        REDELIVERY
    }
}

/// The headers that sign a body as WeChat Pay.
fn sign(world: &World, body: &[u8], at: i64, spoil: bool) -> Vec<(&'static str, String)> {
    let timestamp = (at / 1_000).to_string();
    let nonce = keys::random_hex(16).unwrap_or_default();
    let certificate = world.certificates.current();
    let signer = certificate.as_ref().map_or(&world.merchant.wechat, |certificate| &certificate.signer);
    let signature = signer.sign(&signed_text(&[&timestamp, &nonce], body), spoil);
    let serial = certificate.as_ref().map_or(WECHAT_PUBLIC_KEY_ID, |certificate| certificate.serial());
    vec![
        ("wechatpay-timestamp", timestamp),
        ("wechatpay-nonce", nonce),
        ("wechatpay-signature", signature),
        ("wechatpay-signature-type", SCHEMA.to_owned()),
        ("wechatpay-serial", serial.to_owned()),
    ]
}

/// Each line ends with a line feed, the body too:
/// <https://pay.weixin.qq.com/doc/v3/merchant/4012365342>.
fn signed_text(lines: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
    text.extend_from_slice(body);
    text.push(b'\n');
    text
}

fn verify(world: &World, asked: &Asked) -> Result<(), &'static str> {
    let given = asked.header("authorization").strip_prefix(SCHEMA).ok_or("Authorization不合法")?;
    let member = |name: &str| {
        let found = given.split(',').filter_map(|pair| pair.trim().split_once('='));
        found.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"')).next().unwrap_or_default()
    };
    if member("mchid") != WECHAT_MCH_ID || !member("serial_no").eq_ignore_ascii_case(&world.merchant.wechat_serial) {
        return Err("商户号或证书序列号不符");
    }
    let seconds: i64 = member("timestamp").parse().map_err(|_| "时间戳不合法")?;
    if (clock::now() - seconds.saturating_mul(1_000)).abs() > CLOCKS_APART_MAX_MS {
        return Err("时间戳与当前时间相差过大");
    }
    // The real host has no prefix; a client that signs the path it would have there is right too.
    let bare = asked.target.strip_prefix("/wechat").unwrap_or(&asked.target);
    let holds = |target: &str| {
        let lines = [asked.method.as_str(), target, member("timestamp"), member("nonce_str")];
        let text = signed_text(&lines, &asked.body);
        world.merchant.wechat_verifier.holds(&text, member("signature"))
    };
    (holds(&asked.target) || holds(bare)).then_some(()).ok_or("签名错误")
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"code": code, "message": message}))
}
