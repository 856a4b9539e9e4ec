//! Owns the tables of refunds that failed for good and are sent once more: booked where the first would have been.

use super::{check, more};

const OPEN: &str = "
    put tea 100 stock=9            -> new v1 9/0
    place A tea*3 until=100000     -> new pending_payment v1 300
    start A                        -> open v2 created
    queue                          -> charge
";

fn open(script: &str) {
    more(&mut check(OPEN), script);
}

#[test]
fn money_that_came_late_is_given_back_after_all() {
    open(
        "
        cancel A                       -> closed v2
        said A.1 succeeded 300         -> applied
        retry A.1                      -> refund_not_failed
        back A.1 failed code=no src=query -> applied
        reviews                        -> late_payment refund_failed
        payment A                      -> cancelled v6 300/0/0 succeeded late:failed
        refund A                       -> payment_not_captured
        queue                          -> close_charge refund
        retry A.1                      -> refund 2 created of 300
        queue                          -> refund
        retry A.1                      -> refund 2 created of 300
        queue                          ->
        retry A.2                      -> refund_not_failed
        order A                        -> closed v3 late_paid unfulfilled customer
        back A.2 succeeded 300         -> applied
        order A                        -> closed v4 refunded unfulfilled customer
        payment A                      -> cancelled v8 300/300/300 succeeded late:failed late:succeeded
        ledger                         ->
        ",
    );
}

#[test]
fn money_that_came_twice_is_given_back_after_all_and_is_no_refund_of_the_order() {
    open(
        "
        start A via=2                  -> open v3 created created
        said A.2 succeeded 300 via=2   -> applied
        said A.1 succeeded 300         -> applied
        back A.1 failed code=no src=query -> applied
        refund A 300                   -> refund 2 created of 300
        refund A 1                     -> refund_exceeds_captured 0
        back A.2 failed code=no src=query via=2 -> applied
        retry A.1                      -> refund 3 created of 300
        back A.3 succeeded 300         -> applied
        order A                        -> paid v4 paid unfulfilled
        ledger                         -> channel=300 sales=-300
        back A.1 succeeded 300         -> quarantined
        payment A                      -> paid v12 600/300/300 succeeded succeeded double:failed requested:failed double:succeeded
        ",
    );
}

#[test]
fn what_was_asked_for_is_sent_once_more_with_its_lines() {
    open(
        "
        said A.1 succeeded 300         -> applied
        refund A 1*2!                  -> refund 1 created of 200
        back A.1 failed code=no src=query -> applied
        retry A.1                      -> refund 2 created of 200
        back A.2 succeeded             -> applied
        order A                        -> paid v3 partially_refunded unfulfilled
        stock tea                      -> 8/0
        refund A 1*1                   -> refund 3 created of 100
        back A.3 failed code=no src=query -> applied
        refund A 1*1                   -> refund 4 created of 100
        retry A.3                      -> refund_exceeds_captured 0
        ",
    );
}

#[test]
fn one_failure_is_followed_by_one_refund_whatever_key_asks_for_it() {
    open(
        "
        said A.1 succeeded 300         -> applied
        refund A 100                   -> refund 1 created of 100
        back A.1 failed code=no src=query -> applied
        queue                          -> refund
        retry A.1 key=one              -> refund 2 created of 100
        queue                          -> refund
        retry A.1 key=two              -> refund 2 created of 100
        retry A.1 key=three by=2       -> refund 2 created of 100
        queue                          ->
        back A.2 succeeded 100         -> applied
        retry A.1 key=four             -> refund 2 succeeded of 100
        payment A                      -> paid v8 300/100/100 succeeded requested:failed requested:succeeded
        ",
    );
}

#[test]
fn a_refund_that_nobody_asks_about_any_more_is_asked_about_again() {
    let mut shop = check(OPEN);
    more(
        &mut shop,
        "
        said A.1 succeeded 300         -> applied
        refund A 1*1                   -> refund 1 created of 100
        mute A.1 refund                -> applied
        retry A.1                      -> refund_not_failed
        ",
    );
    for _ in 0..12 {
        more(&mut shop, "mute A.1 query -> applied");
    }
    shop.run("queue");
    more(
        &mut shop,
        "
        reviews                        -> stuck
        ship A T1 v=2                  -> refund_under_way 1 2
        retry A.1                      -> refund 1 unknown of 100
        queue                          -> query_refund
        retry A.1                      -> refund_not_failed
        mute A.1 query                 -> applied
        queue                          -> query_refund+3s
        reviews                        ->
        back A.1 succeeded 100 src=query -> applied
        ship A T1 v=3                  -> shipped v4
        ",
    );
}

