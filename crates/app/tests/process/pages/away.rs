//! A real browser in the hands of somebody who was away for too long, and of somebody who has no mouse.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Debug, Deserialize)]
struct Told {
    /// What scripts, or the policies of pages, complained of.
    errors: Vec<String>,
    /// Why the log-in was asked for, as its address and its page say it.
    why: String,
    words: String,
    /// What stood in the form behind the log-in, and whether its wish was the same.
    kept: [String; 3],
    same: bool,
    added: String,
    /// By page: what the tabulator did not come to, what nobody saw that it came to, and how often it stopped.
    missed: BTreeMap<String, Vec<String>>,
    unseen: BTreeMap<String, Vec<String>>,
    stops: BTreeMap<String, usize>,
    /// Whom somebody added with nothing but keys.
    typed: String,
}

#[tokio::test]
async fn who_was_away_for_too_long_finds_the_form_as_they_left_it_and_nobody_needs_a_mouse() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Told = driven("away.cjs", &question).await;
    assert_eq!(told.errors, Vec::<String>::new(), "no script fails, no policy is broken");

    assert_eq!(told.why, "session_expired");
    assert!(told.words.contains("back where you were"), "{}", told.words);
    assert_eq!(told.kept, ["carl", "卡尔 & <Carl>", ""], "all of it but the password");
    assert!(told.same, "sent again it is the same wish");
    assert_eq!(told.added, "卡尔 & <Carl>");

    assert_eq!((&told.missed, &told.unseen), (&BTreeMap::new(), &BTreeMap::new()));
    assert_eq!(told.stops.len(), 12, "{:?}", told.stops);
    assert!(told.stops.values().all(|stops| *stops >= 8), "{:?}", told.stops);
    assert_eq!(told.typed, "Mei");
}
