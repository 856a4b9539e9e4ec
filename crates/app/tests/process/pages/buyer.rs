//! A customer who buys, in a real browser: a reply that is lost, a page that is loaded anew, refusals, a payment at the provider's own
//! page, two devices, a session that is over, and a browser without scripts.

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Debug, Deserialize)]
struct Told {
    errors: Vec<String>,
    /// How the request was answered whose answer was lost.
    arrived: u16,
    unsure: Unsure,
    /// How the same was answered when the button was pressed again.
    again: (u16, Option<String>),
    /// Whether there is anything left to order, and how many orders there are.
    cart: usize,
    orders: usize,
    /// Whether a page that is loaded anew has its key, and a button that was pressed is locked.
    reloaded: bool,
    locked: bool,
    /// What the page says of a refusal, behind which it has another key.
    refused: String,
    /// The same of a token that is not good, and whether the page is the new number's.
    spent: (String, bool),
    /// How another wish under the key of an order that had arrived was answered.
    other: u16,
    /// Whether the provider's page leads back to where the browser was, and what stands there before anything is paid.
    thinking: (bool, String),
    /// Whether the page with the way to the provider's was still the same when it had looked twice whether anything changed.
    stays: bool,
    paid: usize,
    /// A guest's orders behind their log-in, on that device and on another; and whether the first asks to log in behind its end.
    theirs: usize,
    elsewhere: usize,
    ended: usize,
    /// What a checkout says whose session is over, and whether it has its key there and behind the log-in.
    out: (String, bool, bool),
    /// The orders behind a request that arrived, and was sent again when the session was over.
    still: usize,
    /// What a checkout says to a guest whose session is lost.
    stranger: String,
    /// Whether a page that waits for a payment asks on when its session is lost, and what it says.
    lost: (bool, String),
    /// How the form was answered that was sent twice.
    twice: (u16, String),
    /// What happened to the order that was placed, found and cancelled without a script.
    scriptless: Vec<String>,
}

/// What a page shows when no answer came.
#[derive(Debug, Deserialize)]
struct Unsure {
    words: String,
    again: bool,
    key: bool,
    /// Whether the button may be pressed again where nobody answered at all.
    silent: bool,
}

#[tokio::test]
async fn a_customer_buys_once_whatever_the_network_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({
        "shop": demo.shop, "chromium": variable("TEST_CHROMIUM"), "goods": "panda-plush", "scarce": "mahjong-144",
    });
    let told: Told = driven("buyer.cjs", &question).await;
    assert_eq!(told.errors, Vec::<String>::new());
    assert_eq!(told.arrived, 201, "it arrived, and nobody was told");
    assert!(
        told.unsure.words.contains("you will not be charged twice") && told.unsure.again && told.unsure.silent,
        "{:?}",
        told.unsure
    );
    assert!(told.unsure.key, "the same wish is sent again");
    assert_eq!(told.again, (201, Some("replayed".to_owned())));
    assert_eq!((told.cart, told.orders), (0, 1), "one order, and what was ordered is in the cart no more");
    assert!(told.reloaded && told.locked, "{told:?}");
    assert!(told.refused.contains("for good"), "{}", told.refused);
    assert!(told.spent.0.contains("for good") && told.spent.1, "{:?}", told.spent);
    assert_eq!(told.other, 422, "and it led to the order that there is");
    assert!(told.stays, "the link was taken from under who would press it");
    assert!(told.thinking.0 && told.thinking.1.contains("If you have paid"), "{:?}", told.thinking);
    assert_eq!(told.paid, 1);
    assert!(told.theirs >= 2 && told.theirs == told.elsewhere, "{told:?}");
    assert_eq!(told.ended, 1, "who was put out asks to log in again");
    assert!(told.out.0.contains("it stays one order") && told.out.1 && told.out.2, "{:?}", told.out);
    assert_eq!(told.still, told.theirs + 1);
    assert!(told.stranger.contains("As a guest"), "{}", told.stranger);
    assert!(!told.lost.0 && told.lost.1.contains("ord_"), "{:?}", told.lost);
    assert!(told.twice.0 == 303 && told.twice.1.ends_with("done=cancel&again=yes"), "{:?}", told.twice);
    assert_eq!(told.scriptless, ["cancelled", "placed"]);
}
