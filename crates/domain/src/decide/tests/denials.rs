//! Owns the tables of refunds that a channel refuses, holds, or takes back its word about.

use super::refunds::paid;

#[test]
fn r3_a_failure_is_asked_about_and_may_be_a_success() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 failed code=busy src=answer -> applied
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        queue                          -> refund query_refund
        back A.1 succeeded 120 src=query -> applied
        payment A                      -> paid v7 200/120/120 succeeded requested:succeeded
        ",
    );
}

#[test]
fn only_a_confirmed_failure_frees_the_amount() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 failed code=no src=answer -> applied
        refund A 120                   -> refund_exceeds_captured 80
        back A.1 not_found src=query   -> applied
        queue                          -> refund query_refund query_refund+60s
        at 50000
        back A.1 not_found src=query   -> applied
        queue                          -> query_refund+10s
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        at 60000
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        refund A 80                    -> refund 2 created of 80
        back A.1 succeeded 120         -> applied
        reviews                        -> refund_revived
        ",
    );
}

#[test]
fn a_refund_that_is_revived_where_nothing_is_left_is_for_a_person() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 failed code=no src=query -> applied
        refund A 200                   -> refund 2 created of 200
        back A.1 succeeded 120         -> quarantined
        reviews                        -> refund_revived
        payment A                      -> paid v7 200/200/0 succeeded requested:failed requested:created
        ",
    );
}

#[test]
fn what_the_channel_holds_stays_reserved_and_is_for_a_person_once() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 pending code=ABNORMAL -> applied
        reviews                        -> stuck
        back A.1 pending code=ABNORMAL src=query -> duplicate
        reviews                        ->
        refund A 120                   -> refund_exceeds_captured 80
        back A.1 succeeded 120         -> applied
        payment A                      -> paid v7 200/120/120 succeeded requested:succeeded
        ",
    );
}

#[test]
fn an_earlier_try_may_yet_arrive_so_a_no_is_final_once_two_questions_found_nothing() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        mute A.1 refund                -> applied
        back A.1 not_found src=query   -> applied
        queue                          -> refund query_refund+3s refund query_refund+3s
        back A.1 failed code=busy src=answer -> applied
        queue                          ->
        mute A.1 query                 -> applied
        queue                          -> query_refund+3s
        back A.1 not_found src=query   -> applied
        queue                          -> query_refund+60s
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        at 60000
        mute A.1 query                 -> applied
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        ",
    );
}

#[test]
fn a_question_that_found_nothing_does_not_count_behind_a_try_without_an_answer() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 failed code=busy      -> applied
        mute A.1 refund                -> applied
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        back A.1 succeeded 120 src=query -> applied
        ",
    );
}

#[test]
fn each_word_about_a_later_try_begins_the_minute_anew() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 failed code=no src=answer -> applied
        back A.1 not_found src=query   -> applied
        at 60000
        mute A.1 refund                -> applied
        back A.1 not_found src=query   -> applied
        at 110000
        back A.1 failed code=no        -> applied
        at 120000
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        at 180000
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        ",
    );
}

#[test]
fn an_answer_that_the_channel_knows_of_none_is_a_silence() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        queue                          -> refund
        back A.1 not_found src=answer  -> applied
        queue                          -> query_refund+3s
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        back A.1 not_found src=query   -> applied
        queue                          -> refund query_refund+3s
        back A.1 not_found src=answer  -> applied
        queue                          ->
        back A.1 failed code=no src=answer -> applied
        back A.1 not_found src=query   -> applied
        at 60000
        back A.1 not_found src=answer  -> applied
        payment A                      -> paid v6 200/120/0 succeeded requested:unknown
        ",
    );
}

/// Alipay takes a refund, and may then know of none: it was not made, and is to be sent again under its number.
#[test]
fn what_the_channel_held_and_knows_no_more_is_not_a_failure_and_is_sent_again() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        back A.1 pending code=ABNORMAL -> applied
        queue                          -> refund query_refund+3s
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v7 200/120/0 succeeded requested:unknown
        queue                          -> refund query_refund+3s
        back A.1 not_found src=query   -> applied
        back A.1 pending src=answer    -> applied
        payment A                      -> paid v8 200/120/0 succeeded requested:submitted
        ",
    );
}
