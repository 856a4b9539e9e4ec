//! Owns reading WeChat Pay's bill of trades. It does not know where the file came from.
//! Columns: <https://pay.weixin.qq.com/doc/v3/merchant/4012791886>.

use domain::Money;
use domain::channel::Verdict;

use crate::amount::{CNY, Decimals, read_yuan};
use crate::fact::Unreadable;
use crate::{Rejected, StatementLine};

/// Begins the line of titles over the sums at the end.
const SUMS: &str = "总交易单数";

/// The titles, in the order of the values.
struct Titles<'a>(Vec<&'a str>);

/// One line's values.
struct Row<'a> {
    place: usize,
    titles: &'a Titles<'a>,
    values: Vec<&'a str>,
}

pub(super) fn read(file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
    let text = std::str::from_utf8(file).map_err(|_| Rejected::Malformed("the bill is not UTF-8".to_owned()))?;
    let mut rows = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).enumerate();
    let titles: Vec<&str> = rows.next().map(|(_, row)| row.split(',').map(str::trim).collect()).unwrap_or_default();
    if !["微信订单号", "商户订单号", "交易状态"].iter().all(|wanted| titles.contains(wanted)) {
        return Err(Rejected::Malformed("the file does not begin with the titles of a bill of trades".to_owned()));
    }
    let titles = Titles(titles);
    let mut lines = Vec::new();
    for (at, row) in rows {
        if row.starts_with(SUMS) {
            return Ok(lines);
        }
        lines.push(Row::split(at + 1, &titles, row)?.line()?);
    }
    // Without the sums the end of the file is missing, and with it perhaps some lines.
    Err(Rejected::Malformed("the bill ends before its sums".to_owned()))
}

impl<'a> Row<'a> {
    /// Each value begins with a backtick; commas inside of values are not escaped, so the two together divide them.
    fn split(place: usize, titles: &'a Titles<'a>, row: &'a str) -> Result<Self, Unreadable> {
        let values: Vec<&str> = row.strip_prefix('`').map(|row| row.split(",`").collect()).unwrap_or_default();
        if values.len() == titles.0.len() {
            return Ok(Self { place, titles, values });
        }
        Err(Unreadable::new(format!("line {place} of the bill has other values than the titles say")))
    }

    fn line(&self) -> Result<StatementLine, Unreadable> {
        let charge = StatementLine {
            out_trade_no: self.needed("商户订单号")?.to_owned(),
            out_refund_no: None,
            channel_no: self.value("微信订单号").map(str::to_owned),
            amount: Money::new(0, self.currency()?),
            verdict: Verdict::Succeeded,
        };
        match self.needed("交易状态")? {
            // The columns were renamed when vouchers came.
            "SUCCESS" => Ok(StatementLine {
                amount: self.amount(&["订单金额", "总金额", "应结订单金额"])?, ..charge
            }),
            "REFUND" | "REVOKED" => Ok(StatementLine {
                out_refund_no: Some(self.needed("商户退款单号")?.to_owned()),
                channel_no: self.value("微信退款单号").map(str::to_owned),
                amount: self.amount(&["申请退款金额", "退款金额"])?,
                verdict: self.refunded()?,
                ..charge
            }),
            _ => Err(self.wrong("交易状态")),
        }
    }

    fn refunded(&self) -> Result<Verdict, Unreadable> {
        match self.value("退款状态").unwrap_or("SUCCESS") {
            "SUCCESS" => Ok(Verdict::Succeeded),
            "PROCESSING" => Ok(Verdict::Pending),
            "FAIL" | "CHANGE" | "CLOSED" | "ABNORMAL" => Ok(Verdict::Failed),
            _ => Err(self.wrong("退款状态")),
        }
    }

    fn amount(&self, titles: &[&str]) -> Result<Money, Unreadable> {
        let text = titles.iter().find_map(|title| self.value(title)).ok_or_else(|| self.wrong(titles[0]))?;
        let yuan = read_yuan(text, Decimals::UpToTwo).map_err(|_| self.wrong(titles[0]))?;
        Ok(yuan)
    }

    /// The bill is in yuan; a line in another currency is not guessed at.
    fn currency(&self) -> Result<domain::Currency, Unreadable> {
        let code = self.value("货币种类").unwrap_or(CNY);
        code.parse().ok().filter(|_| code == CNY).ok_or_else(|| self.wrong("货币种类"))
    }

