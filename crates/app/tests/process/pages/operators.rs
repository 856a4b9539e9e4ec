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
    /// Where they came back to with a fresh proof, with what they had typed.
    back: [String; 3],
    /// What the form says once it was saved.
    limit: [String; 2],
    /// Who sent an order that was sent in another tab: the code, what they missed, and what they had typed.
    stale: (String, Vec<String>, String),
    /// Where somebody was sent whose session was gone when they sent a form, and where they were behind their log-in.
    gone: [String; 2],
    /// Each screen that is wider than a small telephone, in both languages.
    wide: Vec<String>,
    /// The heading of each screen, in both languages.
    screens: BTreeMap<String, String>,
    /// What the merchant's menu has.
    menu: Vec<String>,
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

    assert_eq!(told.asked, ["second_factor_missing", "step_up_needed"]);
    assert_eq!(told.back, ["/console/settings/refunds", "CNY", "12.50"]);
    assert_eq!(told.limit, ["CNY", "12.50"]);

    let (code, missed, typed) = told.stale;
    assert_eq!((code.as_str(), typed.as_str()), ("version_mismatch", "SF2"));
    assert_eq!(missed, ["sent"], "what was done since they saw it, and no more");

    assert_eq!(told.gone, ["/console/log-in", "/console/members"]);
    assert_eq!(told.wide, Vec::<String>::new());
    let heading = |screen: &str| told.screens.get(screen).map_or("", String::as_str);
    assert_eq!((heading("en /console/audit"), heading("zh-CN /console/audit")), ("Audit log", "审计日志"));
    assert_eq!(told.screens.len(), 30, "{:?}", told.screens);
    let menu = ["Overview", "Orders", "Products", "Payments", "Refunds", "Human queue", "Channels", "Keys", "Members"];
    assert_eq!(told.menu, menu);
}
