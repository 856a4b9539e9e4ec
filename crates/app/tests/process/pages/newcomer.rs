//! A real browser in the hands of somebody who has read nothing: the demo's shop and its console.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Deserialize)]
struct Told {
    /// Requests that left for another host.
    elsewhere: Vec<String>,
    /// What scripts, or the policies of pages, complained of.
    errors: Vec<String>,
    /// The first pages, with all that they load.
    first: BTreeMap<String, First>,
    /// What the panel's log says: its colour, and its words.
    log: Vec<(String, String)>,
    /// The server's own log beside it: what became of each.
    served: Vec<String>,
    /// What the button of an order that is placed says, whether it is locked, and the words beside it.
    over: (String, bool, String),
    order: String,
    orders: Vec<String>,
    /// What became of each request where somebody began with what makes it worse.
    early: BTreeMap<String, Early>,
    /// Where somebody was sent who is not logged in.
    asked: String,
    /// What the explorer shows of the key that was sent so often.
    key: Key,
    /// What the browser keeps for the sessions: name, whether it is `Secure`, whether scripts are kept from it, and its `SameSite`.
    cookies: BTreeSet<(String, bool, bool, String)>,
    /// How many invariants do not hold.
    red: u32,
    /// Whether the overview showed what came while it was looked at.
    live: bool,
    history: Vec<String>,
    cancelled: Vec<String>,
    /// The heading of each screen, in both languages.
    screens: BTreeMap<String, String>,
    still: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Early {
    how: Vec<String>,
    /// Whether the way to the key is shown: before anything was sent, and behind it.
    explore: (bool, bool),
}

#[derive(Debug, Deserialize)]
struct Key {
    order: String,
    /// The order under the key to which the page of the order leads.
    of_order: String,
    /// Outcomes, and how often.
    came: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct First {
    requests: usize,
    bytes: usize,
}

#[tokio::test]
async fn a_newcomer_clicks_ten_times_and_sees_one_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Told = driven("newcomer.cjs", &question).await;
    assert_eq!(told.elsewhere, Vec::<String>::new(), "nothing leaves the host");
    assert_eq!(told.errors, Vec::<String>::new(), "no script fails, no policy is broken");
    assert_eq!(told.first.keys().collect::<Vec<_>>(), ["/console", "/console/log-in", "/shop"]);
    for (page, first) in &told.first {
        let is_small = (3..=5).contains(&first.requests) && (1_024..=60 * 1_024).contains(&first.bytes);
        assert!(is_small, "{page}: {first:?}");
    }

    let count = |how: &str| told.log.iter().filter(|(class, _)| class == how).count();
    assert_eq!((told.log.len(), count("refused")), (13, 1), "{:?}", told.log);
    // The reply to the first is lost, and no other was needed.
    assert_eq!((count("lost"), count("executed"), count("replayed")), (1, 0, 11), "{:?}", told.log);
    let of_it = told.log.iter().filter(|(_, words)| words.contains(&told.order)).count();
    assert_eq!(of_it, count("replayed"), "all of them tell of one order");
    assert_eq!(told.orders, [told.order.as_str()]);

    let served = |how: &str| told.served.iter().filter(|class| *class == how).count();
    assert_eq!((served("executed"), served("replayed"), served("refused")), (1, 11, 1), "{:?}", told.served);

    assert_eq!(told.over, ("Order placed".to_owned(), true, "Placed.".to_owned()));
    let second = |early: &Early| early.how.get(1).cloned().unwrap_or_default();
    assert!(told.early.values().all(|early| early.how[0] == "executed" && early.how.len() == 2), "{:?}", told.early);
    assert!(told.early.values().all(|early| early.explore == (false, true)), "{:?}", told.early);
    assert_eq!(told.early.values().map(second).collect::<Vec<_>>(), ["refused", "replayed", "replayed"]);

    assert_eq!(told.asked, "/console/log-in");
    assert_eq!((&told.key.order, &told.key.of_order), (&told.order, &told.order));
    let came = |kind: &str| told.key.came.iter().find(|(name, _)| name == kind).map_or("", |(_, times)| times.as_str());
    // The second tab has a key of its own.
    assert_eq!(
        (came("executed"), came("replayed"), came("idempotency_key_reused")),
        ("1", "10", "1"),
        "{:?}",
        told.key.came
    );
    assert_eq!((told.red, told.live), (0, true));
    assert_eq!(told.history, ["placed"]);
    assert_eq!(told.cancelled, ["cancelled", "placed"]);
    let heading = |screen: &str| told.screens.get(screen).map_or("", String::as_str);
    assert_eq!((heading("English /console/orders"), heading("简体中文 /console/orders")), ("Orders", "订单"));
    assert_eq!(told.screens.len(), 12, "{:?}", told.screens);
    let kept = |name: &str| (name.to_owned(), false, true, "Lax".to_owned());
    let kept = BTreeSet::from([kept("demo-mideng"), kept("demo-mideng-staff")]);
    assert_eq!(told.cookies, kept, "a browser that keeps nothing `Secure` without TLS comes in, too");
    assert_eq!(told.still, told.orders, "who works in the console is still a customer of the shop");
}
