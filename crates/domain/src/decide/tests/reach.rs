//! Owns the tables of who may touch only their own: an order of another is answered as one that never was.

use super::check;

#[test]
fn anothers_order_is_not_there() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        place A tea*1 whose=c-1        -> new pending_payment v1 100
        place B tea*1 for=c-2 whose=c-1 -> not_found
        place B tea*1 for=c-2          -> new pending_payment v1 100
        cancel B whose=c-1             -> not_found
        cancel Z whose=c-1             -> not_found
        receive B whose=c-1            -> not_found
        start B whose=c-1              -> not_found
        ship B T1 v=1 whose=c-1        -> not_found
        correct B T1 v=1 whose=c-1     -> not_found
        start A whose=c-1              -> open v2 created
        cancel A whose=c-1             -> closed v2
        cancel B whose=c-2             -> closed v2
        stock tea                      -> 10/0
        ",
    );
}

/// Nor is its number taken, to whoever tries it.
#[test]
fn anothers_number_is_not_taken() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        issue A until=50               -> issued
        place A tea*1 issued for=c-2 whose=c-2 -> new pending_payment v1 100
        place A tea*1 issued by=2 for=c-1 whose=c-1 -> order_no_invalid
        place Z tea*1 issued by=2 for=c-1 whose=c-1 -> order_no_invalid
        place A tea*1 issued by=2 for=c-2 whose=c-2 -> order_no_taken
        place A tea*1 issued by=2      -> order_no_taken
        place A tea*2 issued for=c-2 whose=c-2 -> order_no_taken
        ",
    );
}

/// Who logged in keeps what they ordered before.
#[test]
fn a_guest_who_logged_in_keeps_their_order() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        place A tea*1 for=guest whose=guest -> new pending_payment v1 100
        cancel A whose=c-1             -> not_found
        cancel A whose=c-1,guest       -> closed v2
        ",
    );
}

/// Money of another's order is as far away, and so is what is nobody's own.
#[test]
fn anothers_payment_is_not_there() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        place A tea*1                  -> new pending_payment v1 100
        pay A 100                      -> paid v2
        refund A 100 whose=c-2         -> not_found
        query A whose=c-2              -> not_found
        refund A 60                    -> refund 1 created of 60
        said A.1 succeeded 100 whose=c-1 -> not_found
        put tea 1 whose=c-1            -> not_found
        move tea 5 whose=c-1           -> not_found
        issue B whose=c-1              -> issued
        ",
    );
}
