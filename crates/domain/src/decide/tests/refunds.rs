//! Owns the tables of refunds: how much, of what, what the channel says, and what becomes of order, stock and ledger.

use super::script::Shop;
use super::{check, more};

/// An order of 100 + 2 × 50, paid.
const PAID: &str = "
    put tea 100 stock=9            -> new v1 9/0
    put cup 50 stock=9             -> new v1 9/0
    place A tea*1 cup*2 until=100000 -> new pending_payment v1 200
    pay A 200                      -> paid v2
    queue                          -> charge
";

pub(super) fn paid(script: &str) -> Shop {
    let mut shop = check(PAID);
    more(&mut shop, script);
    shop
}

#[test]
fn r1_two_that_are_too_much_together() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        refund A 120                   -> refund_exceeds_captured 80
        queue                          -> refund
        payment A                      -> paid v5 200/120/0 succeeded requested:created
        ",
    );
}

#[test]
fn r6_exactly_what_is_left() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        refund A 80                    -> refund 2 created of 80
        refund A 1                     -> refund_exceeds_captured 0
        back A.1 succeeded 120 src=answer -> applied
        order A                        -> paid v3 partially_refunded unfulfilled
        back A.2 succeeded 80 src=answer -> applied
        order A                        -> closed v4 refunded unfulfilled refunded
        ledger                         ->
        ",
    );
}

#[test]
fn all_of_it_closes_the_order_and_restocks_nothing() {
    paid(
        "
        refund A                       -> refund 1 created of 200
        back A.1 succeeded             -> applied
        order A                        -> closed v3 refunded unfulfilled refunded
        stock tea                      -> 8/0
        ",
    );
}

#[test]
fn all_of_it_is_every_line_also_behind_refunds_that_failed_or_were_of_other_money() {
    paid(
        "
        refund A 50                    -> refund 1 created of 50
        back A.1 failed code=no src=query -> applied
        refund A                       -> refund 2 created of 200
        ship A T1 v=2                  -> refund_under_way 1 0
        back A.2 succeeded             -> applied
        order A                        -> closed v3 refunded unfulfilled refunded
        ",
    );
    open_twice(
        "
        said A.1 succeeded 200         -> applied
        refund A                       -> refund 2 created of 200
        ship A T1 v=3                  -> refund_under_way 1 0
        ",
    );
}

#[test]
fn r7_a_cancel_behind_a_full_refund_gives_nothing_back_again() {
    paid(
        "
        refund A                       -> refund 1 created of 200
        back A.1 succeeded             -> applied
        cancel A                       -> closed v3
        refund A 1                     -> refund_exceeds_captured 0
        payment A                      -> paid v6 200/200/200 succeeded requested:succeeded
        ",
    );
}

#[test]
fn s8_money_for_an_order_that_was_refunded_moves_no_stock() {
    open_twice(
        "
        refund A                       -> refund 1 created of 200
        back A.1 succeeded via=2       -> applied
        order A                        -> closed v3 refunded unfulfilled refunded
        said A.1 succeeded 200         -> applied
        order A                        -> closed v4 overpaid unfulfilled refunded
        reviews                        -> late_payment
        stock tea                      -> 8/0
        stock cup                      -> 7/0
        back A.2 succeeded 200         -> applied
        order A                        -> closed v5 refunded unfulfilled refunded
        ledger                         ->
        ",
    );
}

/// Paid through the second of two attempts.
fn open_twice(script: &str) {
    let mut shop = check(
        "
        put tea 100 stock=9            -> new v1 9/0
        put cup 50 stock=9             -> new v1 9/0
        place A tea*1 cup*2 until=100000 -> new pending_payment v1 200
        start A                        -> open v2 created
        start A via=2                  -> open v3 created created
        said A.2 succeeded 200 via=2   -> applied
        ",
    );
    more(&mut shop, script);
}

#[test]
fn lines_come_back_with_their_goods_where_somebody_decided_so() {
    paid(
        "
        refund A 2*1!                  -> refund 1 created of 50
        refund A 2*2                   -> quantity_exceeds_unrefunded 2 1
        refund A 3*1                   -> line_not_found 3
        back A.1 succeeded             -> applied
        order A                        -> paid v3 partially_refunded unfulfilled
        stock cup                      -> 8/0
        ship A T1 2*2 v=3              -> quantity_exceeds_unshipped 2 1
        ship A T1 v=3                  -> shipped v4
        refund A 1*1! 2*1              -> refund 2 created of 150
        back A.2 succeeded             -> applied
        order A                        -> closed v5 refunded partial refunded
        stock tea                      -> 9/0
        stock cup                      -> 8/0
        ",
    );
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_again() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        queue                          -> refund
        mute A.1 refund                -> applied
        queue                          -> query_refund+3s
        back A.1 succeeded 12 src=query -> quarantined
        queue                          -> query_refund+3s
        back A.1 succeeded 120 src=query -> applied
        ",
    );
}

