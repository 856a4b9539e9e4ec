//! A real browser where a reader of the pages found them wrong: files, addresses without a page, fields that are empty, and forms that
//! came too late.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::demo::Demo;
use super::driven;
use crate::harness::variable;

/// What the browser's driver tells.
#[derive(Debug, Deserialize)]
struct Told {
    /// What scripts complained of.
    errors: Vec<String>,
    files: Files,
    pages: Vec<Page>,
    cart: Cart,
    person: Person,
    customer: Customer,
    /// By a reader's zone: whether the filters speak of UTC before the script told the zone and behind that, and whether an order is
    /// found by the day that it shows, and by the day before.
    days: BTreeMap<String, [bool; 4]>,
}

/// The orders as a file: all of them, and the paid ones.
#[derive(Debug, Deserialize)]
struct Files {
    all: Option<File>,
    paid: Option<File>,
}

/// A file, with the status of each order in it.
#[derive(Debug, Deserialize)]
struct File {
    name: String,
    statuses: Vec<String>,
}

/// What somebody sees at an address.
#[derive(Debug, Deserialize)]
struct Page {
    path: String,
    status: u16,
    kind: String,
    lang: String,
    heading: String,
    words: String,
    /// How many links lead on from it.
    menu: usize,
}

/// A cart behind a quantity that is none.
#[derive(Debug, Deserialize)]
struct Cart {
    heading: String,
    wrong: Vec<String>,
    left: String,
}

/// A form about somebody who was changed meanwhile.
#[derive(Debug, Deserialize)]
struct Person {
    code: String,
    now: Vec<String>,
    typed: String,
}

/// Who bought, in the rows that their login finds and their link leads to.
#[derive(Debug, Deserialize)]
struct Customer {
    name: String,
    typed: Vec<String>,
    linked: Vec<String>,
    nobody: String,
}

/// Each address, with the status of its page, its heading, and a part of the server's words.
const PAGES: [(&str, u16, &str, &str); 10] = [
    ("/console/payments?from=yesterday", 400, "Payments", "created_from"),
    ("/console/audit?from=yesterday", 400, "", "from"),
    ("/console/products?cursor=bad", 400, "", "cursor"),
    ("/console/orders?status=paid&status=closed", 400, "That did not work", "duplicate field"),
    ("/console/orders/%FF", 400, "That did not work", "UTF-8"),
    ("/console/nope", 404, "There is no such page", ""),
    ("/console/orders/ord_1/pay/now", 404, "There is no such page", ""),
    ("/console/log-out", 405, "There is no such page", ""),
    ("/shop/nope", 404, "There is no such page", ""),
    ("/shop/log-in", 405, "There is no such page", ""),
];

/// Where an empty form is sent, and what its page says.
const FORMS: [(&str, u16, &str); 3] = [
    ("/console/log-in", 422, "missing field"),
    ("/shop/log-in", 422, "missing field"),
    ("/shop/checkout", 422, "missing field"),
];

#[tokio::test]
async fn what_a_reader_found_is_mended() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Demo::start(folder.path()).await;
    let question = json!({
        "shop": demo.shop, "chromium": variable("TEST_CHROMIUM"), "pages": PAGES.map(|(path, ..)| path),
        "forms": FORMS.map(|(path, ..)| path),
    });
    let told: Told = driven("found.cjs", &question).await;
    assert_eq!(told.errors, Vec::<String>::new(), "no script fails");

    let (Some(all), Some(paid)) = (&told.files.all, &told.files.paid) else { panic!("no file: {:?}", told.files) };
    assert_eq!((all.name.as_str(), paid.name.as_str()), ("orders.csv", "orders.csv"));
    let are_paid = paid.statuses.iter().all(|status| status == "paid");
    assert!(are_paid && !paid.statuses.is_empty() && paid.statuses.len() < all.statuses.len(), "{:?}", told.files);

    pages(&told.pages);

    let Cart { heading, wrong, left } = &told.cart;
    assert_eq!((heading.as_str(), left.as_str()), ("Cart", "1"));
    assert_eq!(wrong, &["A quantity is a number from 0 to 999."]);

    let Person { code, now, typed } = &told.person;
    assert_eq!((code.as_str(), typed.as_str()), ("version_mismatch", "asked for it"));
    assert_eq!(now.first().map(String::as_str), Some("disabled"), "{now:?}");

    let Customer { name, typed, linked, nobody } = &told.customer;
    for found in [typed, linked] {
        assert!(!found.is_empty() && found.iter().all(|shown| shown == name), "{:?}", told.customer);
    }
    assert!(nobody.contains("nobody-is-called-so"), "{nobody}");
    assert_eq!(told.days.len(), 2);
    assert!(told.days.values().all(|seen| *seen == [true, false, true, false]), "{:?}", told.days);
}

fn pages(seen: &[Page]) {
    for page in seen {
        assert!(page.kind.starts_with("text/html"), "{page:?}");
    }
    let [stranger, known @ .., shop_zh] = seen else { panic!("no pages") };
    let (known, console_zh) = known.split_at(known.len() - 1);
    let (known, forms) = known.split_at(PAGES.len());
    assert_eq!((stranger.status, stranger.menu), (404, 0), "nobody is shown where operators go: {stranger:?}");
    for (page, (path, status, heading, words)) in known.iter().zip(PAGES) {
        assert_eq!((page.path.as_str(), page.status, page.lang.as_str()), (path, status, "en"), "{page:?}");
        assert!(page.heading.contains(heading) && page.words.contains(words), "{page:?}");
        assert!(page.menu >= 3, "nobody is lost there: {page:?}");
    }
    for (page, (path, status, words)) in forms.iter().zip(FORMS) {
        assert_eq!((page.path.as_str(), page.status), (path, status), "{page:?}");
        assert!(page.words.contains(words), "{page:?}");
    }
    for page in console_zh.iter().chain([shop_zh]) {
        assert_eq!(
            (page.status, page.lang.as_str(), page.heading.as_str()),
            (404, "zh-CN", "没有这个页面"),
            "{page:?}"
        );
    }
}
