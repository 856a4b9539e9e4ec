//! Owns the tables of attempts that are taken back while the payer still holds a page or a code, and of orders whose time is
//! over.

use super::{check, more};

/// An order of 300, open until 100 s, and an attempt whose page the payer holds.
const HELD: &str = "
    put tea 100 stock=9            -> new v1 9/0
    place A tea*3 until=100000     -> new pending_payment v1 300
    start A                        -> open v2 created
    said A.1 pending src=answer go=u -> applied
    queue                          -> charge query_charge+15s
";

fn held(script: &str) {
    more(&mut check(HELD), script);
}

#[test]
fn a_page_that_nobody_opened_yet_is_closed_again_until_it_is_worth_nothing() {
    held(
        "
        at 50000
        start A via=2                  -> open v4 requires_action created
        queue                          -> close_charge charge
        said A.1 not_found src=closing -> applied
        queue                          -> close_charge+60s
        payment A                      -> open v4 requires_action created
        at 110000
        said A.1 not_found src=closing -> applied
        queue                          -> close_charge+60s
        at 660000
        said A.1 not_found src=closing -> applied
        queue                          -> close_charge+40s
        at 700000
        said A.1 not_found src=closing -> applied
        queue                          ->
        payment A                      -> open v5 closed created
        ",
    );
}

#[test]
fn a_page_that_is_opened_behind_the_closing_is_closed_then() {
    held(
        "
        cancel A                       -> closed v2
        said A.1 not_found src=closing -> applied
        queue                          -> close_charge close_charge+60s
        at 60000
        said A.1 closed src=closing    -> applied
        payment A                      -> cancelled v5 closed
        ",
    );
}

#[test]
fn an_order_whose_page_nobody_opened_comes_to_its_end_all_the_same() {
    held(
        "
        at 100000
        sweep A                        -> applied
        said A.1 not_found src=closing -> applied
        order A                        -> pending_payment v1 unpaid unfulfilled
        at 160000
        expire A                       -> closed v2
        payment A                      -> expired v4 requires_action
        stock tea                      -> 9/0
        said A.1 succeeded 300         -> applied
        order A                        -> closed v3 late_paid unfulfilled timeout
        ",
    );
}

#[test]
fn what_the_payer_never_held_is_closed_where_the_channel_knows_of_none() {
    let mut shop = check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3 until=100000     -> new pending_payment v1 300
        start A                        -> open v2 created
        silent A.1 charge              -> applied
        cancel A                       -> closed v2
        ",
    );
    more(&mut shop, "said A.1 not_found src=closing -> applied\npayment A -> cancelled v5 closed");
}

#[test]
fn who_changes_channels_may_come_back_to_the_first() {
    held(
        "
        start A                        -> payment_in_progress
        start A via=2                  -> open v4 requires_action created
        said A.1 not_found src=closing -> applied
        start A                        -> open v5 requires_action created created
        start A                        -> payment_in_progress
        ",
    );
}