#[test]
fn units_that_were_given_back_twice_come_back_into_stock_once() {
    paid(
        "
        refund A 2*1!                  -> refund 1 created of 50
        back A.1 failed code=no src=query -> applied
        refund A 2*2!                  -> refund 2 created of 100
        back A.2 succeeded             -> applied
        stock cup                      -> 9/0
        back A.1 succeeded             -> applied
        stock cup                      -> 9/0
        ",
    );
}

#[test]
fn r2_a_lost_reply_is_asked_about_and_sent_again_under_its_number() {
    paid(
        "
        refund A 120                   -> refund 1 created of 120
        queue                          -> refund
        mute A.1 refund                -> applied
        queue                          -> query_refund+3s
        back A.1 not_found src=query   -> applied
        queue                          -> refund query_refund+3s
        back A.1 succeeded 120 src=answer -> applied
        back A.1 succeeded 120         -> duplicate
        payment A                      -> paid v7 200/120/120 succeeded requested:succeeded
        ",
    );
}

#[test]
fn r4_what_wechat_pay_allows() {
    let mut shop = check(
        "
        account 1 kind=wechat_pay
        put tea 100 stock=9            -> new v1 9/0
        place A tea*1 until=100000     -> new pending_payment v1 100
        pay A 100                      -> paid v2
        refund A 1                     -> refund 1 created of 1
        refund A 1                     -> refund 2 created of 1
        refund A 1                     -> refund 3 created of 1
        queue                          -> charge refund refund+60s refund+120s
        ",
    );
    for number in 4..=50 {
        more(&mut shop, &format!("refund A 1 -> refund {number} created of 1"));
    }
    more(&mut shop, "refund A 1 -> refunds_exhausted\nat 31536000001\nrefund A 1 -> refunds_exhausted");
    let mut shop = check(
        "
        account 1 kind=wechat_pay
        put tea 100 stock=9            -> new v1 9/0
        place A tea*1 until=100000     -> new pending_payment v1 100
        pay A 100                      -> paid v2
        at 31536000001
        ",
    );
    more(&mut shop, "refund A 1 -> refund_period_over");
}

#[test]
fn r4_each_refund_stands_a_minute_behind_the_one_before_whatever_became_of_it() {
    let mut shop = check(
        "
        account 1 kind=wechat_pay
        put tea 100 stock=9            -> new v1 9/0
        place A tea*1 until=100000     -> new pending_payment v1 100
        pay A 100                      -> paid v2
        refund A 1                     -> refund 1 created of 1
        back A.1 pending src=answer    -> applied
        queue                          -> charge refund query_refund+3s
        ",
    );
    more(
        &mut shop,
        "
        at 1000
        refund A 1                     -> refund 2 created of 1
        at 2000
        refund A 1                     -> refund 3 created of 1
        queue                          -> refund+59s refund+118s
        at 100000
        back A.2 succeeded 1 src=answer -> applied
        refund A 1                     -> refund 4 created of 1
        queue                          -> refund+80s
        at 300000
        refund A 1                     -> refund 5 created of 1
        queue                          -> refund
        ",
    );
}

#[test]
fn what_is_refused_before_anything() {
    paid(
        "
        refund B 1                     -> not_found
        refund A 1 cur=USD             -> currency_mismatch
        refund A 201                   -> refund_exceeds_captured 200
        place B tea*1 until=100000     -> new pending_payment v1 100
        start B                        -> open v2 created
        refund B 1                     -> payment_not_captured
        ",
    );
}

#[test]
fn r8_a_refund_is_of_its_own_payment() {
    paid(
        "
        place B tea*1 until=100000     -> new pending_payment v1 100
        pay B 100                      -> paid v2
        refund A 150                   -> refund 1 created of 150
        refund B 150                   -> refund_exceeds_captured 100
        payment B                      -> paid v4 100/0/0 succeeded
        ",
    );
}
