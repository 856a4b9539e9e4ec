//! Owns where statements come from: the provider, day by day, each fetched once, or a file.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use channels::{Channel, Failure, StatementLine};
use domain::channel::Verdict;
use jiff::civil::Date;

/// The longest file of a statement, as the adapters have it.
const BYTES_MAX: u64 = 64 << 20;
/// How Alipay (`isp.bill_not_exist`) and WeChat Pay (`NO_STATEMENT_EXIST`) say that a day has no statement, which is so where
/// nothing moved. The method is
/// `alipay.data.dataservice.bill.downloadurl.query`; <https://pay.weixin.qq.com/doc/v3/merchant/4012791876>.
const ABSENT: [&str; 2] = ["isp.bill_not_exist", "NO_STATEMENT_EXIST"];

/// The statement of a day.
pub(super) struct Statement {
    pub(super) lines: Vec<StatementLine>,
    /// The provider has none of this day: nothing moved, or it is not made yet.
    pub(super) is_absent: bool,
}

/// A provider's statements.
pub(super) struct Statements {
    channel: Arc<dyn Channel>,
    /// The numbers on those of earlier days that were fetched.
    earlier: HashMap<Date, HashSet<String>>,
}

impl Statements {
    pub(super) fn new(channel: Arc<dyn Channel>) -> Self {
        Self { channel, earlier: HashMap::new() }
    }

    /// The statement in a file.
    pub(super) fn read(&self, file: &Path) -> anyhow::Result<Statement> {
        let reading = || format!("reading {}", file.display());
        let mut bytes = Vec::new();
        File::open(file).with_context(reading)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).with_context(reading)?;
        if bytes.len() as u64 > BYTES_MAX {
            bail!("{} is longer than {BYTES_MAX} bytes: that is no statement of a day", file.display());
        }
        let lines = self.channel.read_statement(&bytes).with_context(reading)?;
        Ok(Statement { lines, is_absent: false })
    }

    /// The provider's statement of a day.
    pub(super) async fn of(&self, day: Date) -> anyhow::Result<Statement> {
        let bytes = match self.channel.statement(&day.to_string()).await {
            Ok(bytes) => bytes,
            Err(Failure::Refused { code, .. }) if ABSENT.contains(&&code[..]) => {
                return Ok(Statement { lines: Vec::new(), is_absent: true });
            }
            Err(failure) => return Err(failure).with_context(|| format!("fetching the statement of {day}")),
        };
        let lines = self.channel.read_statement(&bytes);
        Ok(Statement { lines: lines.with_context(|| format!("reading the statement of {day}"))?, is_absent: false })
    }

    /// As if the statement of an earlier day had been fetched.
    #[cfg(test)]
    pub(super) fn fetched(&mut self, day: Date, numbers: Vec<&str>) {
        self.earlier.insert(day, numbers.into_iter().map(str::to_owned).collect());
    }

    /// Whether a number that moved money, or was about to, is on the statement of an earlier day.
    pub(super) async fn has(&mut self, day: Date, number: &str) -> anyhow::Result<bool> {
        if !self.earlier.contains_key(&day) {
            let lines = self.of(day).await?.lines;
            let told = lines.into_iter().filter(|line| !matches!(line.verdict, Verdict::Failed | Verdict::Closed));
            self.earlier.insert(day, told.map(|line| line.out_refund_no.unwrap_or(line.out_trade_no)).collect());
        }
        Ok(self.earlier.get(&day).is_some_and(|numbers| numbers.contains(number)))
    }
}

/// The number that a line is about.
pub(super) fn number(line: &StatementLine) -> &str {
    line.out_refund_no.as_deref().unwrap_or(&line.out_trade_no)
}
