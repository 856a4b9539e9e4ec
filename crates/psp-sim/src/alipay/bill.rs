//! Owns Alipay's bill: the business details of a day, in GBK, plain or zipped, with the columns of the real export. It
//! does not know who fetches it.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::ops::Range;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::book::{Charge, Movement};
use crate::exchange::{Asked, Reply, field, text};
use crate::kind::Kind;
use crate::merchant::ALIPAY_SELLER_ID;
use crate::protocol::yuan;
use crate::settings::BillForm;
use crate::world::World;
use crate::{clock, keys};

const COLUMNS: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,\
    对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,\
    券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";

/// The address under which the bill of a day can be fetched.
pub(super) fn url(world: &World, content: &Value) -> Result<Value, (&'static str, &'static str)> {
    const INVALID: (&str, &str) = ("isv.invalid-arguments", "参数有误");
    let day = text(content, "bill_date").ok_or(INVALID)?;
    let range = clock::day(&day, true).ok_or(INVALID)?;
    if text(content, "bill_type").as_deref() != Some("trade") {
        return Err(INVALID);
    }
    let is_of_day = |it: &Movement| it.of == Kind::Alipay && range.contains(&it.moved_at);
    if !world.book.read(|pages| pages.movements().iter().any(is_of_day)) {
        return Err(("isp.bill_not_exist", "入参账单不存在"));
    }
    let url = format!("{}/alipay/bill?day={day}&token={}", world.gateway, token(world, &day));
    Ok(json!({"code": "10000", "msg": "Success", "bill_download_url": url}))
}

pub(super) fn download(world: &World, asked: &Asked) -> Reply {
    let day = asked.queried("day").unwrap_or_default();
    let range = clock::day(&day, true).filter(|_| asked.queried("token") == Some(token(world, &day)));
    let Some(range) = range else {
        return Reply::of(403, "text/plain", b"the address is not good\n".to_vec());
    };
    let rows = world.book.read(|pages| {
        let of_day = pages.movements().iter().filter(|it| it.of == Kind::Alipay && range.contains(&it.moved_at));
        let rows = of_day.filter_map(|it| Some((it.clone(), pages.trade(Kind::Alipay, &it.out_trade_no)?.clone())));
        rows.collect::<Vec<_>>()
    });
    let file = encoding_rs::GBK.encode(&details(&range, &rows)).0.into_owned();
    if world.settings.now().alipay_bill == BillForm::Csv {
        return Reply::of(200, "text/csv; charset=gbk", file);
    }
    match zipped(&day, &file) {
        Some(archive) => Reply::of(200, "application/zip", archive),
        None => Reply::of(500, "text/plain", b"the archive could not be made\n".to_vec()),
    }
}

fn token(world: &World, day: &str) -> String {
    keys::hmac_hex(&world.merchant.sandbox_secret, format!("bill {day}").as_bytes(), false)
}

fn details(day: &Range<i64>, rows: &[(Movement, Charge)]) -> String {
    let (from, until) = (clock::chinese(day.start), clock::chinese(day.end));
    let mut file = format!(
        "#支付宝业务明细查询\r\n#账号：[{ALIPAY_SELLER_ID}0156]\r\n#起始日期：[{from}]   \
         终止日期：[{until}]\r\n\
         #-----------------------------------------业务明细列表----------------------------------------\r\n\
         {COLUMNS}\r\n"
    );
    let mut sums = [(0, 0), (0, 0)];
    for (movement, charge) in rows {
        let is_refund = movement.kind == "refund";
        let amount = if is_refund { -movement.amount } else { movement.amount };
        let (count, sum) = &mut sums[usize::from(is_refund)];
        *count += 1;
        *sum += amount;
        let request = movement.out_refund_no.as_deref().unwrap_or_default();
        // The real export ends its numbers and names with a tab, so that a spreadsheet leaves them alone.
        write!(
            file,
            "{}\t,{}\t,{},{}\t,{},{}, , , , ,sim***@example.com\t,{amount},{amount},0.00,0.00,0.00,0.00,0.00,\t,0.00,0.00,{}\t,0.00,0.00,\t\r\n",
            charge.charge_no,
            movement.out_trade_no,
            if is_refund { "退款" } else { "交易" },
            field(&charge.subject),
            clock::shanghai(charge.created_at),
            clock::shanghai(movement.moved_at),
            field(request),
            amount = yuan(amount),
        )
        .expect("a text takes what is written to it");
    }
    write!(
        file,
        "#-----------------------------------------业务明细列表结束------------------------------------\r\n\
         #交易合计：{}笔，商家实收共{}元，商家优惠共0.00元\r\n\
         #退款合计：{}笔，商家实收退款共{}元，商家优惠退款共0.00元\r\n",
        sums[0].0,
        yuan(sums[0].1),
        sums[1].0,
        yuan(sums[1].1),
    )
    .expect("a text takes what is written to it");
    file
}

/// The real archive holds a file with sums beside that with the details.
fn zipped(day: &str, details: &[u8]) -> Option<Vec<u8>> {
    let day: String = day.chars().filter(char::is_ascii_digit).collect();
    let sums = encoding_rs::GBK.encode("#支付宝业务汇总查询\r\n").0.into_owned();
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, file) in [("业务明细", details), ("业务明细(汇总)", &sums)] {
        archive.start_file(format!("{ALIPAY_SELLER_ID}0156_{day}_{name}.csv"), options).ok()?;
        archive.write_all(file).ok()?;
    }
    archive.finish().ok().map(Cursor::into_inner)
}
