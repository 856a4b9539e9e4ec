//! Owns reading the sandbox's statement. It does not know where the file came from.

use csv::ReaderBuilder;
use serde::Deserialize;

use super::message::{charge_verdict, refund_verdict};
use crate::amount::read_minor;
use crate::fact::Unreadable;
use crate::{Rejected, StatementLine};

const TITLES: [&str; 8] = ["kind", "out_trade_no", "out_refund_no", "channel_no", "amount", "currency", "status", "at"];

#[derive(Deserialize)]
struct Row {
    kind: String,
    out_trade_no: String,
    out_refund_no: String,
    channel_no: String,
    amount: i64,
    currency: String,
    status: String,
}

pub(super) fn read(file: &[u8]) -> Result<Vec<StatementLine>, Rejected> {
    let broken = |error: &csv::Error| {
        let place = error.position().map_or(0, csv::Position::line);
        Unreadable::new(format!("line {place} of the statement is not as it should be"))
    };
    let mut reader = ReaderBuilder::new().from_reader(file);
    if reader.headers().map_err(|error| broken(&error))? != TITLES[..] {
        return Err(Rejected::Malformed("the file does not begin with the titles of a statement".to_owned()));
    }
    let rows = reader.deserialize::<Row>();
    let lines = rows.map(|row| row.map_err(|error| broken(&error)).and_then(Row::line));
    Ok(lines.collect::<Result<_, _>>()?)
}

impl Row {
    fn line(self) -> Result<StatementLine, Unreadable> {
        let (out_refund_no, verdict) = match (&self.kind[..], self.out_refund_no.is_empty()) {
            ("charge", true) => (None, charge_verdict(&self.status)?),
            ("refund", false) => (Some(self.out_refund_no), refund_verdict(&self.status)?),
            _ => return Err(Unreadable::new("a line of the statement is neither a charge nor a refund")),
        };
        if self.out_trade_no.is_empty() {
            return Err(Unreadable::new("a line of the statement has no number of ours"));
        }
        let channel_no = Some(self.channel_no).filter(|number| !number.is_empty());
        let amount = read_minor(self.amount, &self.currency)?;
        Ok(StatementLine { out_trade_no: self.out_trade_no, out_refund_no, channel_no, amount, verdict })
    }
}

#[cfg(test)]
mod tests {
    use domain::channel::Verdict;

    use super::*;

    const FILE: &str = "kind,out_trade_no,out_refund_no,channel_no,amount,currency,status,at\n\
        charge,T1,,C1,1999,CNY,succeeded,2026-03-01T00:00:00Z\nrefund,T1,R1,F1,500,CNY,pending,2026-03-01T00:00:01Z\n";

    #[test]
    fn lines_are_read() {
        let lines = read(FILE.as_bytes()).unwrap();
        let table: Vec<_> =
            lines.iter().map(|line| (line.out_refund_no.as_deref(), line.amount.minor, line.verdict)).collect();
        assert_eq!(table, [(None, 1999, Verdict::Succeeded), (Some("R1"), 500, Verdict::Pending)]);
        assert!(read(FILE.lines().next().unwrap().as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for bad in [
            "",
            "{}",
            &FILE.replace("1999", "19.99"),
            &FILE.replace("1999", "-1"),
            &FILE.replace("CNY", "???"),
            &FILE.replace("charge", "gift"),
            &FILE.replace("R1", ""),
            &FILE.replace("succeeded", "odd"),
            &FILE.replace(",at", ""),
            &FILE.replace("charge,T1", "charge,"),
        ] {
            assert!(matches!(read(bad.as_bytes()), Err(Rejected::Malformed(_))), "{bad}");
        }
    }
}
