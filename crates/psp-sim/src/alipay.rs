//! Owns Alipay's protocol: forms signed with RSA2 over the sorted parameters, answers signed over the object's bytes.
//! It does not know what may be done with a charge.

mod bill;
mod notice;
#[cfg(test)]
mod tests;
mod trade;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::book::{Charge, Letter};
use crate::exchange::{Asked, Reply, form, text};
use crate::kind::Kind;
use crate::merchant::ALIPAY_APP_ID;
use crate::mischief::On;
use crate::post::Parcel;
use crate::protocol::{Call, Protocol};
use crate::teller::Change;
use crate::world::World;

/// Alipay's open platform.
pub(crate) struct Alipay;

/// How long after the last time a notice is sent again, in seconds: 4m, 10m, 10m, 1h, 2h, 6h, 15h.
const REDELIVERY: &[u64] = &[240, 600, 600, 3_600, 7_200, 21_600, 54_000];

/// The parameters of a request, wherever they stand: some kits put them in the query and only `biz_content` in the body.
#[derive(Clone, Debug)]
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn of(asked: &Asked) -> Self {
        let mut all: BTreeMap<_, _> = form(asked.query.as_bytes()).into_iter().collect();
        if asked.method == Method::POST {
            all.extend(form(&asked.body));
        }
        Self(all)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    fn content(&self) -> Value {
        serde_json::from_str(self.get("biz_content")).unwrap_or_default()
    }

    /// `alipay_trade_query_response`.
    fn envelope(&self) -> String {
        match self.get("method") {
            "" => "error_response".to_owned(),
            method => format!("{}_response", method.replace('.', "_")),
        }
    }
}

/// What is signed: `a=1&b=2`, sorted, decoded, without what is empty and without these.
fn signed_text<'a>(parameters: impl Iterator<Item = (&'a String, &'a String)>, without: &[&str]) -> String {
    let mut pairs: Vec<_> =
        parameters.filter(|(key, value)| !value.is_empty() && !without.contains(&key.as_str())).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join("&")
}

impl Protocol for Alipay {
    fn call(&self, world: &World, asked: &Asked) -> Option<Call> {
        let parameters = Parameters::of(asked);
        let on = match parameters.get("method") {
            "alipay.trade.page.pay" | "alipay.trade.precreate" => On::Charge,
            "alipay.trade.query" => On::Query,
            "alipay.trade.close" => On::Close,
            "alipay.trade.refund" => On::Refund,
            "alipay.trade.fastpay.refund.query" => On::QueryRefund,
            _ => return None,
        };
        let content = parameters.content();
        let by_trade_no = || {
            let trade_no = text(&content, "trade_no")?;
            world.book.read(|pages| pages.charge(&trade_no).map(|charge| charge.out_trade_no.clone()))
        };
        let out_trade_no = text(&content, "out_trade_no").or_else(by_trade_no).unwrap_or_default();
        Some(Call { on, out_trade_no })
    }

    fn answer(&self, world: &World, asked: &Asked, _: Option<&str>) -> Reply {
        match (&asked.method, asked.path.as_str()) {
            (&Method::POST | &Method::GET, "/gateway.do") => (),
            (&Method::GET, "/bill") => return bill::download(world, asked),
            _ => return Reply::of(404, "text/plain", b"no such path\n".to_vec()),
        }
        let parameters = Parameters::of(asked);
        if let Err((code, message)) = verify(world, &parameters) {
            return gateway_error(&parameters, code, message);
        }
        let content = parameters.content();
        let answered = match parameters.get("method") {
            "alipay.trade.page.pay" => return trade::page(world, &parameters, &content),
            "alipay.trade.precreate" => trade::precreate(world, &parameters, &content),
            "alipay.trade.query" => trade::query(world, &content),
            "alipay.trade.close" => trade::close(world, &content),
            "alipay.trade.refund" => trade::refund(world, &content),
            "alipay.trade.fastpay.refund.query" => trade::query_refund(world, &content),
            "alipay.data.dataservice.bill.downloadurl.query" => bill::url(world, &content),
            _ => return gateway_error(&parameters, "isv.invalid-method", "不存在的方法名"),
        };
        enveloped(&parameters, &answered.unwrap_or_else(|(code, message)| failed(code, message)))
    }

