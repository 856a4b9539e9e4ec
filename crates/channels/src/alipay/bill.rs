//! Owns reading Alipay's bill of business details: zipped or plain, GBK or UTF-8. It does not know where the file came from.
//! Columns: <https://opendocs.alipay.com/open/204/106262>.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};

use csv::{ReaderBuilder, StringRecord};
use domain::channel::Verdict;
use encoding_rs::GBK;
use zip::ZipArchive;

use crate::amount::{Decimals, read_yuan};
use crate::ask::STATEMENT_BYTES_MAX;
use crate::fact::Unreadable;
use crate::{Rejected, StatementLine};

/// The most files that are looked at in an archive. Alipay packs two: the details and their sums.
const FILES_MAX: usize = 16;
/// Which lines are details begins behind a line with this column.
const FIRST: &str = "支付宝交易号";

/// Where the columns stand; Alipay has added some over the years.
struct Columns {
    count: usize,
    trade_no: usize,
    out_trade_no: usize,
    business: usize,
    amount: usize,
    request_no: usize,
}

pub(super) fn read(file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
    let files = if file.starts_with(b"PK\x03\x04") { unpack(file)? } else { vec![file.to_vec()] };
    let mut details = None;
    for file in &files {
        if let Some(lines) = lines(&decode(file)?)? {
            details.get_or_insert_with(Vec::new).extend(lines);
        }
    }
    details.ok_or_else(|| Rejected::Malformed("the file holds no list of business details".to_owned()))
}

fn unpack(file: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let broken = || Unreadable::new("the archive cannot be opened, or holds too much");
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| broken())?;
    if archive.len() > FILES_MAX {
        return Err(broken());
    }
    let mut left = STATEMENT_BYTES_MAX;
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut bytes = Vec::new();
        let entry = archive.by_index(at).map_err(|_| broken())?;
        entry.take(left as u64 + 1).read_to_end(&mut bytes).map_err(|_| broken())?;
        left = left.checked_sub(bytes.len()).ok_or_else(broken)?;
        files.push(bytes);
    }
    Ok(files)
}

fn decode(file: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    if let Ok(text) = std::str::from_utf8(file) {
        return Ok(text.trim_start_matches('\u{feff}').into());
    }
    let text = GBK.decode_without_bom_handling_and_without_replacement(file);
    text.ok_or_else(|| Unreadable::new("the bill is neither UTF-8 nor GBK"))
}

/// The details of one file; none where it has no such list, as the file of sums.
fn lines(text: &str) -> Result<Option<Vec<StatementLine>>, Unreadable> {
    // Titles, times and sums stand in lines that begin with #.
    let mut reader =
        ReaderBuilder::new().comment(Some(b'#')).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut columns = None;
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| Unreadable::new("the bill is not in lines of values"))?;
        match &columns {
            None => columns = Columns::find(&record)?,
            Some(columns) => lines.push(columns.line(&record)?),
        }
    }
    Ok(columns.map(|_| lines))
}

impl Columns {
    fn find(record: &StringRecord) -> Result<Option<Self>, Unreadable> {
        if !record.iter().any(|name| name.trim() == FIRST) {
            return Ok(None);
        }
        let place = |wanted: &str| {
            let found = record.iter().position(|name| name.trim().replace('(', "（").replace(')', "）") == wanted);
            found.ok_or_else(|| Unreadable::new(format!("the bill has no column {wanted}")))
        };
        Ok(Some(Self {
            count: record.len(),
            trade_no: place(FIRST)?,
            out_trade_no: place("商户订单号")?,
            business: place("业务类型")?,
            amount: place("订单金额（元）")?,
            request_no: place("退款批次号/请求号")?,
        }))
    }

