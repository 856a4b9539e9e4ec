//! Owns the months before the demo: a few hundred orders in every state, made over HTTP like all others. What the storm proves is
//! counted before.

mod by_hand;
mod customers;
mod look_back;
mod plan;

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::Context as _;
use futures_util::future::try_join;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use store::Address;

pub use self::customers::Customers;
use self::look_back::Found;
pub use self::plan::{Fate, Visit, visits};
use super::hands::Hands;
use super::{Shop, basket, shelves};
use crate::client::{Caller, Policy, Request, spread};
use crate::provider::CHANNEL;
use crate::terminal;

/// The merchant's second account at the provider.
const RESERVE: &str = "sandbox-reserve";
/// How many orders are worked on at once.
const LANES: usize = 16;
/// What goes back of an order that is refunded in part, in fen.
const PART: i64 = 1_000;

/// What became of the months before.
pub struct History {
    /// The faults of the provider that are to stay, or what it does not know now it would know then.
    pub standing: Vec<Value>,
    /// Where its orders stand.
    pub found: Found,
}

/// Notes what became of each order.
struct Notes {
    progress: ProgressBar,
    placed: RefCell<HashMap<String, Fate>>,
}

/// Makes all of it, but for the orders that were placed when the shop opened, `before`.
pub async fn run(shop: &Shop<'_>, (database, before): (&Address, &[String])) -> anyhow::Result<History> {
    let visits: Vec<Visit> = visits().into_iter().filter(|visit| visit.fate != Fate::Expired).collect();
    let notes = Notes { progress: terminal::bar(visits.len(), "earlier orders"), placed: RefCell::default() };
    let (silent, spoken): (Vec<_>, Vec<_>) = visits.into_iter().partition(|visit| visit.fate == Fate::NoWord);
    let (by_hand, usual): (Vec<_>, Vec<_>) = spoken.into_iter().partition(|visit| visit.fate.is_by_hand());
    let mut caller = Caller::new(shop.target.clone(), Policy::default());
    let limits = json!({"alone_up_to": [{"amount": basket::ALONE_UP_TO, "currency": "CNY"}]});
    caller.ask(&Request::put("/api/v1/policies/refunds", &limits)).await.context("setting the limits of refunds")?;
    shop.provider.second_account(RESERVE, database).await?;
    shop.provider.desk.set_mischief(&json!([])).await?;
    shop.provider.desk.wait_for_payers().await?;
    let begun = by_hand::begin(shop, &by_hand, &notes).await?;
    let go = async |hands: &mut Hands<'_>, _: usize, visit: &Visit| {
        notes.take(visit, go(shop, hands, (visit, &notes)).await);
        anyhow::Ok(())
    };
    let usual = spread(&usual, LANES, || shop.hands(Policy::default()), go);
    try_join(by_hand::end(shop, &begun, &notes), usual).await?;
    let standing = by_hand::no_word(shop, &silent, &notes).await?;
    shelves::count(&mut caller).await.context("counting the stock")?;
    let expired = before.iter().map(|order_no| (order_no.clone(), Fate::Expired));
    let placed = notes.placed.into_inner().into_iter().chain(expired).collect();
    let found = look_back::read(&mut caller, &placed).await.context("reading the orders")?;
    notes.progress.finish_and_clear();
    Ok(History { standing, found })
}

/// An order whose payment, if there is one, goes well.
async fn go(shop: &Shop<'_>, hands: &mut Hands<'_>, (visit, notes): (&Visit, &Notes)) -> anyhow::Result<()> {
    let Visit { number, fate } = *visit;
    let name = &visit.name();
    let order_no = &place(shop, hands, (visit, notes)).await?;
    match fate {
        Fate::ToBePaid => return Ok(()),
        Fate::CancelledByCustomer => return hands.cancel(name, order_no, "customer").await,
        Fate::CancelledByMerchant => return hands.cancel(name, order_no, "merchant").await,
        _ => {}
    }
    let payment = &hands.begin(name, order_no, CHANNEL).await?.id;
    let attempt = hands.at_the_desk(payment).await?;
    hands.pay(&attempt).await?;
    hands.settled(payment).await?;
    match fate {
        Fate::Paid => return Ok(()),
        Fate::Refunded => {
            let refund = hands.give_back(name, payment, (None, "customer changed their mind")).await?;
            return hands.given_back(&refund.id).await;
        }
        Fate::SentInPart => return hands.send(name, order_no, (number, true)).await,
        Fate::Sent => return hands.send(name, order_no, (number, false)).await,
        _ => hands.send(name, order_no, (number, false)).await?,
    }
    hands.receive(name, order_no).await?;
    match fate {
        Fate::RefundedInPart => {
            let refund = hands.give_back(name, payment, (Some(PART), "arrived with a scratch")).await?;
            hands.given_back(&refund.id).await
        }
        Fate::RefundWaits => hands.give_back(name, payment, (None, "wrong colour")).await.map(drop),
        Fate::RefundRejected => {
            let refund = hands.give_back(name, payment, (None, "asked for by mistake")).await?;
            hands.reject(name, &refund.id).await
        }
        _ => Ok(()),
    }
}

/// Places an order; gives its number.
async fn place(shop: &Shop<'_>, hands: &mut Hands<'_>, (visit, notes): (&Visit, &Notes)) -> anyhow::Result<String> {
    let body = basket::order(visit.number, shop.customers.of(visit.number), visit.fate.is_dear());
    let order_no = hands.order(&visit.name(), &body).await?.number;
    notes.placed.borrow_mut().insert(order_no.clone(), visit.fate);
    Ok(order_no)
}

impl Visit {
    /// What its keys are made of.
    fn name(&self) -> String {
        format!("past-{}", self.number)
    }
}

impl Notes {
    /// An order that does not come as far as it should is no reason for the demo to end.
    fn take(&self, visit: &Visit, came: anyhow::Result<()>) {
        self.progress.inc(1);
        if let Err(error) = came {
            let Visit { number, fate } = visit;
            tracing::warn!(error = format!("{error:#}"), number, ?fate, "an order did not come as far as it should");
        }
    }
}
