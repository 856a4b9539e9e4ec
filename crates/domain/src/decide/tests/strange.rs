//! Owns the tables of words that contradict what is known: a second success, and money that somebody else gave back.

use super::{check, more};

/// An order of 300 with one attempt through account 1.
const OPEN: &str = "
    put tea 100 stock=9            -> new v1 9/0
    place A tea*3 until=100000     -> new pending_payment v1 300
    start A                        -> open v2 created
";

fn open(script: &str) {
    more(&mut check(OPEN), script);
}

#[test]
fn a_second_success_under_another_number_of_the_channel_is_for_a_person() {
    open(
        "
        said A.1 succeeded 300 no=x1   -> applied
        said A.1 succeeded 300 no=x1   -> duplicate
        said A.1 succeeded 300         -> duplicate
        reviews                        ->
        said A.1 succeeded 300 no=x2   -> quarantined
        reviews                        -> quarantined
        payment A                      -> paid v4 300/0/0 succeeded
        refund A 100                   -> refund 1 created of 100
        back A.1 succeeded 100 no=r1   -> applied
        back A.1 succeeded 100         -> duplicate
        back A.1 succeeded 100 no=r2   -> quarantined
        reviews                        -> quarantined
        payment A                      -> paid v6 300/100/100 succeeded requested:succeeded
        ",
    );
}

#[test]
fn an_answer_that_does_not_fit_is_no_answer() {
    open(
        "
        queue                          -> charge
        said A.1 succeeded 30 src=answer -> quarantined
        reviews                        -> quarantined
        payment A                      -> open v3 unknown
        queue                          -> query_charge+3s
        said A.1 succeeded 30 src=query -> quarantined
        queue                          -> query_charge+3s
        said A.1 succeeded 300 src=query -> applied
        refund A 100                   -> refund 1 created of 100
        queue                          -> refund
        back A.1 succeeded 10 src=answer -> quarantined
        payment A                      -> paid v7 300/100/0 succeeded requested:unknown
        queue                          -> query_refund+3s
        back A.1 succeeded 10          -> quarantined
        queue                          ->
        back A.1 succeeded 100 src=query -> applied
        ",
    );
}

#[test]
fn an_attempt_whose_closing_is_answered_strangely_is_closed_again() {
    open(
        "
        cancel A                       -> closed v2
        queue                          -> charge close_charge
        said A.1 succeeded 30 src=closing -> quarantined
        queue                          -> close_charge+3s
        said A.1 closed src=closing    -> applied
        queue                          ->
        ",
    );
}

#[test]
fn p11_reversed_is_stale_where_we_gave_all_of_it_back() {
    open(
        "
        said A.1 succeeded 300         -> applied
        refund A 100                   -> refund 1 created of 100
        back A.1 succeeded 100         -> applied
        refund A 200                   -> refund 2 created of 200
        said A.1 reversed              -> stale
        back A.2 succeeded 200         -> applied
        said A.1 reversed              -> stale
        payment A                      -> paid v8 300/300/300 succeeded requested:succeeded requested:succeeded
        reviews                        ->
        ",
    );
}

#[test]
fn p11_reversed_is_strange_where_we_did_not_see_it_paid_or_did_not_give_it_back() {
    open(
        "
        said A.1 succeeded 300         -> applied
        said A.1 reversed              -> quarantined
        reviews                        -> quarantined
        refund A 100                   -> refund 1 created of 100
        back A.1 succeeded 100         -> applied
        said A.1 reversed              -> quarantined
        payment A                      -> paid v6 300/100/100 succeeded requested:succeeded
        ",
    );
}

#[test]
fn p11_what_was_given_back_there_and_never_seen_here_pays_no_order() {
    open(
        "
        said A.1 refunded 300          -> quarantined
        reviews                        -> quarantined
        queue                          -> charge
        payment A                      -> open v3 closed
        start A                        -> payment_in_progress
        start A via=2                  -> payment_in_progress
        said A.1 succeeded 300         -> quarantined
        said A.1 succeeded 300 src=statement -> quarantined
        said A.1 reversed              -> quarantined
        order A                        -> pending_payment v1 unpaid unfulfilled
        ledger                         ->
        cancel A                       -> closed v2
        ",
    );
    open(
        "
        start A via=2                  -> open v3 created created
        queue                          -> charge close_charge charge
        said A.1 refunded 300          -> quarantined
        queue                          -> close_charge
        payment A                      -> open v4 closed created
        said A.2 closed via=2 src=closing -> applied
        ",
    );
    open(
        "
        said A.1 reversed src=query    -> quarantined
        queue                          -> charge
        said A.1 succeeded 300         -> quarantined
        payment A                      -> open v3 closed
        at 100000
        expire A                       -> closed v2
        ",
    );
}

#[test]
fn what_went_back_in_part_by_us_is_no_news() {
    open(
        "
        said A.1 succeeded 300         -> applied
        refund A 100                   -> refund 1 created of 100
        said A.1 refunded 300          -> stale
        reviews                        ->
        ledger                         -> channel=300 sales=-300
        ",
    );
}

/// A dispute knows the channel's number of the charge, and none of ours.
#[test]
fn p12_a_dispute_is_for_a_person_and_books_nothing() {
    open(
        "
        said A.1 succeeded 300 no=X    -> applied
        dispute Y 300 code=fraudulent  -> unmatched
        dispute X 300 code=fraudulent  -> applied
        dispute X 100 via=2            -> unmatched
        dispute X 100 code=fraudulent  -> applied
        reviews                        -> disputed disputed
        refund A 100                   -> refund 1 created of 100
        mute A.1 refund                -> applied
        back A.1 disputed src=query    -> quarantined
        queue                          -> charge refund query_refund+3s query_refund+3s
        back A.1 succeeded src=query   -> applied
        payment A                      -> paid v7 300/100/100 succeeded requested:succeeded
        ledger                         -> channel=200 sales=-200
        ",
    );
    open("said A.1 disputed src=query -> quarantined\nqueue -> charge query_charge+3s");
}

/// Nothing of it is kept, whatever it says: the channel would be asked about somebody else's charge from then on.
#[test]
fn what_is_of_another_amount_leaves_nothing_behind() {
    open(
        "
        said A.1 pending 30 no=X go=https://else -> quarantined
        said A.1 failed 30 no=X        -> quarantined
        said A.1 closed 30 no=X src=query -> quarantined
        reviews                        -> quarantined quarantined quarantined
        payment A                      -> open v2 created
        said A.1 succeeded 300 no=Y    -> applied
        said A.1 succeeded 300 no=X    -> quarantined
        said A.1 succeeded 300 no=Y    -> duplicate
        ",
    );
}

/// One charge pays one attempt. Storage would refuse the second for ever.
#[test]
fn a_number_of_the_channel_is_of_one_attempt() {
    open(
        "
        said A.1 pending 300 no=X src=answer -> applied
        place B tea*3 until=100000     -> new pending_payment v1 300
        start B                        -> open v2 created
        said B.1 succeeded 300 no=X    -> quarantined
        reviews                        -> quarantined
        said B.1 pending 300 no=X src=answer -> quarantined
        queue                          -> charge query_charge+15s charge query_charge+3s
        payment B                      -> open v3 unknown
        said B.1 succeeded 300 no=Y    -> applied
        said A.1 succeeded 300 no=X    -> applied
        ",
    );
}