    fn line(&self, record: &StringRecord) -> Result<StatementLine, Unreadable> {
        let place = record.position().map_or(0, csv::Position::line);
        let wrong = |what: &str| Unreadable::new(format!("line {place} of the bill: {what}"));
        // A quote that nobody closes would take some lines into one, and a comma in a name would move its amounts.
        if record.iter().any(|value| value.contains('\n'))
            || record.iter().skip(self.count).any(|it| !it.trim().is_empty())
        {
            return Err(wrong("other values than the titles say"));
        }
        // Each number is followed by a tab, so that a spreadsheet does not round it.
        let value = |at: usize| record.get(at).map(str::trim).filter(|text| !text.is_empty());
        let amount = value(self.amount).ok_or_else(|| wrong("no amount"))?;
        let (amount, out_refund_no) = match value(self.business) {
            Some("交易") => (amount, None),
            // What is given back is written below zero.
            Some("退款") => {
                let number = value(self.request_no).ok_or_else(|| wrong("a refund without its number"))?;
                (amount.strip_prefix('-').unwrap_or(amount), Some(number.to_owned()))
            }
            _ => return Err(wrong("neither a trade nor a refund")),
        };
        Ok(StatementLine {
            out_trade_no: value(self.out_trade_no).ok_or_else(|| wrong("no number of ours"))?.to_owned(),
            out_refund_no,
            channel_no: value(self.trade_no).map(str::to_owned),
            amount: read_yuan(amount, Decimals::UpToTwo).map_err(|_| wrong("the amount cannot be read"))?,
            verdict: Verdict::Succeeded,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const HEAD: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,\
        订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,\
        商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";

    fn bill() -> String {
        let row = |business: &str, amount: &str, request: &str| {
            format!(
                "2026030122001\t,T1\t,{business},\"书,一本\",2026-03-01 10:00:00,2026-03-01 10:00:09, , , , ,a***@example.com,\
                {amount},{amount},0.00,0.00,0.00,0.00,0.00,,0.00,0.00,{request},-0.01,0.00,\r\n"
            )
        };
        format!(
            "#支付宝业务明细查询\r\n#账号：[20880000000000010156]\r\n#-----业务明细列表-----\r\n{HEAD}\r\n{}{}\
            #-----业务明细列表结束-----\r\n#交易合计：1笔，商家实收共19.99元\r\n#导出时间：[2026年03月02日 09:00:00]\r\n",
            row("交易", "19.99", ""),
            row("退款", "-5.00", "R1\t"),
        )
    }

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
            archive.start_file(*name, options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn every_form_of_the_file_says_the_same() {
        let text = bill();
        let gbk = GBK.encode(&text).0.into_owned();
        let sums = GBK.encode("#支付宝业务汇总查询\r\n门店编号,门店名称,交易订单总笔数\r\n合计, ,1\r\n").0.into_owned();
        let bom = format!("\u{feff}{text}");
        let forms =
            [text.clone().into_bytes(), bom.into_bytes(), gbk.clone(), zipped(&[("d.csv", &gbk), ("s.csv", &sums)])];
        for form in forms {
            let lines = read(&form).unwrap();
            let [charge, refund] = &lines[..] else { panic!("{lines:?}") };
            assert_eq!((&charge.out_trade_no[..], charge.amount.minor, &charge.out_refund_no), ("T1", 1999, &None));
            assert_eq!((refund.amount.minor, refund.out_refund_no.as_deref()), (500, Some("R1")));
            assert_eq!((charge.channel_no.as_deref(), refund.verdict), (Some("2026030122001"), Verdict::Succeeded));
        }
    }

    #[test]
    fn a_day_without_trade_is_empty() {
        assert!(read(format!("#支付宝业务明细查询\n{HEAD}\n#结束\n").as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_bill_is_refused() {
        let text = bill();
        let bombs = zipped(&[("a", &vec![b'x'; STATEMENT_BYTES_MAX + 1])]);
        for bad in [
            Vec::new(),
            b"<html>busy</html>".to_vec(),
            b"PK\x03\x04".to_vec(),
            vec![0xff; 20],
            text.replace("19.99", "19.999").into_bytes(),
            text.replace("19.99", "-19.99").into_bytes(),
            text.replace(",交易,", ",转账,").into_bytes(),
            text.replace("R1\t", "").into_bytes(),
            text.replace("\"书,一本\"", "\"书").into_bytes(),
            text.replace("\"书,一本\"", "书,一本").into_bytes(),
            text.replace("0.00,\r\n", "0.00,,more\r\n").into_bytes(),
            text.replace("T1\t", "\t").into_bytes(),
            text.replace("订单金额（元）", "金额").into_bytes(),
            bombs,
        ] {
            assert!(
                matches!(read(&bad), Err(Rejected::Malformed(_))),
                "{:?}",
                String::from_utf8_lossy(&bad[..bad.len().min(80)])
            );
        }
    }
}
