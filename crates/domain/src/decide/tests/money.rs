//! Owns the tables of attempts: money in time, late, twice, wrong; failures; silence; other channels.

use super::script::Shop;
use super::{check, more};

/// An order of 300, open until 100 s, with one attempt through account 1.
const OPEN: &str = "
    put tea 100 stock=9            -> new v1 9/0
    place A tea*3 until=100000     -> new pending_payment v1 300
    start A                        -> open v2 created
    queue                          -> charge
";

fn open(script: &str) -> Shop {
    let mut shop = check(OPEN);
    more(&mut shop, script);
    shop
}

#[test]
fn an_order_is_paid() {
    open(
        "
        said A.1 pending src=answer go=u -> applied
        payment A                      -> open v3 requires_action
        queue                          -> query_charge+15s
        said A.1 succeeded 300         -> applied
        payment A                      -> paid v5 300/0/0 succeeded
        order A                        -> paid v2 paid unfulfilled
        stock tea                      -> 6/0
        ledger                         -> channel=300 sales=-300
        queue                          ->
        reviews                        ->
        ",
    );
}

#[test]
fn p1_p2_told_many_times_it_is_paid_once() {
    open(
        "
        said A.1 succeeded 300 event=x -> applied
        said A.1 succeeded 300 event=x -> duplicate
        said A.1 succeeded 300         -> duplicate
        said A.1 succeeded 300 src=query -> duplicate
        payment A                      -> paid v4 300/0/0 succeeded
        ledger                         -> channel=300 sales=-300
        ",
    );
}

#[test]
fn p3_two_channels_both_succeed_and_the_later_is_given_back() {
    open(
        "
        start A via=2                  -> open v3 created created
        queue                          -> close_charge charge
        said A.2 succeeded 300 via=2   -> applied
        said A.1 succeeded 300         -> applied
        order A                        -> paid v3 overpaid unfulfilled
        payment A                      -> paid v7 600/300/0 succeeded succeeded double:created
        queue                          -> refund
        reviews                        -> double_payment
        ledger                         -> channel=600 owed=-300 sales=-300
        back A.1 succeeded 300         -> applied
        order A                        -> paid v4 paid unfulfilled
        ledger                         -> channel=300 sales=-300
        ",
    );
}

#[test]
fn p5_a_word_about_a_number_that_nobody_knows_is_kept_and_applied_later() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3 until=100000     -> new pending_payment v1 300
        said A.1 succeeded 300 event=x -> unmatched
        said A.1 succeeded 300 event=x -> unmatched
        start A                        -> open v2 created
        said A.1 succeeded 300 event=x -> applied
        said A.1 succeeded 300 event=x -> duplicate
        order A                        -> paid v2 paid unfulfilled
        ",
    );
}

#[test]
fn p6_a_failure_behind_a_success_is_stale() {
    open(
        "
        said A.1 failed code=declined  -> applied
        start A via=2                  -> open v4 failed created
        said A.2 succeeded 300 via=2   -> applied
        said A.1 failed                -> duplicate
        said A.2 failed via=2          -> stale
        said A.2 closed via=2          -> stale
        payment A                      -> paid v6 300/0/0 failed succeeded
        ",
    );
}

#[test]
fn late_truth_wins_over_a_failure() {
    open(
        "
        said A.1 failed                -> applied
        said A.1 succeeded 300         -> applied
        order A                        -> paid v2 paid unfulfilled
        ",
    );
}

#[test]
fn p7_money_for_a_closed_order_goes_back() {
    open(
        "
        queue                          ->
        cancel A                       -> closed v2
        queue                          -> close_charge
        payment A                      -> cancelled v3 created
        stock tea                      -> 9/0
        said A.1 succeeded 300         -> applied
        order A                        -> closed v3 late_paid unfulfilled customer
        payment A                      -> cancelled v5 300/300/0 succeeded late:created
        queue                          -> refund
        reviews                        -> late_payment
        stock tea                      -> 9/0
        ledger                         -> channel=300 owed=-300
        back A.1 pending src=answer    -> applied
        back A.1 succeeded 300         -> applied
        order A                        -> closed v4 refunded unfulfilled customer
        ledger                         ->
        ",
    );
}

