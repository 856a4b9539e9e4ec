//! Owns the demo's background: about two orders a second for as long as it serves, with all that happens to orders. A busy server
//! gets fewer of them, and what does not succeed is left as it is.

mod course;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use self::course::Course;
use super::{Shop, shelves};
use crate::client::{Caller, Policy};

/// Between two orders.
const BEAT: Duration = Duration::from_millis(500);
/// So many orders are under way at most; most take a few seconds.
const UNDER_WAY_MAX: usize = 24;
/// After so many beats the shelves are filled up.
const FILLED_EACH: usize = 20;
/// Who gets no answer comes back for so long.
const POLICY: Policy = Policy { timeout: Duration::from_secs(10), patience: Duration::from_secs(20) };

/// Sells until it is dropped. `standing` are the faults of the provider that stay.
pub async fn run(shop: &Shop<'_>, standing: &[Value]) -> Infallible {
    if let Err(error) = shop.provider.desk.set_mischief(&faults(standing)).await {
        tracing::debug!(error = format!("{error:#}"), "the provider fails less than it should");
    }
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut under_way = FuturesUnordered::new();
    let mut number = 0;
    loop {
        tokio::select! {
            _ = beat.tick() => if under_way.len() < UNDER_WAY_MAX {
                number += 1;
                under_way.push(one(shop, number));
            },
            Some(()) = under_way.next() => {}
        }
    }
}

/// One order, and a delivery now and then.
async fn one(shop: &Shop<'_>, number: usize) {
    let mut came = course::go(shop, number, Course::of(number)).await;
    if number.is_multiple_of(FILLED_EACH) {
        let mut caller = Caller::new(shop.target.clone(), POLICY);
        came = came.and(shelves::fill_up(&mut caller, number).await);
    }
    if let Err(error) = came {
        tracing::debug!(error = format!("{error:#}"), number, "an order of the background came no further");
    }
}

/// The provider loses an answer, breaks, is slow, and repeats itself. Behind three faults in a row it would be left alone.
fn faults(standing: &[Value]) -> Value {
    let usual = [
        json!({"on": "charge", "every": 17, "do": "drop_after"}),
        json!({"on": "charge", "every": 23, "do": "error_before"}),
        json!({"on": "charge", "every": 11, "do": {"slow": {"ms": 400}}}),
        json!({"on": "callback", "every": 3, "do": {"repeat": {"times": 2}}}),
    ];
    standing.iter().cloned().chain(usual).collect()
}
