//! Owns the tables of what a person can do about attempts and refunds that nobody asks about any more.

use super::script::Shop;
use super::{check, more};

/// An order of 300, open until 100 s, with one attempt through account 1.
const OPEN: &str = "
    put tea 100 stock=9            -> new v1 9/0
    place A tea*3 until=100000     -> new pending_payment v1 300
    start A                        -> open v2 created
";

fn open(script: &str) -> Shop {
    let mut shop = check(OPEN);
    more(&mut shop, script);
    shop
}

/// No answer, so often that a person is called.
fn silent(shop: &mut Shop, line: &str, times: usize) {
    for _ in 0..times {
        more(shop, &format!("{line} -> applied"));
    }
    shop.run("queue");
    more(shop, "reviews -> stuck");
}

#[test]
fn an_attempt_that_is_asked_about_or_about_to_be_sent_is_left_as_it_is() {
    open(
        "
        query B                        -> not_found
        queue                          -> charge
        query A                        -> open v2 created
        silent A.1 charge              -> applied
        query A                        -> open v3 unknown
        queue                          -> query_charge+3s
        said A.1 pending src=query go=u -> applied
        queue                          -> query_charge+60s
        query A                        -> open v4 requires_action
        said A.1 succeeded 300         -> applied
        query A                        -> paid v6 300/0/0 succeeded
        queue                          ->
        ",
    );
}

#[test]
fn an_attempt_that_nobody_asks_about_any_more_is_asked_about_as_often_as_the_first_time() {
    let mut shop = open("silent A.1 charge -> applied");
    silent(&mut shop, "silent A.1 query", 12);
    more(
        &mut shop,
        "
        query A                        -> open v3 unknown
        queue                          -> query_charge
        query A                        -> open v3 unknown
        queue                          ->
        silent A.1 query               -> applied
        queue                          -> query_charge+3s
        ",
    );
    silent(&mut shop, "silent A.1 query", 12);
    more(
        &mut shop,
        "
        query A                        -> open v3 unknown
        said A.1 succeeded 300 src=query -> applied
        order A                        -> paid v2 paid unfulfilled
        ",
    );
}

#[test]
fn a_page_that_nobody_asks_about_any_more_is_asked_about_again() {
    let mut shop = open("said A.1 pending src=answer go=u -> applied");
    silent(&mut shop, "silent A.1 query", 13);
    more(
        &mut shop,
        "
        query A                        -> open v3 requires_action
        queue                          -> query_charge
        said A.1 pending src=query     -> duplicate
        queue                          -> query_charge+60s
        ",
    );
}

#[test]
fn an_attempt_that_nobody_closes_any_more_is_closed_again() {
    let mut shop = open(
        "
        silent A.1 charge              -> applied
        cancel A                       -> closed v2
        query A                        -> cancelled v4 unknown
        queue                          -> charge query_charge+3s close_charge
        ",
    );
    // The question that is on its way says nothing of the closing.
    silent(&mut shop, "silent A.1 close", 12);
    more(
        &mut shop,
        "
        query A                        -> cancelled v4 unknown
        queue                          -> close_charge
        query A                        -> cancelled v4 unknown
        queue                          ->
        silent A.1 close               -> applied
        queue                          -> close_charge+3s
        ",
    );
    silent(&mut shop, "silent A.1 close", 12);
    more(
        &mut shop,
        "
        query A                        -> cancelled v4 unknown
        said A.1 closed src=closing    -> applied
        query A                        -> cancelled v5 closed
        queue                          -> close_charge
        ",
    );
}

/// The question that was on its way finds it open: its closing, of which nobody asked any more, goes on.
#[test]
fn an_attempt_that_was_not_closed_and_is_found_open_is_closed_again() {
    let mut shop = open("silent A.1 charge -> applied\ncancel A -> closed v2");
    silent(&mut shop, "silent A.1 close", 12);
    more(
        &mut shop,
        "
        said A.1 pending 300 src=query -> applied
        queue                          -> close_charge+3s query_charge+60s
        said A.1 pending 300 src=query -> duplicate
        queue                          -> query_charge+60s
        ",
    );
}

#[test]
fn a_doubt_that_was_dispelled_is_no_question() {
    let mut shop = open("said A.1 succeeded 300 -> applied\nrefund A 100 -> refund 1 created of 100");
    more(&mut shop, "back A.1 succeeded 100 -> applied\nback A.1 failed -> stale");
    more(&mut shop, "mute A.1 query -> applied\nback A.1 succeeded 100 src=query -> duplicate");
    shop.run("queue");
    more(&mut shop, "query A -> paid v6 300/100/100 succeeded requested:succeeded\nqueue -> ");
    more(&mut shop, "back A.1 failed -> stale\nreviews -> refund_failed refund_failed");
    silent(&mut shop, "mute A.1 query", 13);
    shop.run("queue");
    more(&mut shop, "query A -> paid v6 300/100/100 succeeded requested:succeeded\nqueue -> query_refund");
}

/// Every attempt and refund of one payment: here an earlier attempt, and a refund of the later one's money.
#[test]
fn one_command_asks_about_all_of_a_payment() {
    let mut shop = open(
        "
        silent A.1 charge              -> applied
        start A via=2                  -> open v4 unknown created
        said A.2 succeeded 300 via=2   -> applied
        ",
    );
    silent(&mut shop, "silent A.1 close", 12);
    more(&mut shop, "refund A 100 -> refund 1 created of 100\nmute A.1 refund -> applied");
    silent(&mut shop, "mute A.1 query", 12);
    more(
        &mut shop,
        "
        query A                        -> paid v8 300/100/0 unknown succeeded requested:unknown
        queue                          -> close_charge query_refund
        query A                        -> paid v8 300/100/0 unknown succeeded requested:unknown
        queue                          ->
        back A.1 succeeded 100 src=query via=2 -> applied
        said A.1 closed src=closing    -> applied
        ",
    );
}