#[test]
fn what_the_channel_held_for_too_long_is_asked_about_again() {
    let mut shop = check(OPEN);
    more(&mut shop, "said A.1 succeeded 300 -> applied\nrefund A 100 -> refund 1 created of 100");
    more(&mut shop, "back A.1 pending src=answer -> applied");
    for _ in 0..13 {
        more(&mut shop, "back A.1 pending src=query -> duplicate");
    }
    shop.run("queue");
    more(
        &mut shop,
        "
        reviews                        -> stuck
        retry A.1                      -> refund 1 submitted of 100
        queue                          -> query_refund
        back A.1 pending src=query     -> duplicate
        queue                          -> query_refund+3s
        ",
    );
}

/// The channel refused it, and knew of none twice, a minute apart.
const REFUSED: &str = "
    said A.1 succeeded 300         -> applied
    refund A 1*2!                  -> refund 1 created of 200
    back A.1 failed code=no src=answer -> applied
    back A.1 not_found src=query   -> applied
    at 60000
    back A.1 not_found src=query   -> applied
    payment A                      -> paid v7 300/0/0 succeeded requested:failed
    queue                          -> refund query_refund query_refund+60s
";

#[test]
fn what_the_channel_never_had_is_sent_again_under_its_own_number() {
    let mut shop = check(OPEN);
    more(&mut shop, REFUSED);
    more(
        &mut shop,
        "
        retry A.1                      -> refund 1 created of 200
        queue                          -> refund
        payment A                      -> paid v8 300/200/0 succeeded requested:created
        retry A.1                      -> refund_not_failed
        mute A.1 refund                -> applied
        queue                          -> query_refund+3s
        back A.1 failed code=no src=query -> applied
        retry A.1                      -> refund 2 created of 200
        payment A                      -> paid v11 300/200/0 succeeded requested:failed requested:created
        back A.2 succeeded             -> applied
        stock tea                      -> 8/0
        ",
    );
}

#[test]
fn what_the_channel_never_had_is_not_sent_again_where_nothing_is_left() {
    let mut shop = check(OPEN);
    more(&mut shop, REFUSED);
    more(
        &mut shop,
        "
        refund A 101                   -> refund 2 created of 101
        retry A.1                      -> refund_exceeds_captured 199
        payment A                      -> paid v8 300/101/0 succeeded requested:failed requested:created
        ",
    );
}

#[test]
fn a_retry_that_failed_is_sent_once_more_by_its_own_id() {
    open(
        "
        said A.1 succeeded 300         -> applied
        refund A 100                   -> refund 1 created of 100
        back A.1 failed code=no src=query -> applied
        retry A.1                      -> refund 2 created of 100
        back A.2 failed code=no src=query -> applied
        retry A.1                      -> refund 2 failed of 100
        retry A.2                      -> refund 3 created of 100
        retry A.2                      -> refund 3 created of 100
        payment A                      -> paid v9 300/100/0 succeeded requested:failed requested:failed requested:created
        ",
    );
}

/// An answer to a question from before it was sent again tells nothing of what was sent since.
#[test]
fn what_was_sent_again_is_ended_by_no_answer_from_before() {
    let mut shop = check(OPEN);
    more(&mut shop, REFUSED);
    more(
        &mut shop,
        "
        retry A.1                      -> refund 1 created of 200
        mute A.1 refund                -> applied
        back A.1 failed code=no src=query asked=1 -> applied
        payment A                      -> paid v9 300/200/0 succeeded requested:unknown
        queue                          -> refund query_refund+3s
        back A.1 not_found src=query asked=2 -> stale
        back A.1 failed code=no src=query -> applied
        payment A                      -> paid v10 300/0/0 succeeded requested:failed
        ",
    );
}

/// A provider that keeps its first answer under a key would repeat its refusal; and the key that sent it again does so once,
/// also when its record was purged.
#[test]
fn what_is_sent_again_has_a_new_key_at_the_provider() {
    let mut shop = check(OPEN);
    more(&mut shop, REFUSED);
    more(
        &mut shop,
        "
        retry A.1 number=21            -> refund 1 created of 200
        keys A                         -> 21
        retry A.1 number=21            -> refund 1 created of 200
        mute A.1 refund                -> applied
        back A.1 not_found src=query   -> applied
        queue                          -> refund query_refund+3s refund query_refund+3s
        back A.1 failed code=no src=answer -> applied
        back A.1 not_found src=query   -> applied
        at 120000
        back A.1 not_found src=query   -> applied
        retry A.1 number=21            -> refund 1 failed of 200
        retry A.1 number=22            -> refund 1 created of 200
        keys A                         -> 22
        ",
    );
}
