//! A real browser before a live page that is one too many: it says so, and lives again when another is gone.

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Deserialize)]
struct Told {
    /// How many live pages the session had open before one was refused.
    open: usize,
    /// Whether a page had newer numbers: while all places were taken, when one tab was gone, and where no stream is served.
    lives: Vec<bool>,
    /// What it said the first and the last time.
    still: String,
    forever: String,
}

#[tokio::test]
async fn a_live_page_too_many_says_that_it_stands_still() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Told = driven("streams.cjs", &question).await;
    assert!((20..100).contains(&told.open), "{} pages", told.open);
    assert_eq!(told.lives, [false, true, false]);
    assert!(told.still.starts_with("This page does not update itself: too many live pages"), "{}", told.still);
    assert!(told.forever.starts_with("This page does not update itself any more"), "{}", told.forever);
}
