//! Owns Alipay's trade methods: what they need and what they are answered with, in the words of
//! <https://opendocs.alipay.com/open/028r8t>. It does not know of signatures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Parameters, gateway_error, named};
use crate::book::{Asking, Charge, Refusal, Status};
use crate::clock;
use crate::exchange::{Reply, TEXT, text};
use crate::kind::Kind;
use crate::protocol::{fen, yuan};
use crate::world::{Opening, World};

type Answered = Result<Value, (&'static str, &'static str)>;

const NOT_EXIST: (&str, &str) = ("ACQ.TRADE_NOT_EXIST", "交易不存在");
const INVALID: (&str, &str) = ("ACQ.INVALID_PARAMETER", "参数无效");

/// The payer's browser comes with the signed URL; it is sent on to the page where is paid.
pub(super) fn page(world: &World, parameters: &Parameters, content: &Value) -> Reply {
    match open(world, parameters, content, "page") {
        Ok(charge) => Reply::empty(302).with("location", world.pay_url(&charge)),
        Err((code, message)) => {
            let mut reply = gateway_error(parameters, code, message);
            reply.envelope = None;
            reply.headers = vec![("content-type", TEXT.to_owned())];
            reply.body = format!("{code} {message}\n").into_bytes();
            reply
        }
    }
}

pub(super) fn precreate(world: &World, parameters: &Parameters, content: &Value) -> Answered {
    let charge = open(world, parameters, content, "qr")?;
    Ok(json!({
        "code": "10000",
        "msg": "Success",
        "out_trade_no": charge.out_trade_no,
        "qr_code": world.pay_url(&charge),
    }))
}

fn open(
    world: &World,
    parameters: &Parameters,
    content: &Value,
    method: &str,
) -> Result<Charge, (&'static str, &'static str)> {
    let out_trade_no = text(content, "out_trade_no").filter(|it| it.len() <= 64).ok_or(INVALID)?;
    let amount = text(content, "total_amount").and_then(|text| fen(&text)).filter(|it| *it > 0);
    let amount = amount.ok_or(("ACQ.INVALID_PARAMETER", "total_amount无效"))?;
    let subject = text(content, "subject").ok_or(("ACQ.INVALID_PARAMETER", "subject无效"))?;
    let expires_at = match text(content, "time_expire") {
        Some(text) => Some(clock::read_shanghai(&text).ok_or(("ACQ.INVALID_PARAMETER", "time_expire无效"))?),
        None => None,
    };
    let given = |name: &str| Some(parameters.get(name).to_owned()).filter(|text| !text.is_empty());
    let opening = Opening {
        kind: Kind::Alipay,
        out_trade_no,
        amount,
        currency: "CNY".to_owned(),
        subject,
        method: method.to_owned(),
        notify_url: given("notify_url"),
        return_url: given("return_url"),
        expires_at,
        metadata: text(content, "passback_params").map(|it| ("passback_params".to_owned(), it)).into_iter().collect(),
    };
    world.turn(|turn| match turn.pages.trade(Kind::Alipay, &opening.out_trade_no) {
        None => Ok(turn.open(opening)),
        Some(charge) if charge.status == Status::Succeeded => Err(("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")),
        Some(charge) if charge.status != Status::Pending => Err(("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")),
        Some(charge) if charge.amount != opening.amount => Err(("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")),
        Some(charge) => Ok(charge.clone()),
    })
}

pub(super) fn query(world: &World, content: &Value) -> Answered {
    let charge = visible(world, content)?;
    let mut answer = json!({
        "code": "10000",
        "msg": "Success",
        "trade_no": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "buyer_logon_id": "sim***@example.com",
        "trade_status": trade_status(&charge),
        "total_amount": yuan(charge.amount),
    });
    if let Some(at) = charge.paid_at {
        answer["send_pay_date"] = clock::shanghai(at).into();
        for name in ["receipt_amount", "buyer_pay_amount", "invoice_amount"] {
            answer[name] = yuan(charge.amount).into();
        }
        answer["point_amount"] = "0.00".into();
        answer["buyer_user_id"] = "2088000000000099".into();
    }
    Ok(answer)
}

