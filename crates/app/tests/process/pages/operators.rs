//! A real browser in the hands of those who run the shop: what they are refused, and that nothing of what they typed is lost by it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Deserialize)]
struct Told {
    /// What scripts, or the policies of pages, complained of.
    errors: Vec<String>,
    /// Adding one of the staff: the field that was wrong with its words, what was still typed, and who was added.
    wrong: Vec<String>,
    kept: [String; 3],
    added: String,
    /// What was asked of who sets limits: each problem's code.
    asked: Vec<String>,
    /// Why a code was refused that sets a second factor up, and whether its secret was still the same.
    code: (String, bool),
    /// Where they came back to with a fresh proof, with what they had typed.
    back: [String; 3],
    /// What the form says once it was saved.
    limit: [String; 2],
    /// Who sent an order that was sent in another tab: the code, what they missed, and what they had typed.
    stale: (String, Vec<String>, String),
    /// A new product: the fields that were wrong, and its heading and facts once it was made.
    made: (Vec<String>, String, [String; 4]),
    /// Another one under its code: the problem's code, the words at the field, and the name that was typed.
    taken: (String, Vec<String>, String),
    /// What the search found.
    found: Vec<String>,
    /// A price that another tab had changed: the code, how it is now, what was typed, and the price behind it.
    edited: (String, [String; 2], String, String),
    parts: Parts,
    /// Where somebody was sent whose session was gone when they sent a form, and where they were behind their log-in.
    gone: [String; 2],
    /// Each screen that is wider than a small telephone, in both languages.
    wide: Vec<String>,
    /// The heading of each screen, in both languages.
    screens: BTreeMap<String, String>,
    /// What the merchant's menu has.
    menu: Vec<String>,
}

/// An order that was sent in two parcels.
#[derive(Deserialize)]
struct Parts {
    /// What was wrong with an empty one.
    none: Vec<String>,
    /// The code where more was sent than is left, and how many fields were wrong.
    more: (String, usize),
    /// How the goods stand behind the first, and how many lines are in it.
    first: (String, usize),
    /// How many units were left before it, and behind it.
    left: [i64; 2],
    /// How wide the form's page is on a small telephone, which is how wide.
    narrow: [u32; 2],
    shown: bool,
    /// How the order stands behind the second, and how many parcels there are more.
    rest: (String, usize),
}

#[tokio::test]
async fn operators_are_refused_in_words_and_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Told = driven("operators.cjs", &question).await;
    assert_eq!(told.errors, Vec::<String>::new(), "no script fails, no policy is broken");

    assert_eq!(told.wrong, ["login begins or ends with a blank"]);
    assert_eq!(told.kept, ["li wei", "Li Wei", ""], "all of it but the password");
    assert_eq!(told.added, "Li Wei");

    assert_eq!(told.code, ("code_wrong".to_owned(), true));
    assert_eq!(told.asked, ["second_factor_missing", "step_up_needed"]);
    assert_eq!(told.back, ["/console/settings/refunds", "CNY", "12.50"]);
    assert_eq!(told.limit, ["CNY", "12.50"]);

    products(&told);
    let (code, missed, typed) = told.stale;
    assert_eq!((code.as_str(), typed.as_str()), ("version_mismatch", "SF2"));
    assert_eq!(missed, ["sent"], "what was done since they saw it, and no more");

    let Parts { none, more, first, left, narrow, shown, rest } = told.parts;
    assert_eq!(none, ["a parcel has 1 to 2000 lines, not 0"]);
    assert_eq!((more.0.as_str(), more.1), ("quantity_exceeds_unshipped", 1));
    assert_eq!((first.0.as_str(), first.1), ("sent in part", 1));
    assert_eq!(left[0] - left[1], 1, "the second parcel is filled with what the first left");
    assert!(shown && narrow[0] <= narrow[1], "{narrow:?}");
    assert_eq!((rest.0.as_str(), rest.1), ("shipped", 2));

    assert_eq!(told.gone, ["/console/log-in", "/console/members"]);
    assert_eq!(told.wide, Vec::<String>::new());
    let heading = |screen: &str| told.screens.get(screen).map_or("", String::as_str);
    assert_eq!((heading("en /console/audit"), heading("zh-CN /console/audit")), ("Audit log", "审计日志"));
    assert_eq!(told.screens.len(), 36, "{:?}", told.screens);
    let menu = ["Overview", "Orders", "Products", "Payments", "Refunds", "Human queue", "Channels", "Keys", "Members"];
    assert_eq!(told.menu, menu);
}

fn products(told: &Told) {
    let (wrong, heading, facts) = &told.made;
    assert_eq!(wrong, &["A price is a number such as 19.99, no finer than its currency is."]);
    assert_eq!((heading.as_str(), facts), ("Pot <b> OP-1", &["¥19.90", "7", "0", "7"].map(str::to_owned)));
    let (code, words, typed) = &told.taken;
    assert_eq!((code.as_str(), typed.as_str()), ("product_exists", "Another"));
    assert_eq!(words, &["This code is taken: look for it above."]);
    assert_eq!(told.found, ["Pot <b>"]);
    let (code, now, typed, price) = &told.edited;
    assert_eq!((code.as_str(), typed.as_str(), price.as_str()), ("version_mismatch", "21", "¥21.00"));
    assert_eq!(now, &["Pot <b>", "¥25.50"].map(str::to_owned));
}
