//! Owns one way of the comparison: each line of a statement against what we know of its number.

use std::collections::{HashMap, HashSet};

use channels::StatementLine;
use domain::channel::{Account, Verdict};
use domain::payment::{AttemptStatus, Refund, RefundStatus};
use domain::{AttemptId, Money, Payment, RefundId};

use super::Side;
use super::apply::Rules;
use super::report::{Difference, Differs, Report};
use super::statements::{Statement, number};

/// How many lines are compared at once.
const STEP: usize = 200;

/// The payments of some lines, by the text of each attempt's and refund's id.
type Known<'a> = HashMap<String, &'a Payment>;

/// What a line comes to.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// Both say the same, or nothing that contradicts.
    Agrees,
    /// Money moved there and we do not know yet: a matter for the rules.
    ToApply,
    /// They differ, and how.
    Differs(Differs, String),
}

/// Compares every line, and gives to the rules what we did not know.
pub(super) async fn compare_all(
    side: &Side,
    rules: &Rules,
    statement: &Statement,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut seen = HashSet::new();
    report.lines = statement.lines.len();
    for lines in statement.lines.chunks(STEP) {
        let payments = payments(side, lines).await?;
        let known = by_number(&payments);
        let mut to_apply = Vec::new();
        for line in lines {
            if moved(line.verdict) && !seen.insert((line.out_refund_no.is_some(), number(line))) {
                let detail = format!("{} stands on the statement more than once", told(line));
                report.differences.push(Difference::of(Differs::Repeated, number(line), detail));
                continue;
            }
            match compare(line, &side.account, &known) {
                Standing::Agrees => report.agreed += 1,
                Standing::ToApply => to_apply.push(line),
                Standing::Differs(how, detail) => {
                    report.differences.push(Difference::of(how, number(line), detail));
                }
            }
        }
        apply(side, rules, &to_apply, report).await?;
    }
    Ok(())
}

async fn apply(side: &Side, rules: &Rules, lines: &[&StatementLine], report: &mut Report) -> anyhow::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let became = rules.apply(lines).await?;
    let again: Vec<StatementLine> = lines.iter().copied().cloned().collect();
    let payments = payments(side, &again).await?;
    let known = by_number(&payments);
    for (line, became) in again.iter().zip(became) {
        match compare(line, &side.account, &known) {
            Standing::Agrees => report.applied.push(number(line).to_owned()),
            Standing::ToApply => {
                let detail = format!("{} there, and not here: the rules say {became}", told(line));
                report.differences.push(Difference::of(Differs::NotHere, number(line), detail));
            }
            Standing::Differs(how, detail) => report.differences.push(Difference::of(how, number(line), detail)),
        }
    }
    Ok(())
}

async fn payments(side: &Side, lines: &[StatementLine]) -> Result<Vec<Payment>, store::Error> {
    let charges = lines.iter().filter(|line| line.out_refund_no.is_none());
    let charges: Vec<AttemptId> = charges.filter_map(|line| line.out_trade_no.parse().ok()).collect();
    let refunds: Vec<RefundId> = lines.iter().filter_map(|line| line.out_refund_no.as_deref()?.parse().ok()).collect();
    side.store.payments_behind(side.tenant, charges, refunds).await
}

fn by_number(payments: &[Payment]) -> Known<'_> {
    let numbers = |payment: &Payment| {
        let attempts = payment.attempts.iter().map(|attempt| attempt.id.to_string());
        attempts.chain(payment.refunds.iter().map(|refund| refund.id.to_string())).collect::<Vec<_>>()
    };
    payments.iter().flat_map(|payment| numbers(payment).into_iter().map(move |number| (number, payment))).collect()
}

