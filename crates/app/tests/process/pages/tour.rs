//! A tour of every screen in a real browser: whom a screen keeps out, what leaves the host, and whether it looks as it did.
//!
//! `looks.json` has each screen as a few shades of grey. Whoever changes how screens look keeps them anew:
//! `MIDENG_KEEP_LOOKS=1 cargo nextest run -p app --test process tour`, and looks at the pictures in `target/pictures`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// Of the cells of a picture, so many of a hundred may be of another shade: orders come and go.
const OTHER_MAX: usize = 25;
/// Shades are told from 0 to 15; so far apart they are other ones.
const APART: u32 = 3;

/// What the browser's driver tells.
#[derive(Deserialize)]
struct Told {
    /// Requests that left for another host.
    elsewhere: Vec<String>,
    /// What scripts, or the policies of pages, complained of.
    errors: Vec<String>,
    /// What axe found that is serious or worse.
    barriers: Vec<String>,
    /// Whether it found what was put there for it.
    bites: Vec<bool>,
    /// Screens that are wider than the window.
    wide: Vec<String>,
    /// The heading of each screen.
    screens: BTreeMap<String, String>,
    /// Each screen in shades of grey, row by row.
    looks: BTreeMap<String, String>,
}

#[tokio::test]
async fn every_screen_can_be_used_by_everybody_and_looks_as_it_did() {
    let (folder, pictures) = (tempfile::tempdir().expect("a folder"), pictures());
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM"), "pictures": pictures});
    let told: Told = driven("tour.cjs", &question).await;
    assert_eq!(told.elsewhere, Vec::<String>::new(), "nothing leaves the host");
    assert_eq!(told.errors, Vec::<String>::new(), "no script fails, no policy is broken");
    assert_eq!((told.barriers, told.bites), (Vec::<String>::new(), vec![true, true]), "serious findings of axe");
    assert_eq!(told.wide, Vec::<String>::new());
    assert_eq!(told.screens.len(), 66, "{:?}", told.screens);
    for (screen, heading) in &told.screens {
        let is_chinese = heading.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        // Some are called by a name, a number or a key.
        let is_named =
            ["person", "key", "product", "goods", "refund", "placed order"].iter().any(|name| screen.ends_with(name));
        assert!(is_named || is_chinese == screen.starts_with("zh-CN"), "{screen}: {heading}");
    }
    compare(&told.looks, &pictures);
}

/// They are kept, for whoever wants to see what the test saw.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../pictures");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}

fn compare(looks: &BTreeMap<String, String>, pictures: &Path) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/pages/looks.json");
    if std::env::var_os("MIDENG_KEEP_LOOKS").is_some() {
        let text = serde_json::to_string_pretty(looks).expect("they are texts");
        return std::fs::write(kept, text + "\n").expect("it can be written");
    }
    let kept = std::fs::read_to_string(kept).expect("the looks are kept");
    let kept: BTreeMap<String, String> = serde_json::from_str(&kept).expect("they are JSON");
    let others: Vec<_> = looks
        .iter()
        .map(|(screen, look)| (screen, kept.get(screen).map_or(100, |kept| other(look, kept))))
        .filter(|(_, other)| *other > OTHER_MAX)
        .collect();
    assert!(others.is_empty(), "screens that look otherwise, in percent: {others:?}; see {}", pictures.display());
}

/// How many of a hundred cells are of another shade.
fn other(look: &str, kept: &str) -> usize {
    if look.len() != kept.len() {
        return 100;
    }
    let shade = |letter: char| letter.to_digit(16).unwrap_or(99);
    let differ = look.chars().zip(kept.chars()).filter(|(a, b)| shade(*a).abs_diff(shade(*b)) >= APART).count();
    differ * 100 / look.len().max(1)
}

#[test]
fn a_page_without_its_style_is_another() {
    let (page, number, blank) = ("0f0f00ff", "0f0f01ff", "ffffffff");
    assert_eq!((other(page, page), other(page, number)), (0, 0));
    assert!(other(page, blank) > OTHER_MAX && other(page, "0f") > OTHER_MAX);
}
