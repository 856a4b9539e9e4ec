//! Owns what became of the payments of a run: each has come to an end, and our books say what the provider's says.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::audit::Case;
use super::client::Http;
use super::provider::{Provider, Sums};
use super::wish::Kind;
use crate::clock::{self, Stopwatch};

/// By then the last question for what was left open has its answer.
const SETTLED_WITHIN: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What paying came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Money {
    pub(super) payments: usize,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// From quiet to the last that came to an end.
    pub(super) settled_after: Duration,
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payments, captured, refunded, settled_after } = self;
        write!(out, "{payments} payments took {captured} and gave back {refunded} minor units, the last ")?;
        write!(out, "settled {:.0} s behind the end", settled_after.as_secs_f64())
    }
}

#[derive(Deserialize)]
struct Payment {
    #[serde(rename = "payment_id")]
    id: String,
    status: String,
    amount: Amount,
    captured: Amount,
    refunded: Amount,
}

#[derive(Deserialize)]
struct Amount {
    #[serde(rename = "amount")]
    minor: i64,
}

/// Waits until all has come to an end; gives what it came to, and what is wrong.
pub(super) fn settle(http: &Http, provider: &Provider, cases: &[Case]) -> Result<(Money, Vec<String>)> {
    provider.behave()?;
    let stopwatch = Stopwatch::start();
    let answers =
        cases.iter().filter(|case| case.before.wish.kind == Kind::Pay).filter_map(|case| case.now.as_ref().ok());
    let begun: BTreeSet<String> = answers.filter_map(|answer| Some(read(&answer.body)?.id)).collect();
    loop {
        let (mut money, wrong) = look(http, provider, &begun)?;
        money.settled_after = stopwatch.elapsed();
        if wrong.is_empty() || money.settled_after > SETTLED_WITHIN {
            return Ok((money, [wrong, blind(&money)].concat()));
        }
        clock::pause(LOOK_AGAIN);
    }
}

/// A run in which nothing was paid, or nothing went back, has shown nothing.
fn blind(money: &Money) -> Vec<String> {
    let seen = [("payments were begun", money.payments > 0), ("money was taken", money.captured > 0)];
    let seen = seen.into_iter().chain([("money was given back", money.refunded > 0)]);
    seen.filter(|(_, is_seen)| !is_seen).map(|(what, _)| format!("BLIND: it is not so that {what}")).collect()
}

fn look(http: &Http, provider: &Provider, begun: &BTreeSet<String>) -> Result<(Money, Vec<String>)> {
    let mut money = Money { payments: begun.len(), ..Money::default() };
    let mut wrong = Vec::new();
    for (at, id) in begun.iter().enumerate() {
        let payment: Payment = http.get(at % http.nodes(), &format!("/api/v1/payments/{id}"))?;
        let kept = payment.captured.minor - payment.refunded.minor;
        match payment.status.as_str() {
            "open" => wrong.push(format!("OPEN: payment {id} has not come to an end")),
            "cancelled" | "expired" if kept > 0 => wrong.push(format!("KEPT: payment {id} of an order that is closed")),
            _ if kept > payment.amount.minor => wrong.push(format!("PAID TWICE: payment {id} keeps {kept}")),
            _ => {}
        }
        money.captured += payment.captured.minor;
        money.refunded += payment.refunded.minor;
    }
    let (ours, theirs) = (Sums { charged: money.captured, refunded: money.refunded }, provider.sums()?);
    if ours != theirs {
        wrong.push(format!("MONEY: our books say {ours:?}, the provider's {theirs:?}"));
    }
    Ok((money, wrong))
}

fn read(body: &str) -> Option<Payment> {
    serde_json::from_str(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_which_no_money_went_either_way_has_shown_nothing() {
        let all = Money { payments: 3, captured: 2, refunded: 1, ..Money::default() };
        assert_eq!(blind(&all), [""; 0]);
        for one in [Money { payments: 0, ..all }, Money { captured: 0, ..all }, Money { refunded: 0, ..all }] {
            assert_eq!(blind(&one).len(), 1, "{one}");
        }
    }
}
