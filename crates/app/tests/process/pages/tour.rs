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

/// Of the cells in which anything is drawn, so many of a hundred may be of another shade: orders come and go, and names are long
/// or short.
const OTHER_MAX: usize = 70;

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

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/pages/looks.json")
}

fn kept_looks() -> BTreeMap<String, String> {
    let kept = std::fs::read_to_string(file()).expect("the looks are kept");
    serde_json::from_str(&kept).expect("they are JSON")
}

fn compare(looks: &BTreeMap<String, String>, pictures: &Path) {
    if std::env::var_os("MIDENG_KEEP_LOOKS").is_some() {
        let text = serde_json::to_string_pretty(looks).expect("they are texts");
        return std::fs::write(file(), text + "\n").expect("it can be written");
    }
    let kept = kept_looks();
    let others: Vec<_> = looks
        .iter()
        .map(|(screen, look)| (screen, kept.get(screen).map_or(100, |kept| other(look, kept))))
        .filter(|(_, other)| *other > OTHER_MAX)
        .collect();
    assert!(others.is_empty(), "screens that look otherwise, in percent: {others:?}; see {}", pictures.display());
}

/// How many of a hundred cells are of another shade, of those in which either has more than the paper.
fn other(look: &str, kept: &str) -> usize {
    if look.len() != kept.len() {
        return 100;
    }
    let paper = paper(kept);
    let drawn = || look.chars().zip(kept.chars()).filter(|(now, then)| *now != paper || *then != paper);
    drawn().filter(|(now, then)| now != then).count() * 100 / drawn().count().max(1)
}

/// The shade that most of a picture has.
fn paper(look: &str) -> char {
    let count = |shade: char| look.chars().filter(|cell| *cell == shade).count();
    "0123456789abcdef".chars().max_by_key(|shade| count(*shade)).unwrap_or('f')
}

/// What is kept tells pages apart: a blank one from each, and most of them from one another.
#[test]
fn a_blank_page_is_like_no_screen_and_most_screens_are_told_apart() {
    let kept = kept_looks();
    for (screen, look) in &kept {
        let blank = paper(look).to_string().repeat(look.len());
        assert_eq!((other(look, look), other(&blank, look)), (0, 100), "{screen}");
    }
    let kind = |screen: &str| screen.starts_with("en ");
    let pairs: Vec<_> = kept.iter().flat_map(|one| kept.iter().map(move |two| (one, two))).collect();
    let pairs: Vec<_> = pairs.into_iter().filter(|(one, two)| one.0 < two.0 && kind(one.0) == kind(two.0)).collect();
    let alike = pairs.iter().filter(|(one, two)| other(one.1, two.1) <= OTHER_MAX).count();
    assert!(alike * 2 < pairs.len(), "{alike} of {} pairs are alike", pairs.len());
}
