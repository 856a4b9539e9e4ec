//! The console under attack, in a real browser: texts that would be scripts, and pages of another site.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Debug, Deserialize)]
struct Told {
    /// How many texts the API took in each field, and which it did not.
    fields: BTreeMap<String, usize>,
    refused: Vec<String>,
    /// How many pages were looked at.
    looked: u32,
    /// How many of them are of money that was given back for such a reason, or of its payment.
    refunded: u32,
    /// Pages on which a text ran, and elements that a text became.
    ran: Vec<String>,
    made: Vec<String>,
    dialogs: Vec<String>,
    errors: Vec<String>,
    /// How forms were answered that another site's page sent.
    posted: BTreeMap<String, String>,
    /// A product's stock before and behind that.
    stock: [i64; 2],
    /// Pages that were shown in another site's frame.
    framed: Vec<String>,
    /// Where an operator is who opens their own page at the end.
    still: String,
    /// In which language.
    lang: String,
    /// Whether a customer is logged in still, behind the same.
    customer: usize,
}

/// What the driver tells that fills each form.
#[derive(Debug, Deserialize)]
struct Typed {
    /// How often a form of each page was sent, and how often it was answered with each status.
    forms: BTreeMap<String, usize>,
    answers: BTreeMap<u16, usize>,
    /// How many fields showed a text again.
    back: usize,
    ran: Vec<String>,
    made: Vec<String>,
    dialogs: Vec<String>,
    errors: Vec<String>,
}

/// What is refused is shown again in its field, beside the words of the server: each is a way in.
#[tokio::test]
async fn s22_no_text_that_is_typed_into_a_form_becomes_a_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Typed = driven("typed.cjs", &question).await;
    assert_eq!((&told.ran, &told.made, &told.dialogs, &told.errors), (&vec![], &vec![], &vec![], &vec![]));
    assert!(told.forms.len() >= 20, "few pages had a form: {:?}", told.forms);
    assert!(told.forms.values().sum::<usize>() >= 120, "few forms were sent: {:?}", told.forms);
    assert!(told.back >= 100, "few texts were shown again: {told:?}");
    let refused: usize = told.answers.iter().filter(|(status, _)| **status >= 400).map(|(_, count)| count).sum();
    assert!(refused >= 30, "{:?}", told.answers);
}

#[tokio::test]
async fn s22_no_text_becomes_a_script_and_no_stranger_posts_or_frames_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({"shop": demo.shop, "chromium": variable("TEST_CHROMIUM")});
    let told: Told = driven("attacked.cjs", &question).await;
    assert_eq!(told.fields.len(), 13, "{:?}", told.fields);
    let few: Vec<_> = told.fields.iter().filter(|(_, planted)| **planted < 5).collect();
    assert!(few.is_empty(), "hardly anything is planted in {few:?}: {:?}", told.refused);
    assert!(told.looked >= 90 && told.refunded >= 10, "{told:?}");
    assert_eq!((&told.ran, &told.made), (&vec![], &vec![]));
    assert_eq!((&told.dialogs, &told.errors, &told.framed), (&vec![], &vec![], &vec![]));
    assert_eq!(told.stock[0], told.stock[1], "{told:?}");
    assert_eq!(told.still, "/console/me", "nobody was logged out: {told:?}");
    assert_eq!(told.lang, "en", "nobody's pages speak another language: {told:?}");
    assert_eq!(told.customer, 1, "the customer was put out: {told:?}");
    // Who sends them has no session there; of what needs none, nothing is done.
    let harmless = |answer: &str| {
        let (status, to) = answer.split_once(' ').unwrap_or((answer, ""));
        status.starts_with('4') || (status == "303" && (to.starts_with("/console/log-in") || to == "/"))
    };
    assert_eq!(told.posted.len(), 8, "{:?}", told.posted);
    for (form, answer) in &told.posted {
        assert!(harmless(answer), "{form}: {answer}");
    }
}
