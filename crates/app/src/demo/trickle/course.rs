//! Owns how one order of the demo's background goes, and what comes of it. All follows from its number.

use std::time::Duration;

use serde_json::json;

use super::POLICY;
use crate::demo::hands::{Hands, Order};
use crate::demo::{Shop, basket};
use crate::provider::CHANNEL;

/// More than there is of anything.
const TOO_MANY: i64 = 100_000;
/// What goes back of an order that is refunded in part, in fen.
const PART: i64 = 500;
/// Numbers of parcels of the months before are below.
const PARCELS_FROM: usize = 1_000_000;
/// How long somebody thinks before they go on.
const THINKS: Duration = Duration::from_millis(600);

/// How an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Course {
    Paid,
    SentInPart,
    Sent,
    Received,
    /// Nobody pays.
    Left,
    Cancelled,
    /// The payer says no at the provider.
    PayerRefuses,
    RefundedInPart,
    /// The key is used for another order: refused.
    KeyReused,
    /// There is not so much of it: refused.
    TooMany,
}

/// Of so many orders in a row, what becomes of each.
const COURSES: [Course; 20] = [
    Course::Sent,
    Course::Received,
    Course::Paid,
    Course::Left,
    Course::Received,
    Course::KeyReused,
    Course::Sent,
    Course::PayerRefuses,
    Course::Received,
    Course::SentInPart,
    Course::Cancelled,
    Course::Received,
    Course::Paid,
    Course::TooMany,
    Course::Sent,
    Course::RefundedInPart,
    Course::Received,
    Course::Sent,
    Course::KeyReused,
    Course::Received,
];
/// How often an order is sent again under its key.
const AGAIN: [usize; 7] = [0, 2, 0, 1, 0, 0, 4];

impl Course {
    pub(super) const fn of(number: usize) -> Self {
        COURSES[number % COURSES.len()]
    }
}

/// One order, from its placing to its end.
pub(super) async fn go(shop: &Shop<'_>, number: usize, course: Course) -> anyhow::Result<()> {
    let hands = &mut shop.hands(POLICY);
    let name = &format!("live-{number}");
    let Some(order) = place(shop, hands, (number, name), course).await? else { return Ok(()) };
    let order_no = &order.number;
    think(number).await;
    match course {
        Course::Left | Course::TooMany => return Ok(()),
        Course::Cancelled => return hands.cancel(name, order_no, "customer").await,
        _ => {}
    }
    let payment = &hands.begin(name, order_no, CHANNEL).await?.id;
    let attempt = &hands.at_the_desk(payment).await?;
    think(number + 1).await;
    if course == Course::PayerRefuses {
        return hands.refuse(attempt).await;
    }
    hands.pay(attempt).await?;
    hands.settled(payment).await?;
    think(number + 2).await;
    let parcel = PARCELS_FROM + number;
    match course {
        Course::Paid | Course::KeyReused => Ok(()),
        Course::RefundedInPart => hands.give_back(name, payment, (Some(PART), "arrived late")).await.map(drop),
        Course::SentInPart => hands.send(name, order_no, (parcel, true)).await,
        Course::Received => {
            hands.send(name, order_no, (parcel, false)).await?;
            think(number + 3).await;
            hands.receive(name, order_no).await
        }
        _ => hands.send(name, order_no, (parcel, false)).await,
    }
}

/// Places it, and again under the same key as often as this customer clicks; none where it is refused.
async fn place(
    shop: &Shop<'_>,
    hands: &mut Hands<'_>,
    (number, name): (usize, &str),
    course: Course,
) -> anyhow::Result<Option<Order>> {
    let mut body = basket::order(number, shop.customers.of(number), false);
    if course == Course::TooMany {
        body["lines"][0]["quantity"] = json!(TOO_MANY);
        return hands.try_order(name, &body).await.map(|_refused| None);
    }
    let order = hands.order(name, &body).await?;
    for _ in 0..AGAIN[number % AGAIN.len()] {
        hands.order(name, &body).await?;
    }
    if course == Course::KeyReused {
        body["lines"][0]["quantity"] = json!(3);
        hands.try_order(name, &body).await?;
    }
    Ok(Some(order))
}

/// Some think longer than others.
async fn think(number: usize) {
    let longer = u32::try_from(number % 5).unwrap_or(0);
    tokio::time::sleep(THINKS * (1 + longer) / 2).await;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{AGAIN, COURSES, Course};

    #[test]
    fn most_orders_are_sent_and_everything_else_happens() {
        let all: HashSet<_> = (0..COURSES.len()).map(Course::of).collect();
        assert_eq!(all.len(), 10, "{all:?}");
        let sent = COURSES.iter().filter(|course| matches!(course, Course::Sent | Course::Received)).count();
        assert!(sent * 2 >= COURSES.len(), "{sent}");
        let refused = COURSES.iter().filter(|course| matches!(course, Course::TooMany | Course::KeyReused)).count();
        assert!(refused * 5 <= COURSES.len(), "{refused}");
        assert!(AGAIN.iter().sum::<usize>() >= AGAIN.len() / 2, "an overview shows duplicates");
    }
}
