//! Owns the other way of the comparison: what our books have of a day and the statement has not.
//!
//! Our books date a movement when we learn of it, the provider when it made it. What we learn of behind midnight, or from
//! the statement itself, is dated a day later here than there: it is looked for on the statements of the days since it was
//! begun, before anybody is called.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use domain::ledger::Kind;
use domain::{AttemptId, RefundId, Timestamp, channel};
use jiff::civil::Date;
use store::Moved;

use super::report::{Difference, Differs};
use super::statements::{Statement, Statements, number};
use super::{Side, day};

/// How many earlier days are looked at for one movement.
const DAYS_MAX: usize = 7;
/// How many movements are looked up at once.
const STEP: usize = 200;

/// What succeeded here on that day and is not on the statement, nor on one before.
pub(super) async fn missing(
    side: &Side,
    (date, when): (Date, &Range<Timestamp>),
    statement: &Statement,
    statements: &mut Statements,
) -> anyhow::Result<Vec<Difference>> {
    let listed: HashSet<(bool, &str)> =
        statement.lines.iter().map(|line| (line.out_refund_no.is_some(), number(line))).collect();
    let mut unlisted = Vec::new();
    for kind in [Kind::Capture, Kind::Refund] {
        let mut after = None;
        loop {
            let page = side.store.movements((side.tenant, side.account.id), kind, when, after.as_ref()).await?;
            let is_listed = |moved: &Moved| listed.contains(&(kind == Kind::Refund, &moved.source[..]));
            unlisted.extend(page.rows.into_iter().filter(|moved| !is_listed(moved)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut missing = Vec::new();
    for some in unlisted.chunks(STEP) {
        for (moved, begun_at) in begun(side, some).await? {
            if !is_told_before(side.account.kind, (date, begun_at), &moved.source, statements).await? {
                missing.push(difference(moved));
            }
        }
    }
    Ok(missing)
}

/// Each with when its attempt or refund was begun.
async fn begun<'a>(side: &Side, some: &'a [Moved]) -> anyhow::Result<Vec<(&'a Moved, Option<Timestamp>)>> {
    let attempts: Vec<AttemptId> = some.iter().filter_map(|moved| moved.source.parse().ok()).collect();
    let refunds: Vec<RefundId> = some.iter().filter_map(|moved| moved.source.parse().ok()).collect();
    let payments = side.store.payments_behind(side.tenant, attempts, refunds).await?;
    let attempts = payments.iter().flat_map(|payment| &payment.attempts);
    let refunds = payments.iter().flat_map(|payment| &payment.refunds);
    let attempts = attempts.map(|attempt| (attempt.id.to_string(), attempt.created_at));
    let begun: HashMap<_, _> =
        attempts.chain(refunds.map(|refund| (refund.id.to_string(), refund.created_at))).collect();
    Ok(some.iter().map(|moved| (moved, begun.get(&moved.source).copied())).collect())
}

/// Whether the statement of a day since it was begun, and before this one, has it. The day before is the likeliest.
async fn is_told_before(
    provider: channel::Kind,
    (date, begun_at): (Date, Option<Timestamp>),
    number: &str,
    statements: &mut Statements,
) -> anyhow::Result<bool> {
    let Some(begun_at) = begun_at else { return Ok(false) };
    let first = day::of(provider, begun_at)?;
    let mut earlier = date;
    for _ in 0..DAYS_MAX {
        let Ok(yesterday) = earlier.yesterday() else { break };
        if yesterday < first {
            break;
        }
        if statements.has(yesterday, number).await? {
            return Ok(true);
        }
        earlier = yesterday;
    }
    Ok(false)
}

fn difference(moved: &Moved) -> Difference {
    let what = if moved.kind == Kind::Refund { "a refund" } else { "a charge" };
    let detail = format!("{what} of {} succeeded here, and is not on the statement", moved.amount);
    Difference::of(Differs::NotListed, &moved.source, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// China's 2 March. What was begun on the first and learned of on the second stands on the statement of the first.
    #[tokio::test]
    async fn what_was_learned_of_behind_midnight_is_found_on_the_day_before() {
        let date = |day| Date::constant(2026, 3, day);
        let settings = r#"{"gateway":"http://127.0.0.1:9/sandbox","account":"a","secrets":["env:CARGO_PKG_NAME"]}"#;
        let channel = channels::open(channel::Kind::Sandbox, settings).unwrap();
        let mut statements = Statements::new(channel);
        for (day, numbers) in [(1, vec!["a", "c"]), (2, vec!["b"])] {
            statements.fetched(date(day), numbers);
        }
        let begun = |day| Some(day::period(channel::Kind::Alipay, date(day)).unwrap().start);
        let table = [
            // (the day that is compared, when it was begun, its number, whether it was told before)
            (2, begun(1), "a", true),
            (2, begun(1), "x", false),
            (3, begun(1), "a", true),
            (3, begun(2), "b", true),
            // Not begun then: nobody looks there.
            (3, begun(2), "a", false),
            (2, begun(2), "c", false),
            (2, None, "a", false),
        ];
        for (day, begun_at, number, expected) in table {
            let told = is_told_before(channel::Kind::Alipay, (date(day), begun_at), number, &mut statements).await;
            assert_eq!(told.unwrap(), expected, "{number} on {day}");
        }
    }
}
