//! Owns WeChat Pay's bill: all transactions and refunds of a day, as
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791876> has it. It does not know who fetches it.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::json;

use super::error;
use super::transactions::invalid;
use crate::book::{Charge, Movement};
use crate::exchange::{Asked, Reply};
use crate::kind::Kind;
use crate::merchant::{WECHAT_APP_ID, WECHAT_MCH_ID};
use crate::protocol::yuan;
use crate::world::World;
use crate::{clock, keys};

type Answered = Result<Reply, Reply>;

const COLUMNS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,\
    付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,\
    商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

pub(super) fn url(world: &World, asked: &Asked) -> Answered {
    let day = asked.queried("bill_date").unwrap_or_default();
    let range = clock::day(&day, true).ok_or_else(|| invalid("bill_date不合法"))?;
    if asked.queried("bill_type").is_some_and(|it| it != "ALL") {
        return Err(invalid("bill_type不合法"));
    }
    let file = file(world, &range).ok_or_else(|| error(400, "NO_STATEMENT_EXIST", "账单文件不存在"))?;
    let url = format!("{}/wechat/v3/billdownload/file?token={day}.{}", world.gateway, token(world, &day));
    Ok(Reply::json(
        200,
        &json!({"hash_type": "SHA1", "hash_value": keys::sha1_hex(file.as_bytes()), "download_url": url}),
    ))
}

pub(super) fn download(world: &World, asked: &Asked) -> Answered {
    let given = asked.queried("token").unwrap_or_default();
    let (day, token_given) = given.split_once('.').unwrap_or_default();
    let range = clock::day(day, true).filter(|_| token_given == token(world, day));
    let file = range.and_then(|range| file(world, &range));
    let file = file.ok_or_else(|| error(403, "NO_AUTH", "下载地址无效"))?;
    Ok(Reply::of(200, "application/octet-stream", file.into_bytes()))
}

fn token(world: &World, day: &str) -> String {
    keys::hmac_hex(&world.merchant.wechat_api_v3_key, format!("bill {day}").as_bytes(), false)
}

fn file(world: &World, day: &Range<i64>) -> Option<String> {
    let rows = world.book.read(|pages| {
        let of_day = pages.movements().iter().filter(|it| it.of == Kind::WechatPay && day.contains(&it.moved_at));
        let rows = of_day.filter_map(|it| Some((it.clone(), pages.trade(Kind::WechatPay, &it.out_trade_no)?.clone())));
        rows.collect::<Vec<_>>()
    });
    if rows.is_empty() {
        return None;
    }
    let mut file = format!("\u{feff}{COLUMNS}\r\n");
    let (mut paid, mut refunded) = (0, 0);
    for (movement, charge) in &rows {
        if movement.kind == "refund" {
            refunded += movement.amount;
        } else {
            paid += movement.amount;
        }
        row(&mut file, movement, charge);
    }
    write!(
        file,
        "{SUMS}\r\n`{},`{paid},`{refunded},`0.00,`0.00000,`{paid},`{refunded}\r\n",
        rows.len(),
        paid = yuan(paid),
        refunded = yuan(refunded),
    )
    .expect("a text takes what is written to it");
    Some(file)
}

/// Each value begins with a backtick, so that a spreadsheet leaves it alone.
fn row(file: &mut String, movement: &Movement, charge: &Charge) {
    let is_refund = movement.kind == "refund";
    let (paid, refunded) = if is_refund { (0, movement.amount) } else { (movement.amount, 0) };
    let refund_no = if is_refund { movement.channel_no.as_str() } else { "0" };
    let values = [
        clock::shanghai(movement.moved_at),
        WECHAT_APP_ID.to_owned(),
        WECHAT_MCH_ID.to_owned(),
        "0".to_owned(),
        String::new(),
        charge.charge_no.clone(),
        charge.out_trade_no.clone(),
        "oSimulatedPayer0000000000001".to_owned(),
        "NATIVE".to_owned(),
        if is_refund { "REFUND" } else { "SUCCESS" }.to_owned(),
        "OTHERS".to_owned(),
        charge.currency.clone(),
        yuan(paid),
        "0.00".to_owned(),
        refund_no.to_owned(),
        movement.out_refund_no.clone().unwrap_or_else(|| "0".to_owned()),
        yuan(refunded),
        "0.00".to_owned(),
        if is_refund { "ORIGINAL" } else { "" }.to_owned(),
        if is_refund { "SUCCESS" } else { "" }.to_owned(),
        // The real file has no quotes either; a comma would shift what follows.
        charge.subject.replace([',', '\r', '\n'], " "),
        charge.metadata.get("attach").map(|it| it.replace([',', '\r', '\n'], " ")).unwrap_or_default(),
        "0.00000".to_owned(),
        "0.60%".to_owned(),
        yuan(paid),
        yuan(refunded),
        String::new(),
    ];
    let values: Vec<_> = values.iter().map(|value| format!("`{value}")).collect();
    file.push_str(&values.join(","));
    file.push_str("\r\n");
}
