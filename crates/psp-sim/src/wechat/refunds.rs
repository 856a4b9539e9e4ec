//! Owns WeChat Pay's refunds: taken first, done a moment later, in the words of
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791883>. It does not know of signatures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error;
use super::transactions::invalid;
use crate::book::{Asking, Charge, Refund, Refusal, Status};
use crate::clock;
use crate::exchange::{Asked, Reply, text};
use crate::kind::Kind;
use crate::world::World;

type Answered = Result<Reply, Reply>;

pub(super) fn refund(world: &World, asked: &Asked, fails: Option<&str>) -> Answered {
    let body = asked.json().ok_or_else(|| invalid("请求不是JSON"))?;
    let found = world.book.read(|pages| match (text(&body, "transaction_id"), text(&body, "out_trade_no")) {
        (Some(number), _) => pages.charge(&number).filter(|it| it.kind == Kind::WechatPay).cloned(),
        (None, Some(number)) => pages.trade(Kind::WechatPay, &number).cloned(),
        (None, None) => None,
    });
    let charge = found.ok_or_else(|| error(404, "RESOURCE_NOT_EXISTS", "订单不存在"))?;
    let whole = |name: &str| body["amount"][name].as_i64().filter(|it| *it > 0);
    let amount = whole("refund").ok_or_else(|| invalid("amount.refund不合法"))?;
    if whole("total") != Some(charge.amount) || body["amount"]["currency"].as_str() != Some("CNY") {
        return Err(invalid("订单金额或币种与原订单不一致"));
    }
    let number = text(&body, "out_refund_no").filter(|it| it.len() <= 64);
    let apart_ms = if world.settings.now().wechat_refunds_a_minute_apart { 60_000 } else { 0 };
    let asking = Asking {
        charge_no: charge.charge_no.clone(),
        out_refund_no: number.ok_or_else(|| invalid("out_refund_no不合法"))?,
        amount,
        currency: "CNY".to_owned(),
        reason: text(&body, "reason").unwrap_or_default(),
        notify_url: text(&body, "notify_url"),
        metadata: BTreeMap::new(),
        apart_ms,
        fails: fails.map(ToOwned::to_owned),
    };
    let (refund, _) = world.turn(|turn| turn.refund(asking)).map_err(refused)?;
    Ok(Reply::json(200, &shown(&charge, &refund)))
}

pub(super) fn query(world: &World, out_refund_no: &str) -> Answered {
    let found = world.book.read(|pages| {
        let refund = pages.refund_numbered(Kind::WechatPay, "", out_refund_no)?;
        Some((pages.charge(&refund.charge_no)?.clone(), refund.clone()))
    });
    let (charge, refund) = found.ok_or_else(|| error(404, "RESOURCE_NOT_EXISTS", "退款单不存在"))?;
    Ok(Reply::json(200, &shown(&charge, &refund)))
}

pub(super) fn status(refund: &Refund) -> &'static str {
    match refund.status {
        Status::Pending => "PROCESSING",
        Status::Succeeded => "SUCCESS",
        Status::Failed if refund.code.as_deref() == Some("CLOSED") => "CLOSED",
        Status::Failed | Status::Closed => "ABNORMAL",
    }
}

fn shown(charge: &Charge, refund: &Refund) -> Value {
    let mut shown = json!({
        "refund_id": refund.refund_no,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": charge.charge_no,
        "out_trade_no": charge.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": clock::shanghai_rfc3339(refund.created_at),
        "status": status(refund),
        "funds_account": "AVAILABLE",
        "amount": {
            "total": charge.amount,
            "refund": refund.amount,
            "from": [],
            "payer_total": charge.amount,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": charge.amount,
            "discount_refund": 0,
            "currency": refund.currency,
        },
        "promotion_detail": [],
    });
    if let Some(at) = refund.done_at.filter(|_| refund.status == Status::Succeeded) {
        shown["success_time"] = clock::shanghai_rfc3339(at).into();
    }
    shown
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Unknown => error(404, "RESOURCE_NOT_EXISTS", "订单不存在"),
        Refusal::TooSoon => error(429, "FREQUENCY_LIMITED", "频率限制，2笔退款间隔需大于1分钟"),
        Refusal::TooMany => error(400, "INVALID_REQUEST", "一笔订单最多支持50次部分退款"),
        Refusal::NumberUsed => error(400, "INVALID_REQUEST", "请求单号重入参数不一致"),
        Refusal::Exceeds => error(400, "INVALID_REQUEST", "申请退款金额大于可退金额"),
        Refusal::OtherCurrency => invalid("币种与原订单不一致"),
        Refusal::NotPaid | Refusal::AlreadyPaid | Refusal::Failed | Refusal::Closed => {
            error(400, "INVALID_REQUEST", "订单未支付成功，不能退款")
        }
    }
}