    fn refusal(&self, _: &World, asked: &Asked, code: &str) -> Reply {
        let parameters = Parameters::of(asked);
        let body = match code {
            // The gateway's own words for an outcome that is not known.
            "20000" => json!({"code": "20000", "msg": "Service Currently Unavailable",
                "sub_code": "isp.unknow-error", "sub_msg": "系统繁忙"}),
            _ => failed(code, "业务处理失败"),
        };
        enveloped(&parameters, &body)
    }

    fn outage(&self) -> Reply {
        Reply::of(500, "text/html", b"<html><body>Internal Server Error</body></html>".to_vec())
    }

    fn sign(&self, world: &World, _: &Asked, mut reply: Reply, spoil: bool) -> Reply {
        if let Some(name) = reply.envelope.take() {
            let signature = world.merchant.alipay.sign(&reply.body, spoil);
            let body = String::from_utf8_lossy(&reply.body);
            reply.body = format!("{{\"{name}\":{body},\"sign\":\"{signature}\"}}").into_bytes();
        }
        reply
    }

    fn events(&self, charge: &Charge, news: Change) -> &'static [&'static str] {
        match news {
            Change::Refunded { .. } if charge.is_reversed() => &["TRADE_CLOSED"],
            Change::Paid | Change::Refunded { .. } => &["TRADE_SUCCESS"],
            Change::Closed => &["TRADE_CLOSED"],
            Change::PaymentRefused | Change::RefundTaken | Change::RefundFailed => &[],
        }
    }

    fn contradiction(&self) -> &'static str {
        "TRADE_CLOSED"
    }

    fn parcel(&self, world: &World, letter: &Letter) -> Parcel {
        notice::parcel(world, letter)
    }

    fn is_taken(&self, status: u16, body: &[u8]) -> bool {
        status == 200 && body == b"success"
    }

    fn redelivery(&self) -> &'static [u64] {
        REDELIVERY
    }
}

/// Signs what the browser takes along to the merchant's page after the payment.
pub(crate) fn return_url(world: &World, charge: &Charge) -> Option<String> {
    notice::return_url(world, charge)
}

fn verify(world: &World, parameters: &Parameters) -> Result<(), (&'static str, &'static str)> {
    if parameters.get("app_id") != ALIPAY_APP_ID {
        return Err(("isv.invalid-app-id", "无效的AppID参数"));
    }
    if parameters.get("sign_type") != "RSA2" {
        return Err(("isv.invalid-signature-type", "无效的签名类型"));
    }
    if !parameters.get("charset").eq_ignore_ascii_case("utf-8") {
        return Err(("isv.invalid-charset", "字符集错误"));
    }
    if crate::clock::read_shanghai(parameters.get("timestamp")).is_none() {
        return Err(("isv.invalid-timestamp", "非法的时间戳参数"));
    }
    if parameters.get("sign").is_empty() {
        return Err(("isv.missing-signature", "缺少签名参数"));
    }
    let text = signed_text(parameters.0.iter(), &["sign"]);
    let holds = world.merchant.alipay_app.holds(text.as_bytes(), parameters.get("sign"));
    holds.then_some(()).ok_or(("isv.invalid-signature", "无效签名"))
}

fn enveloped(parameters: &Parameters, body: &Value) -> Reply {
    let mut reply = Reply::of(200, "text/html;charset=utf-8", body.to_string().into_bytes());
    reply.envelope = Some(parameters.envelope());
    reply
}

fn gateway_error(parameters: &Parameters, code: &str, message: &str) -> Reply {
    let (number, words) = if code == "isv.missing-signature" {
        ("40001", "Missing Required Arguments")
    } else {
        ("40002", "Invalid Arguments")
    };
    enveloped(parameters, &json!({"code": number, "msg": words, "sub_code": code, "sub_msg": message}))
}

fn failed(code: &str, message: &str) -> Value {
    json!({"code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": message})
}

/// The charge that a request names, by the provider's number or the merchant's.
fn named(world: &World, content: &Value) -> Option<Charge> {
    world.book.read(|pages| match (text(content, "trade_no"), text(content, "out_trade_no")) {
        (Some(number), _) => pages.charge(&number).filter(|charge| charge.kind == Kind::Alipay).cloned(),
        (None, Some(number)) => pages.trade(Kind::Alipay, &number).cloned(),
        (None, None) => None,
    })
}