pub(super) fn close(world: &World, content: &Value) -> Answered {
    let charge = visible(world, content)?;
    let closed = world.turn(|turn| turn.close(&charge.charge_no, None));
    let charge = closed.map_err(|_| ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"))?;
    Ok(json!({
        "code": "10000",
        "msg": "Success",
        "trade_no": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
    }))
}

pub(super) fn refund(world: &World, content: &Value) -> Answered {
    let charge = visible(world, content)?;
    let amount = text(content, "refund_amount").and_then(|text| fen(&text)).filter(|it| *it > 0);
    // Without a number of its own a refund is of the whole, and has the trade's.
    let number = text(content, "out_request_no").unwrap_or_else(|| charge.out_trade_no.clone());
    let asking = Asking {
        charge_no: charge.charge_no.clone(),
        out_refund_no: number,
        amount: amount.ok_or(INVALID)?,
        currency: charge.currency.clone(),
        reason: text(content, "refund_reason").unwrap_or_default(),
        notify_url: None,
        metadata: BTreeMap::new(),
        apart_ms: 0,
        fails: None,
    };
    let asked = world.turn(|turn| turn.refund(asking));
    let (refund, fresh) = asked.map_err(|refusal| match refusal {
        Refusal::NumberUsed => ("ACQ.DISCORDANT_REPEAT_REQUEST", "请求不一致"),
        Refusal::Exceeds if charge.is_reversed() => ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
        Refusal::Exceeds => ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"),
        Refusal::Unknown => NOT_EXIST,
        _ => ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
    })?;
    let all = world.book.read(|pages| pages.charge(&charge.charge_no).map_or(0, |charge| charge.refunded));
    Ok(json!({
        "code": "10000",
        "msg": "Success",
        "trade_no": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "buyer_logon_id": "sim***@example.com",
        "fund_change": if fresh { "Y" } else { "N" },
        "refund_fee": yuan(all),
        "send_back_fee": yuan(if fresh { refund.amount } else { 0 }),
        "gmt_refund_pay": clock::shanghai(refund.done_at.unwrap_or(refund.created_at)),
    }))
}

pub(super) fn query_refund(world: &World, content: &Value) -> Answered {
    let charge = visible(world, content)?;
    let number = text(content, "out_request_no").ok_or(INVALID)?;
    let found = world.book.read(|pages| pages.refund_numbered(Kind::Alipay, &charge.out_trade_no, &number).cloned());
    let mut answer = json!({"code": "10000", "msg": "Success"});
    // A refund that is not known is no error: the answer says nothing of one.
    if let Some(refund) = found {
        answer["trade_no"] = charge.charge_no.into();
        answer["out_trade_no"] = charge.out_trade_no.into();
        answer["out_request_no"] = refund.out_refund_no.into();
        answer["total_amount"] = yuan(charge.amount).into();
        answer["refund_amount"] = yuan(refund.amount).into();
        answer["gmt_refund_pay"] = refund.done_at.map(clock::shanghai).into();
        if refund.status == Status::Succeeded {
            answer["refund_status"] = "REFUND_SUCCESS".into();
        }
    }
    Ok(answer)
}

/// Closed stands for two things: never paid, and all given back.
pub(super) fn trade_status(charge: &Charge) -> &'static str {
    match charge.status {
        Status::Pending => "WAIT_BUYER_PAY",
        Status::Succeeded if !charge.is_reversed() => "TRADE_SUCCESS",
        _ => "TRADE_CLOSED",
    }
}

/// The charge, as far as Alipay knows of it: one by code only when the payer has opened it, if that is wished.
fn visible(world: &World, content: &Value) -> Result<Charge, (&'static str, &'static str)> {
    let charge = named(world, content).ok_or(NOT_EXIST)?;
    let unseen = charge.method == "qr" && !charge.seen && world.settings.now().alipay_unseen_until_scanned;
    if unseen { Err(NOT_EXIST) } else { Ok(charge) }
}
