//! Owns the tables of duplicates that no key record protects: what is natural to an order still does.

use super::check;

/// O2: the second tab sends the same order number and cart, under a key of its own.
#[test]
fn o2_the_same_number_and_request_is_the_same_order() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        issue A                        -> issued
        place A tea*1 issued key=tab1  -> new pending_payment v1 100
        place A tea*1 issued key=tab2  -> pending_payment v1
        stock tea                      -> 5/1
        ",
    );
}

/// The key's record was purged: the order that it made still answers for it.
#[test]
fn o3_a_purged_key_finds_its_order() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*1 key=k            -> new pending_payment v1 100
        place A tea*1 key=k            -> pending_payment v1
        place B tea*1 key=k            -> idempotency_key_reused
        place A tea*2 key=k            -> idempotency_key_reused
        place B tea*1 key=k by=2       -> new pending_payment v1 100
        pay A 100                      -> paid v2
        place A tea*1 key=k            -> paid v2
        stock tea                      -> 4/1
        ",
    );
}

/// The key is asked before the number: what another request made under this key is never shown.
#[test]
fn a_key_comes_before_a_number() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        issue A                        -> issued
        issue B                        -> issued
        place A tea*1 issued key=k     -> new pending_payment v1 100
        place B tea*2 issued key=j     -> new pending_payment v1 200
        place B tea*2 issued key=k     -> idempotency_key_reused
        ",
    );
}

#[test]
fn o1_s7_cancel_twice_releases_once() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*2                  -> new pending_payment v1 200
        place B tea*2                  -> new pending_payment v1 200
        cancel A                       -> closed v2
        cancel A                       -> invalid_transition closed cancel
        expire A                       -> invalid_transition closed expire
        stock tea                      -> 5/2
        order A                        -> closed v2 unpaid unfulfilled customer
        ",
    );
}

#[test]
fn p14_paid_twice_is_sold_once() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*2                  -> new pending_payment v1 200
        pay A 200                      -> paid v2
        pay A 200                      -> invalid_transition paid pay
        stock tea                      -> 3/0
        ",
    );
}

/// S8: money that comes for a closed order takes no stock again.
#[test]
fn s8_late_payment_takes_no_stock() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*2                  -> new pending_payment v1 200
        cancel A reason=merchant       -> closed v2
        pay A 200                      -> invalid_transition closed pay
        stock tea                      -> 5/0
        order A                        -> closed v2 unpaid unfulfilled merchant
        ",
    );
}

/// A parcel is known by its carrier and number: the same again is the same parcel, with no version asked.
#[test]
fn a_parcel_sent_again_is_the_same_parcel() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        put cup 50 stock=9             -> new v1 9/0
        place A tea*2 cup*2            -> new pending_payment v1 300
        pay A 300                      -> paid v2
        ship A T1 2*1 1*1 v=2          -> paid v3
        ship A T1 1*1 2*1 v=2          -> paid v3
        ship A T1 1*1 v=3              -> tracking_no_taken
        ship A T1 1*1 v=3 carrier=YTO  -> paid v4
        ship A T2 v=4                  -> shipped v5
        ship A T2 v=4                  -> shipped v5
        order A                        -> shipped v5 paid shipped
        ",
    );
}

/// "All that is left" under the number of a parcel that held a part is not that parcel sent again.
#[test]
fn the_rest_under_a_known_number_is_not_swallowed() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*2                  -> new pending_payment v1 200
        pay A 200                      -> paid v2
        ship A T1 1*1 v=2              -> paid v3
        ship A T1 v=3                  -> tracking_no_taken
        order A                        -> paid v3 paid partial
        ",
    );
}

/// The ABA problem: 666 is corrected to 888, then the first request comes again under a new key.
#[test]
fn aba_a_late_retry_of_an_old_number_changes_nothing() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*2                  -> new pending_payment v1 200
        pay A 200                      -> paid v2
        ship A 666 v=2                 -> shipped v3
        correct A 888 v=3              -> shipped v4
        correct A 888 v=4              -> shipped v4
        ship A 666 v=2                 -> version_mismatch 4
        correct A 666 v=3              -> version_mismatch 4
        order A                        -> shipped v4 paid shipped
        ",
    );
}

#[test]
fn a_purged_key_finds_its_attempt_and_serves_no_other_order() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*1                  -> new pending_payment v1 100
        place B tea*1                  -> new pending_payment v1 100
        start A                        -> open v2 created
        start A id=A.1                 -> open v2 created
        start B id=A.1                 -> idempotency_key_reused
        said A.1 succeeded 100         -> applied
        queue                          -> charge
        start A id=A.1                 -> paid v4 100/0/0 succeeded
        queue                          ->
        ",
    );
}

#[test]
fn a_purged_key_finds_its_refund_and_serves_no_other() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        place A tea*3                  -> new pending_payment v1 300
        place B tea*3                  -> new pending_payment v1 300
        pay A 300                      -> paid v2
        pay B 300                      -> paid v2
        refund A 1*2!                  -> refund 1 created of 200
        refund A 1*2! id=A.1           -> refund 1 created of 200
        back A.1 succeeded             -> applied
        refund A 1*2! id=A.1           -> refund 1 succeeded of 200
        refund A id=A.1                -> refund 1 succeeded of 200
        refund A 200 id=A.1            -> refund 1 succeeded of 200
        refund A 100 id=A.1            -> idempotency_key_reused
        refund A 200 cur=USD id=A.1    -> idempotency_key_reused
        refund A 1*2 id=A.1            -> idempotency_key_reused
        refund B 200 id=A.1            -> idempotency_key_reused
        ",
    );
}