#[test]
fn p8_p9_p10_what_does_not_fit_moves_nothing() {
    open(
        "
        said A.1 succeeded 1           -> quarantined
        said A.1 succeeded 300 cur=USD -> quarantined
        said A.1 succeeded             -> quarantined
        said A.1 succeeded 300 stranger=app_id -> quarantined
        said A.1 succeeded 300 via=2   -> quarantined
        reviews                        -> quarantined quarantined quarantined quarantined quarantined
        payment A                      -> open v2 created
        order A                        -> pending_payment v1 unpaid unfulfilled
        ledger                         ->
        said A.1 succeeded 300         -> applied
        ",
    );
}

#[test]
fn p13_p14_a_second_request_finds_the_payment_under_way() {
    open(
        "
        start A                        -> payment_in_progress
        said A.1 succeeded 300         -> applied
        start A                        -> invalid_transition paid pay
        ",
    );
}

#[test]
fn an_attempt_that_failed_leaves_room_for_another() {
    open(
        "
        said A.1 failed code=declined src=answer -> applied
        start A                        -> open v4 failed created
        said A.2 succeeded 300         -> applied
        payment A                      -> paid v6 300/0/0 failed succeeded
        ",
    );
}

#[test]
fn the_first_account_that_is_switched_on_is_taken() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3 until=100000     -> new pending_payment v1 300
        account 1 off
        account 2 on
        start A via=1                  -> no_channel
        start A via=1 or=2             -> open v2 created
        said A.1 succeeded 300 via=2   -> applied
        ",
    );
}

#[test]
fn silence_is_asked_about_until_a_person_is_called() {
    let mut shop = open("silent A.1 charge -> applied\nqueue -> query_charge+3s\npayment A -> open v3 unknown");
    for _ in 0..9 {
        more(&mut shop, "silent A.1 query -> applied\n");
    }
    let quick = ["query_charge+3s"; 8].join(" ");
    more(&mut shop, &format!("queue -> {quick} query_charge+300s\nsilent A.1 query -> applied"));
    more(&mut shop, "queue -> query_charge+3600s\nsilent A.1 query -> applied\nqueue -> query_charge+86400s");
    more(&mut shop, "silent A.1 query -> applied\nqueue ->\nreviews -> stuck\npayment A -> open v3 unknown");
    more(&mut shop, "said A.1 succeeded 300 -> applied\norder A -> paid v2 paid unfulfilled");
}

#[test]
fn what_never_arrived_is_sent_again_under_its_number() {
    open(
        "
        silent A.1 charge              -> applied
        queue                          -> query_charge+3s
        said A.1 not_found src=query   -> applied
        queue                          -> charge query_charge+3s
        said A.1 pending src=answer go=u -> applied
        payment A                      -> open v4 requires_action
        ",
    );
}

#[test]
fn what_the_payer_is_to_do_is_asked_for_again_where_it_was_lost() {
    open(
        "
        silent A.1 charge              -> applied
        queue                          -> query_charge+3s
        said A.1 pending src=query     -> applied
        queue                          -> charge query_charge+3s
        payment A                      -> open v3 unknown
        said A.1 pending src=answer go=u -> applied
        payment A                      -> open v4 requires_action
        ",
    );
}

#[test]
fn an_order_whose_time_is_over_is_closed_once_its_attempts_are() {
    open(
        "
        said A.1 pending src=answer go=u -> applied
        queue                          -> query_charge+15s
        at 100000
        start A via=2                  -> order_expired
        sweep A                        -> applied
        sweep A                        -> applied
        queue                          -> close_charge
        order A                        -> pending_payment v1 unpaid unfulfilled
        said A.1 closed src=closing    -> applied
        order A                        -> closed v2 unpaid unfulfilled timeout
        payment A                      -> expired v5 closed
        stock tea                      -> 9/0
        ",
    );
}

#[test]
fn a_payer_who_is_faster_than_the_closing_pays_in_time() {
    open(
        "
        said A.1 pending src=answer go=u -> applied
        at 100000
        sweep A                        -> applied
        said A.1 succeeded 300 src=closing -> applied
        order A                        -> paid v2 paid unfulfilled
        ",
    );
}

#[test]
fn an_order_can_be_closed_over_a_channel_that_does_not_answer() {
    open(
        "
        queue                          ->
        at 200000
        sweep A                        -> applied
        silent A.1 close               -> applied
        queue                          -> close_charge close_charge+3s
        expire A                       -> closed v2
        payment A                      -> expired v3 created
        said A.1 succeeded 300         -> applied
        order A                        -> closed v3 late_paid unfulfilled timeout
        ",
    );
}
