//! Owns the tables of money that was given back and came home again.

use super::more;
use super::refunds::paid;

#[test]
fn a_failure_behind_a_success_is_for_a_person_and_is_asked_about() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 succeeded 120         -> applied
        queue                          -> refund
        back A.1 failed code=account_closed -> stale
        reviews                        -> refund_failed
        queue                          -> query_refund
        payment A                      -> paid v6 200/120/120 succeeded requested:succeeded
        retry A.1                      -> refund_not_failed
        mute A.1 query                 -> applied
        queue                          -> query_refund+3s
        back A.1 succeeded 120 src=query -> duplicate
        queue                          ->
        payment A                      -> paid v6 200/120/120 succeeded requested:succeeded
        ledger                         -> channel=80 sales=-80
        ",
    );
}

#[test]
fn what_came_home_again_is_given_back_again_at_a_persons_word() {
    paid(
        "
        refund A 2*1!                  -> refund 1 created of 50
        back A.1 succeeded             -> applied
        stock cup                      -> 8/0
        back A.1 failed code=account_closed -> stale
        back A.1 failed code=account_closed src=query -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        order A                        -> paid v4 paid unfulfilled
        ledger                         -> channel=200 sales=-200
        ship A T1 2*2 v=4              -> quantity_exceeds_unshipped 2 1
        back A.1 succeeded             -> quarantined
        retry A.1                      -> refund 2 created of 50
        back A.2 succeeded             -> applied
        order A                        -> paid v5 partially_refunded unfulfilled
        stock cup                      -> 8/0
        ledger                         -> channel=150 sales=-150
        ship A T1 v=5                  -> shipped v6
        ",
    );
}

/// A question from before the success is no confirmation, for nobody knows which of the two words is the later one.
#[test]
fn an_order_that_was_wholly_refunded_stays_closed() {
    paid(
        "
        refund A                       -> refund 1 created of 200
        back A.1 succeeded             -> applied
        order A                        -> closed v3 refunded unfulfilled refunded
        back A.1 failed src=query      -> stale
        back A.1 failed src=query      -> applied
        order A                        -> closed v4 paid unfulfilled refunded
        retry A.1                      -> refund 2 created of 200
        back A.2 succeeded             -> applied
        order A                        -> closed v5 refunded unfulfilled refunded
        ledger                         ->
        ",
    );
}

#[test]
fn money_that_nobody_was_owed_is_owed_again() {
    paid(
        "
        start A via=2                  -> invalid_transition paid pay
        place B tea*2 until=100000     -> new pending_payment v1 200
        start B                        -> open v2 created
        cancel B                       -> closed v2
        said B.1 succeeded 200         -> applied
        back B.1 succeeded             -> applied
        order B                        -> closed v4 refunded unfulfilled customer
        back B.1 failed src=statement  -> stale
        back B.1 failed src=query      -> applied
        order B                        -> closed v5 late_paid unfulfilled customer
        ledger                         -> channel=400 owed=-200 sales=-200
        retry B.1                      -> refund 2 created of 200
        back B.2 succeeded             -> applied
        order B                        -> closed v6 refunded unfulfilled customer
        ledger                         -> channel=200 sales=-200
        ",
    );
}

/// Two questions never have one number: else an answer from before the doubt would confirm it.
#[test]
fn an_answer_from_before_confirms_nothing() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        mute A.1 refund                -> applied
        back A.1 succeeded 120         -> applied
        back A.1 failed code=account_closed -> stale
        back A.1 failed code=account_closed src=query asked=1 -> stale
        payment A                      -> paid v7 200/120/120 succeeded requested:succeeded
        back A.1 failed code=account_closed src=query -> applied
        payment A                      -> paid v8 200/0/0 succeeded requested:failed
        ",
    );
}

#[test]
fn an_answer_that_does_not_tell_leaves_the_doubt_as_it_is() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 succeeded 120         -> applied
        back A.1 failed code=account_closed -> stale
        queue                          -> refund query_refund
        back A.1 not_found src=query   -> stale
        queue                          -> query_refund+3s
        back A.1 pending src=query     -> stale
        queue                          -> query_refund+3s
        back A.1 failed 12 src=query   -> quarantined
        queue                          -> query_refund+3s
        back A.1 failed src=query      -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        ",
    );
}

#[test]
fn a_doubt_that_nobody_dispels_is_for_a_person_who_may_ask_again() {
    let mut shop = paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 succeeded 120         -> applied
        back A.1 failed                -> stale
        reviews                        -> refund_failed
        retry A.1                      -> refund_not_failed
        ",
    );
    for _ in 0..13 {
        more(&mut shop, "mute A.1 query -> applied");
    }
    shop.run("queue");
    more(
        &mut shop,
        "
        reviews                        -> stuck
        retry A.1                      -> refund 1 succeeded of 120
        queue                          -> query_refund
        back A.1 failed src=query      -> applied
        retry A.1                      -> refund 2 created of 120
        ",
    );
}

/// A channel may know only later what it was told by a bank: a person who saw the money come home asks it again.
#[test]
fn a_doubt_that_was_dispelled_may_be_asked_about_again() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 succeeded 120         -> applied
        retry A.1                      -> refund_not_failed
        back A.1 failed code=no        -> stale
        reviews                        -> refund_failed
        back A.1 failed code=no        -> stale
        reviews                        ->
        back A.1 succeeded 120 src=query -> duplicate
        queue                          -> refund query_refund query_refund
        retry A.1                      -> refund 1 succeeded of 120
        queue                          -> query_refund
        back A.1 failed code=no src=query -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        ",
    );
}

/// WeChat Pay says ABNORMAL, days behind its SUCCESS, where the payer's bank sent the money back.
#[test]
fn what_is_held_behind_its_success_is_for_a_person() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 pending               -> applied
        back A.1 succeeded 120         -> applied
        back A.1 pending               -> stale
        reviews                        ->
        back A.1 pending code=ABNORMAL -> stale
        reviews                        -> refund_failed
        back A.1 pending code=ABNORMAL src=query -> stale
        queue                          -> refund query_refund+3s query_refund query_refund+3s
        back A.1 closed src=query      -> applied
        retry A.1                      -> refund 2 created of 120
        ",
    );
}