    /// Where there is nothing, numbers are written as 0.
    fn needed(&self, title: &str) -> Result<&'a str, Unreadable> {
        self.value(title).filter(|text| *text != "0").ok_or_else(|| self.wrong(title))
    }

    fn value(&self, title: &str) -> Option<&'a str> {
        let at = self.titles.0.iter().position(|it| *it == title)?;
        self.values.get(at).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn wrong(&self, title: &str) -> Unreadable {
        Unreadable::new(format!("line {} of the bill: {title} cannot be read", self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,\
        货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,\
        手续费,费率,订单金额,申请退款金额,费率备注";

    fn row(state: &str, refund: (&str, &str, &str, &str), amounts: (&str, &str)) -> String {
        let (refund_id, out_refund_no, settled, status) = refund;
        format!(
            "`2026-03-01 10:00:00,`wx1,`1900000001,`0,`,`42000001,`T1,`o1,`NATIVE,`{state},`OTHERS,`CNY,`9.99,`0.00,`{refund_id},\
            `{out_refund_no},`{settled},`0.00,`,`{status},`书,一本,`,`0.06000,`0.60%,`{},`{},`",
            amounts.0, amounts.1
        )
    }

    fn bill() -> String {
        let rows = [
            row("SUCCESS", ("0", "0", "0.00", ""), ("19.99", "0.00")),
            row("REFUND", ("50000001", "R1", "4.00", "SUCCESS"), ("0.00", "5.00")),
            row("REFUND", ("50000002", "R2", "0.5", "PROCESSING"), ("0.00", "0.5")),
            row("REVOKED", ("50000003", "R3", "1", "FAIL"), ("0.00", "1")),
        ];
        format!(
            "\u{feff}{TITLES}\r\n{}\r\n总交易单数,应结订单总金额,退款总金额\r\n`4,`19.99,`5.00\r\n",
            rows.join("\r\n")
        )
    }

    #[test]
    fn charges_and_refunds_are_read() {
        let lines = read(bill().as_bytes()).unwrap();
        let table: Vec<_> = lines
            .iter()
            .map(|line| {
                (line.out_refund_no.as_deref(), line.channel_no.as_deref().unwrap(), line.amount.minor, line.verdict)
            })
            .collect();
        assert_eq!(
            table,
            [
                (None, "42000001", 1999, Verdict::Succeeded),
                (Some("R1"), "50000001", 500, Verdict::Succeeded),
                (Some("R2"), "50000002", 50, Verdict::Pending),
                (Some("R3"), "50000003", 100, Verdict::Failed),
            ]
        );
        assert!(lines.iter().all(|line| line.out_trade_no == "T1"));
    }

    #[test]
    fn titles_before_vouchers_came() {
        let old = "交易时间,微信订单号,商户订单号,交易状态,货币种类,总金额,微信退款单号,商户退款单号,退款金额,退款状态\n\
            `2020-01-04 17:43:52,`42,`T1,`SUCCESS,`CNY,`0.12,`0,`0,`0.00,`\n\
            `2020-01-04 17:43:52,`42,`T1,`REFUND,`CNY,`0,`50,`R1,`0.1,`SUCCESS\n总交易单数,总交易额\n`2,`0.12\n";
        let amounts: Vec<i64> = read(old.as_bytes()).unwrap().iter().map(|line| line.amount.minor).collect();
        assert_eq!(amounts, [12, 10]);
    }

    #[test]
    fn what_is_no_bill_is_refused() {
        let text = bill();
        let (half, _) = text.split_once(SUMS).unwrap();
        for bad in [
            "",
            r#"{"code":"SYSTEM_ERROR"}"#,
            half,
            &text.replace("19.99", "19.999"),
            &text.replace("`5.00,", "`-5.00,"),
            &text.replace("`R1", "`0"),
            &text.replace("`CNY", "`USD"),
            &text.replace("`SUCCESS,`OTHERS", "`NOTPAY,`OTHERS"),
            &text.replace("PROCESSING", "ODD"),
            &text.replace(",`0.60%", ""),
            &text.replace("`T1", "`"),
        ] {
            assert!(matches!(read(bad.as_bytes()), Err(Rejected::Malformed(_))), "{bad}");
        }
        assert!(read(b"\xff").is_err());
    }
}
