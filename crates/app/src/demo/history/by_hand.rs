//! Owns the orders of the months before whose payments went wrong: refused, late, twice, told with a wrong amount, or without a word.
//! The provider is told before what to do with each.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::plan::{Fate, Visit};
use super::{Notes, RESERVE, place};
use crate::client::{Policy, spread};
use crate::demo::Shop;
use crate::demo::hands::{Hands, beginning};
use crate::provider::{self, CHANNEL};

const LANES: usize = 8;

/// Somebody who stands at the provider's desk.
pub struct Begun {
    visit: Visit,
    order_no: String,
    payment: String,
    attempt: String,
}

/// Brings them to the desk, and tells the provider how to fail.
pub async fn begin(shop: &Shop<'_>, visits: &[Visit], notes: &Notes) -> anyhow::Result<Vec<Begun>> {
    let begun = RefCell::new(Vec::new());
    let bring = async |hands: &mut Hands<'_>, _: usize, visit: &Visit| {
        match to_the_desk(shop, hands, (visit, notes)).await {
            Ok(one) => begun.borrow_mut().push(one),
            Err(error) => notes.take(visit, Err(error)),
        }
        anyhow::Ok(())
    };
    spread(visits, LANES, || shop.hands(Policy::default()), bring).await?;
    let begun = begun.into_inner();
    shop.provider.desk.set_mischief(&json!(begun.iter().flat_map(faults).collect::<Vec<_>>())).await?;
    Ok(begun)
}

/// Has each go as far as it should.
pub async fn end(shop: &Shop<'_>, begun: &[Begun], notes: &Notes) -> anyhow::Result<()> {
    let go = async |hands: &mut Hands<'_>, _: usize, one: &Begun| {
        notes.take(&one.visit, go(shop, hands, one).await);
        anyhow::Ok(())
    };
    spread(begun, LANES, || shop.hands(Policy::default()), go).await
}

async fn to_the_desk(
    shop: &Shop<'_>,
    hands: &mut Hands<'_>,
    (visit, notes): (&Visit, &Notes),
) -> anyhow::Result<Begun> {
    let order_no = place(shop, hands, (visit, notes)).await?;
    let payment = hands.begin(&visit.name(), &order_no, CHANNEL).await?.id;
    let attempt = hands.at_the_desk(&payment).await?;
    Ok(Begun { visit: *visit, order_no, payment, attempt })
}

/// What the provider does with the charge of one of them.
fn faults(one: &Begun) -> Vec<Value> {
    let fault = |on: &str, what: Value| json!({"on": on, "out_trade_no": one.attempt, "times": 1, "do": what});
    let untold = || fault("callback", json!("none"));
    let kept = || fault("refund", json!({"fail_later": {"code": "account_closed"}}));
    // The first payment is heard of when the second is made already.
    let unheard = || fault("close", json!("error_before"));
    match one.visit.fate {
        Fate::WrongAmountTold => vec![fault("callback", json!("wrong_amount"))],
        Fate::RefundFailed => vec![kept()],
        Fate::PaidLate => vec![untold()],
        Fate::PaidLateAndKept => vec![untold(), kept()],
        Fate::PaidTwice => vec![untold(), unheard()],
        Fate::PaidTwiceAndKept => vec![untold(), unheard(), kept()],
        _ => Vec::new(),
    }
}

async fn go(shop: &Shop<'_>, hands: &mut Hands<'_>, one: &Begun) -> anyhow::Result<()> {
    let Begun { visit, order_no, payment, attempt } = one;
    let name = &visit.name();
    match visit.fate {
        Fate::PayerRefused => {
            hands.refuse(attempt).await?;
            hands.attempted(payment, "failed").await
        }
        Fate::PaidAtSecondTry => {
            hands.refuse(attempt).await?;
            hands.attempted(payment, "failed").await?;
            hands.begin(&format!("{name}-again"), order_no, CHANNEL).await?;
            let second = hands.at_the_desk(payment).await?;
            hands.pay(&second).await?;
            hands.settled(payment).await
        }
        Fate::WrongAmountTold => hands.pay(attempt).await,
        Fate::RefundFailed => {
            hands.pay(attempt).await?;
            hands.settled(payment).await?;
            let refund = hands.give_back(name, payment, (None, "goods sold out")).await?;
            hands.given_back(&refund.id).await
        }
        Fate::PaidLate | Fate::PaidLateAndKept => {
            hands.pay(attempt).await?;
            hands.cancel(name, order_no, "customer").await?;
            hands.returned(payment).await
        }
        Fate::PaidTwice | Fate::PaidTwiceAndKept => {
            hands.pay(attempt).await?;
            provider::known(shop.target, &beginning(name, order_no, RESERVE)).await?;
            let second = hands.at_the_desk(payment).await?;
            hands.pay(&second).await?;
            hands.settled(payment).await?;
            hands.returned(payment).await
        }
        _ => Ok(()),
    }
}

/// Payments of which no word comes, however often the provider is asked. They go through the second account: an account that is
/// silent is left alone for a while. Gives the faults that are to stay.
pub async fn no_word(shop: &Shop<'_>, visits: &[Visit], notes: &Notes) -> anyhow::Result<Vec<Value>> {
    let desk = &shop.provider.desk;
    desk.set_mischief(&json!([{"on": "charge", "do": "drop_before"}])).await?;
    let mut hands = shop.hands(Policy::default());
    let mut lost = Vec::new();
    for visit in visits {
        let came = lose(shop, &mut hands, (visit, notes)).await.map(|attempts| lost.extend(attempts));
        notes.take(visit, came);
    }
    let fault = |attempt: &String, on: &str| json!({"on": on, "out_trade_no": attempt, "do": "drop_before"});
    let faults = |attempt: &String| ["charge", "query", "close"].map(|on| fault(attempt, on));
    let standing: Vec<Value> = lost.iter().flat_map(faults).collect();
    desk.set_mischief(&json!(standing)).await?;
    Ok(standing)
}

async fn lose(shop: &Shop<'_>, hands: &mut Hands<'_>, (visit, notes): (&Visit, &Notes)) -> anyhow::Result<Vec<String>> {
    let order_no = place(shop, hands, (visit, notes)).await?;
    let paying = hands.begin(&visit.name(), &order_no, RESERVE).await?;
    hands.attempted(&paying.id, "unknown").await?;
    Ok(paying.attempts.into_iter().map(|attempt| attempt.id).collect())
}