fn compare(line: &StatementLine, account: &Account, known: &Known<'_>) -> Standing {
    let unknown = || Standing::Differs(Differs::Unknown, format!("{}, and we know no such number", told(line)));
    let Some(payment) = known.get(number(line)) else { return unknown() };
    let refund = line.out_refund_no.as_deref().and_then(|text| payment.refund(text.parse().ok()?));
    if line.out_refund_no.is_some() != refund.is_some() {
        return unknown();
    }
    let charge = refund.map_or_else(|| line.out_trade_no.clone(), |refund| refund.attempt.to_string());
    let Some(attempt) = payment.attempts.iter().find(|attempt| attempt.id.to_string() == charge) else {
        return unknown();
    };
    if attempt.account != account.id {
        let detail = format!("{}, and we sent it through {}", told(line), attempt.account);
        return Standing::Differs(Differs::OtherAccount, detail);
    }
    if charge != line.out_trade_no {
        let detail = format!("{}, of the charge {}; ours is of {charge}", told(line), line.out_trade_no);
        return Standing::Differs(Differs::OtherCharge, detail);
    }
    let amount = Money::new(refund.map_or(attempt.amount, |refund| refund.amount), payment.amount.currency);
    if line.amount != amount {
        let detail = format!("{}, and our books say {amount}", told(line));
        return Standing::Differs(Differs::Amount, detail);
    }
    let (ours, status) = match refund {
        Some(refund) => (Ours::of_refund(refund), refund.status.name()),
        None => (Ours::moved_if(attempt.status == AttemptStatus::Succeeded), attempt.status.name()),
    };
    match ours.beside(line.verdict) {
        Beside::Same => Standing::Agrees,
        Beside::Behind => Standing::ToApply,
        Beside::Ahead => Standing::Differs(Differs::NotThere, format!("{}, and here it {status}", told(line))),
    }
}

/// What our books say of a movement.
#[derive(Clone, Copy, Debug)]
enum Ours {
    Moved,
    /// It moved on the day of its line, and came back on another.
    CameHome,
    NotMoved,
}

/// Our books beside a line.
#[derive(Debug, PartialEq, Eq)]
enum Beside {
    Same,
    /// Money moved there, and not here yet.
    Behind,
    /// Money moved here, and not there.
    Ahead,
}

impl Ours {
    const fn moved_if(succeeded: bool) -> Self {
        if succeeded { Self::Moved } else { Self::NotMoved }
    }

    fn of_refund(refund: &Refund) -> Self {
        let other = Self::moved_if(refund.status == RefundStatus::Succeeded);
        if refund.is_sent_back() { Self::CameHome } else { other }
    }

    const fn beside(self, verdict: Verdict) -> Beside {
        match (self, verdict) {
            (Self::NotMoved, Verdict::Succeeded | Verdict::Reversed | Verdict::Refunded) => Beside::Behind,
            (Self::Moved, Verdict::Failed | Verdict::Closed | Verdict::NotFound) => Beside::Ahead,
            _ => Beside::Same,
        }
    }
}

const fn moved(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Succeeded | Verdict::Reversed | Verdict::Refunded)
}

/// A line in words.
fn told(line: &StatementLine) -> String {
    let what = if line.out_refund_no.is_some() { "a refund" } else { "a charge" };
    format!("{what} of {} {}", line.amount, line.verdict.name())
}

#[cfg(test)]
mod tests {
    use super::{Beside, Ours, Verdict};

    #[test]
    fn what_came_home_agrees_with_the_day_it_went_and_with_the_day_it_came() {
        use Beside::{Ahead, Behind, Same};
        let beside = |verdict| [Ours::Moved, Ours::CameHome, Ours::NotMoved].map(|ours| ours.beside(verdict));
        assert_eq!(beside(Verdict::Succeeded), [Same, Same, Behind]);
        assert_eq!(beside(Verdict::Refunded), [Same, Same, Behind]);
        assert_eq!(beside(Verdict::Failed), [Ahead, Same, Same]);
        assert_eq!(beside(Verdict::Pending), [Same, Same, Same]);
    }
}
