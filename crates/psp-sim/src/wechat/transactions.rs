//! Owns WeChat Pay's transactions: paid by code, asked for, closed, in the words of
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791874>. It does not know of signatures.

use serde_json::{Value, json};

use super::error;
use crate::book::{Charge, Refusal, Status};
use crate::clock;
use crate::exchange::{Asked, Reply, text};
use crate::keys;
use crate::kind::Kind;
use crate::merchant::{WECHAT_APP_ID, WECHAT_MCH_ID};
use crate::world::{Opening, World};

type Answered = Result<Reply, Reply>;

/// How a transaction is named.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    OutTradeNo(&'a str),
    TransactionId(&'a str),
}

pub(super) fn native(world: &World, asked: &Asked) -> Answered {
    let body = asked.json().ok_or_else(|| invalid("请求不是JSON"))?;
    merchant(&body)?;
    if text(&body, "appid").as_deref() != Some(WECHAT_APP_ID) {
        return Err(error(400, "APPID_MCHID_NOT_MATCH", "AppID与商户号不匹配"));
    }
    let fits = |it: &String| {
        (6..=32).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-|*".contains(&byte))
    };
    let out_trade_no = text(&body, "out_trade_no").filter(fits).ok_or_else(|| invalid("out_trade_no不合法"))?;
    let amount = body["amount"]["total"].as_i64().filter(|it| *it > 0).ok_or_else(|| invalid("amount.total不合法"))?;
    if body["amount"]["currency"].as_str().unwrap_or("CNY") != "CNY" {
        return Err(invalid("amount.currency不合法"));
    }
    let expires_at = match text(&body, "time_expire") {
        Some(text) => Some(clock::read(&text).ok_or_else(|| invalid("time_expire不合法"))?),
        None => None,
    };
    let opening = Opening {
        kind: Kind::WechatPay,
        out_trade_no,
        amount,
        currency: "CNY".to_owned(),
        subject: text(&body, "description").ok_or_else(|| invalid("description不合法"))?,
        method: "qr".to_owned(),
        notify_url: Some(text(&body, "notify_url").ok_or_else(|| invalid("notify_url不合法"))?),
        return_url: None,
        expires_at,
        metadata: text(&body, "attach").map(|it| ("attach".to_owned(), it)).into_iter().collect(),
    };
    let charge = world.turn(|turn| match turn.pages.trade(Kind::WechatPay, &opening.out_trade_no) {
        None => Ok(turn.open(opening)),
        Some(charge) if charge.status == Status::Succeeded => Err(paid()),
        Some(charge) if charge.status != Status::Pending => Err(error(400, "ORDER_CLOSED", "订单已关闭")),
        Some(charge) if charge.amount != opening.amount => {
            Err(error(403, "OUT_TRADE_NO_USED", "商户订单号重复，请核实商户订单号是否重复提交"))
        }
        Some(charge) => Ok(charge.clone()),
    })?;
    let code = &keys::sha256_hex(charge.charge_no.as_bytes())[..9];
    Ok(Reply::json(200, &json!({"code_url": format!("weixin://wxpay/bizpayurl?pr={code}")})))
}

pub(super) fn query(world: &World, asked: &Asked, by: By<'_>) -> Answered {
    if asked.queried("mchid").as_deref() != Some(WECHAT_MCH_ID) {
        return Err(invalid("mchid不合法"));
    }
    let found = world.book.read(|pages| match by {
        By::OutTradeNo(number) => pages.trade(Kind::WechatPay, number).cloned(),
        By::TransactionId(number) => pages.charge(number).filter(|it| it.kind == Kind::WechatPay).cloned(),
    });
    Ok(Reply::json(200, &transaction(&found.ok_or_else(unknown)?)))
}

pub(super) fn close(world: &World, asked: &Asked, out_trade_no: &str) -> Answered {
    let body = asked.json().ok_or_else(|| invalid("请求不是JSON"))?;
    merchant(&body)?;
    let charge = world.book.read(|pages| pages.trade(Kind::WechatPay, out_trade_no).cloned()).ok_or_else(unknown)?;
    match world.turn(|turn| turn.close(&charge.charge_no, None)) {
        Ok(_) | Err(Refusal::Closed) => Ok(Reply::empty(204)),
        Err(_) => Err(paid()),
    }
}

/// A transaction, as an answer and a notice have it.
pub(super) fn transaction(charge: &Charge) -> Value {
    let (state, words) = match charge.status {
        Status::Pending => ("NOTPAY", "订单未支付"),
        Status::Succeeded if charge.refunded > 0 => ("REFUND", "转入退款"),
        Status::Succeeded => ("SUCCESS", "支付成功"),
        Status::Failed => ("PAYERROR", "支付失败"),
        Status::Closed => ("CLOSED", "订单已关闭"),
    };
    let mut transaction = json!({
        "appid": WECHAT_APP_ID,
        "mchid": WECHAT_MCH_ID,
        "out_trade_no": charge.out_trade_no,
        "trade_state": state,
        "trade_state_desc": words,
        "attach": charge.metadata.get("attach").map(String::as_str).unwrap_or_default(),
        "amount": {"total": charge.amount, "currency": charge.currency},
    });
    if let Some(at) = charge.paid_at {
        transaction["transaction_id"] = charge.charge_no.as_str().into();
        transaction["trade_type"] = "NATIVE".into();
        transaction["bank_type"] = "OTHERS".into();
        transaction["success_time"] = clock::shanghai_rfc3339(at).into();
        transaction["payer"] = json!({"openid": "oSimulatedPayer0000000000001"});
        transaction["amount"]["payer_total"] = charge.amount.into();
        transaction["amount"]["payer_currency"] = charge.currency.as_str().into();
    }
    transaction
}

pub(super) fn invalid(message: &str) -> Reply {
    error(400, "PARAM_ERROR", message)
}

fn unknown() -> Reply {
    error(404, "ORDER_NOT_EXIST", "订单不存在")
}

fn paid() -> Reply {
    error(400, "ORDERPAID", "订单已支付")
}

fn merchant(body: &Value) -> Result<(), Reply> {
    let ours = text(body, "mchid").as_deref() == Some(WECHAT_MCH_ID);
    ours.then_some(()).ok_or_else(|| invalid("mchid不合法"))
}
