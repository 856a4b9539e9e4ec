//! Owns the comparison of providers' statements with our books: what only the provider knows is found, applied or shown,
//! once, beside a running server.

mod shop;

use serde_json::json;

use crate::harness::{Database, Kind, on_every_database, rule};
use shop::{Shop, member};

const SANDBOX_TITLES: &str = "kind,out_trade_no,out_refund_no,channel_no,amount,currency,status,at\n";

/// Each provider's statement in its own form: the sandbox's CSV, Alipay's zipped GBK, WeChat Pay's CSV.
async fn a_day_on_which_all_is_known_is_clean(database: Database) {
    let shop = Shop::open(database).await;
    for (provider, method) in [("sandbox", "page"), ("alipay", "qr"), ("wechat_pay", "qr")] {
        let account = shop.add(provider).await;
        let paid = shop.begin(&account, method, &format!("{provider}-1")).await;
        let refunded = shop.begin(&account, method, &format!("{provider}-2")).await;
        for attempt in [&paid, &refunded] {
            shop.psp.pay(provider, &attempt.number).await;
            shop.reaches(attempt, "paid").await;
        }
        shop.refund(&refunded).await;
        let day = shop.day(provider).await;
        let report = shop.reconcile(&account, &day, &[]).await;
        assert!(report.is_clean, "{report:?}");
        assert_eq!((report.count("lines"), report.count("agreed")), (3, 3), "{report:?}");
        assert_eq!(report.json["applied"], json!([]), "{report:?}");
        // A day before there was anything: no line there, and none here.
        let report = shop.reconcile(&account, "2020-02-02", &[]).await;
        assert!(report.is_clean && report.count("lines") == 0, "{report:?}");
    }
    assert!(shop.reviews().await.is_empty());
    shop.close().await;
}

async fn a_charge_that_no_callback_told_of_is_found_and_applied(database: Database) {
    let shop = Shop::open(database).await;
    shop.psp.fails(json!([rule("callback", "none")])).await;
    for (provider, method) in [("sandbox", "page"), ("alipay", "qr"), ("wechat_pay", "qr")] {
        let account = shop.add(provider).await;
        let attempt = shop.begin(&account, method, provider).await;
        shop.psp.pay(provider, &attempt.number).await;
        assert_eq!(shop.status(&attempt).await, "open");
        let day = shop.day(provider).await;
        let report = shop.reconcile(&account, &day, &[]).await;
        assert!(report.is_clean, "{report:?}");
        assert_eq!(report.json["applied"], json!([attempt.number]), "{report:?}");
        // The server never stopped, and sees it.
        assert_eq!(shop.status(&attempt).await, "paid");
        let again = shop.reconcile(&account, &day, &[]).await;
        assert!(again.is_clean && again.count("agreed") == 1, "{again:?}");
        assert_eq!(again.json["applied"], json!([]), "{again:?}");
    }
    assert!(shop.reviews().await.is_empty());
    shop.close().await;
}

/// Another shop, of which this one knows nothing, takes money through the same account.
async fn a_movement_that_only_the_provider_knows_is_shown_once(database: Database) {
    let shop = Shop::open(database).await;
    let account = shop.add("sandbox").await;
    let ours = shop.begin(&account, "page", "ours").await;
    shop.psp.pay("sandbox", &ours.number).await;
    shop.reaches(&ours, "paid").await;
    let other = Shop::open(Database::new(Kind::Sqlite)).await;
    let elsewhere = other.add_from(&shop.psp.settings("sandbox"), "sandbox").await;
    let theirs = other.begin(&elsewhere, "page", "theirs").await;
    shop.psp.pay("sandbox", &theirs.number).await;
    other.reaches(&theirs, "paid").await;

    let day = shop.day("sandbox").await;
    for is_new in [true, false] {
        let report = shop.reconcile(&account, &day, &[]).await;
        assert!(!report.is_clean && report.count("agreed") == 1, "{report:?}");
        assert_eq!(report.differences(), [("unknown", &theirs.number[..], is_new)], "{report:?}");
        assert_eq!(shop.reviews().await.len(), 1);
    }
    other.close().await;
    shop.close().await;
}

/// A file in which an amount is not ours, a line is missing, one stands twice, and one succeeded here and failed there.
async fn what_differs_is_shown_once_and_moves_nothing(database: Database) {
    let shop = Shop::open(database).await;
    let account = shop.add("sandbox").await;
    let mut numbers = Vec::new();
    for key in ["dearer", "missing", "twice", "failed"] {
        let attempt = shop.begin(&account, "page", key).await;
        shop.psp.pay("sandbox", &attempt.number).await;
        shop.reaches(&attempt, "paid").await;
        numbers.push(attempt.number);
    }
    let open = shop.begin(&account, "page", "other-currency").await;
    let [dearer, missing, twice, failed] = &numbers[..] else { panic!("{numbers:?}") };
    let lines = [
        (dearer, "2000,CNY,succeeded"),
        (twice, "1999,CNY,succeeded"),
        (twice, "1999,CNY,succeeded"),
        (failed, "1999,CNY,failed"),
        (&open.number, "1999,USD,succeeded"),
    ];
    let lines = lines.map(|(number, rest)| format!("charge,{number},,C,{rest},2026-01-01T00:00:00Z\n"));
    let file = shop.write("statement.csv", &format!("{SANDBOX_TITLES}{}", lines.concat()));
    let day = shop.day("sandbox").await;
    let mut expected = [
        ("amount", &dearer[..]),
        ("repeated", twice),
        ("not_there", failed),
        ("amount", &open.number),
        ("not_listed", missing),
    ];
    expected.sort_unstable();
    for is_new in [true, false] {
        let report = shop.reconcile(&account, &day, &["--file", &file]).await;
        let mut found = report.differences();
        found.sort_unstable();
        assert_eq!(found, expected.map(|(kind, number)| (kind, number, is_new)), "{report:?}");
        let mut reviews = shop.reviews().await;
        reviews.sort_unstable();
        let mut raised: Vec<String> = report.differences_of("review");
        raised.sort_unstable();
        assert_eq!(reviews, raised);
    }
    assert_eq!(shop.status(&open).await, "open");
    assert_eq!(member(shop.psp.ledger().await.first(), "amount"), "1999");
    shop.close().await;
}

/// The command line, for people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compared_is_said_in_one_line() {
    let shop = Shop::open(Database::new(Kind::Sqlite)).await;
    let account = shop.add("sandbox").await;
    let file = shop.write("odd.csv", "<html>busy</html>");
    let line = ["reconcile", "--date", "2020-02-02", "--database-url", shop.url(), "--channel"];
    let run = async |more: &[&str]| shop.run(&[&line[..], more].concat()).await;
    run(&["nobody"]).await.failed_saying(&["there is no channel \"nobody\"", "mideng channel list"]);
    run(&[&account, "--file", &file]).await.failed_saying(&["odd.csv", "not a message of this channel"]);
    let clean = run(&[&account]).await.succeeded();
    assert!(clean.out.contains("lines on the statement") && clean.out.contains("differences"), "{clean:?}");
    shop.close().await;
}

on_every_database!(
    a_day_on_which_all_is_known_is_clean,
    a_charge_that_no_callback_told_of_is_found_and_applied,
    a_movement_that_only_the_provider_knows_is_shown_once,
    what_differs_is_shown_once_and_moves_nothing,
);
