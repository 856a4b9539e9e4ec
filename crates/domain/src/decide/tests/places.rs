//! Owns the tables of placing orders: lines, totals, stock and numbers.

use super::check;
use crate::{OrderNo, TenantId};

#[test]
fn an_order_promises_its_stock() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        put cup 50 stock=3             -> new v1 3/0
        place A tea*2 cup*1            -> new pending_payment v1 250
        stock tea                      -> 10/2
        stock cup                      -> 3/1
        order A                        -> pending_payment v1 unpaid unfulfilled
        ",
    );
}

#[test]
fn s1_the_last_unit_goes_to_one() {
    check(
        "
        put tea 100 stock=1            -> new v1 1/0
        place A tea*1                  -> new pending_payment v1 100
        place B tea*1                  -> stock_insufficient tea
        place C tea*1                  -> stock_insufficient tea
        stock tea                      -> 1/1
        ",
    );
}

#[test]
fn s3_same_sku_on_two_lines_is_counted_together() {
    check(
        "
        put tea 100 stock=3            -> new v1 3/0
        place A tea*2 tea*2            -> stock_insufficient tea
        stock tea                      -> 3/0
        place B tea*2 tea*1@90         -> new pending_payment v1 290
        stock tea                      -> 3/3
        pay B 290                      -> paid v2
        stock tea                      -> 0/0
        ",
    );
}

#[test]
fn s9_more_unpaid_orders_than_stock_cannot_be() {
    check(
        "
        put tea 100 stock=3            -> new v1 3/0
        place A tea*2                  -> new pending_payment v1 200
        place B tea*2                  -> stock_insufficient tea
        pay A 200                      -> paid v2
        place B tea*1                  -> new pending_payment v1 100
        pay B 100                      -> paid v2
        stock tea                      -> 0/0
        ",
    );
}

/// A refused order leaves nothing, whichever of its lines is short.
#[test]
fn all_lines_or_none() {
    check(
        "
        put cup 50 stock=1             -> new v1 1/0
        put pot 500 stock=1            -> new v1 1/0
        put tea 100 stock=9            -> new v1 9/0
        place A tea*1 pot*2 cup*2      -> stock_insufficient cup,pot
        stock tea                      -> 9/0
        stock cup                      -> 1/0
        ",
    );
}

#[test]
fn a_price_of_zero_is_paid_at_once() {
    let shop = check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*2@0                -> new paid v2 0
        stock tea                      -> 3/0
        order A                        -> paid v2 paid unfulfilled
        cancel A                       -> invalid_transition paid cancel
        ship A T1 v=2                  -> shipped v3
        put gift 0 stock=1             -> new v1 1/0
        place B gift*1 gift*1          -> stock_insufficient gift
        place C gift*1                 -> new paid v2 0
        stock gift                     -> 0/0
        ",
    );
    let order = shop.state.order(TenantId(1), OrderNo::new(u128::from(b'C'))).expect("placed");
    assert_eq!((order.captured, order.total.minor), (0, 0));
}

#[test]
fn every_missing_product_is_named_once() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A cup*1 tea*1 pot*1 cup*1 -> product_not_found cup,pot
        stock tea                      -> 5/0
        ",
    );
}

#[test]
fn an_order_has_one_currency() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        put gin 900 stock=5 cur=GBP    -> new v1 5/0
        place A tea*1@90 cur=GBP       -> currency_mismatch tea
        place A tea*1 gin*1            -> currency_mismatch gin
        place A gin*2@800 cur=GBP      -> new pending_payment v1 1600
        pay A 1600                     -> quarantined
        pay A 1600 cur=GBP             -> paid v2
        ",
    );
}

#[test]
fn a_total_has_a_most() {
    check(
        "
        put a 9223372036854775807 stock=9 -> new v1 9/0
        put b 1 stock=9                -> new v1 9/0
        place A a*2                    -> total_too_large
        place A a*1 b*1                -> total_too_large
        place A a*1                    -> new pending_payment v1 9223372036854775807
        ",
    );
}

#[test]
fn a_price_is_the_one_of_the_moment() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*1                  -> new pending_payment v1 100
        put tea 120                    -> v2 5/1
        pay A 120                      -> quarantined
        pay A 100                      -> paid v2
        place B tea*1                  -> new pending_payment v1 120
        ",
    );
}

/// F2: one order of a member waits for payment where the shop allows one. Whatever ends the waiting frees the place.
#[test]
fn f2_one_order_of_a_member_waits_for_payment() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        put cup 50 stock=9             -> new v1 9/0
        place A tea*1 limit=one_per_member -> new pending_payment v1 100
        place B cup*1 limit=one_per_member -> order_pending A
        place B cup*1 limit=one_per_member for=c-2 -> new pending_payment v1 50
        place C cup*1                  -> new pending_payment v1 50
        cancel A                       -> closed v2
        place D tea*1 limit=one_per_member -> new pending_payment v1 100
        place E tea*1 limit=one_per_member -> order_pending D
        pay D 100                      -> paid v2
        place E tea*1 limit=one_per_member -> new pending_payment v1 100
        at 200
        expire E                       -> closed v2
        place F tea*2@0 limit=one_per_member -> new paid v2 0
        place G tea*1 limit=one_per_member -> new pending_payment v1 100
        place G tea*1 limit=one_per_member key=again -> pending_payment v1
        ",
    );
}

#[test]
fn f2_one_order_of_a_member_waits_for_each_product() {
    check(
        "
        put tea 100 stock=9            -> new v1 9/0
        put cup 50 stock=9             -> new v1 9/0
        place A tea*1 tea*1 limit=one_per_product -> new pending_payment v1 200
        place B cup*1 tea*1 limit=one_per_product -> order_pending A
        place B cup*1 limit=one_per_product -> new pending_payment v1 50
        place C tea*1 limit=one_per_member -> new pending_payment v1 100
        cancel A                       -> closed v2
        place D tea*1 limit=one_per_product -> new pending_payment v1 100
        ",
    );
}

/// A number is good for one order of the one who took it, until its time is over. A refused order leaves it.
#[test]
fn an_issued_number_is_used_once_by_its_taker_in_time() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*1 issued           -> order_no_invalid
        issue A until=50               -> issued
        place A tea*1 issued by=2      -> order_no_invalid
        place A tea*9 issued           -> stock_insufficient tea
        at 49
        place A tea*1 issued           -> new pending_payment v1 100
        place A tea*2 issued           -> order_no_taken
        place A tea*1 issued by=2      -> order_no_taken
        place A tea*1 issued           -> pending_payment v1
        issue B until=50               -> issued
        at 50
        place B tea*1 issued           -> order_no_invalid
        stock tea                      -> 5/1
        ",
    );
}
