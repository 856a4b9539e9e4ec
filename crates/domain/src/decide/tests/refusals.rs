//! Owns which refusal comes first where several rules say no: the order of the variants of `order::Refusal`.

use super::check;

#[test]
fn an_order_that_is_not_there() {
    check(
        "
        pay A 1                        -> not_found
        cancel A                       -> not_found
        expire A                       -> not_found
        ship A T1 v=1                  -> not_found
        correct A T1 v=1               -> not_found
        receive A                      -> not_found
        auto A                         -> not_found
        ",
    );
}

/// Number, then products and prices, then stock.
#[test]
fn placing_asks_number_then_price_then_stock() {
    check(
        "
        put tea 100 stock=1            -> new v1 1/0
        place A cup*1 tea*9 issued     -> order_no_invalid
        issue A                        -> issued
        place A cup*1 tea*9@1 cur=GBP issued -> currency_mismatch tea
        place A cup*1 tea*9 issued     -> product_not_found cup
        place A tea*9 issued           -> stock_insufficient tea
        ",
    );
}

/// The standing decides before the details of the command do.
#[test]
fn an_illegal_step_is_told_before_its_details() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*3 until=50         -> new pending_payment v1 300
        ship A T1 7*9 v=1              -> invalid_transition pending_payment ship_part
        correct A T1 v=1               -> invalid_transition pending_payment correct_shipment
        pay A 299                      -> quarantined
        pay A 300                      -> paid v2
        pay A 299                      -> invalid_transition paid pay
        expire A                       -> invalid_transition paid expire
        ",
    );
}

#[test]
fn if_match_is_told_before_the_standing() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*3                  -> new pending_payment v1 300
        ship A T1 v=2                  -> version_mismatch 1
        correct A T1 v=2               -> version_mismatch 1
        pay A 300                      -> paid v2
        ship A T1 7*9 v=1              -> version_mismatch 2
        correct A T1 v=1               -> version_mismatch 2
        ",
    );
}

#[test]
fn what_is_wrong_with_a_parcel() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        put cup 50 stock=5             -> new v1 5/0
        place A tea*3 cup*1            -> new pending_payment v1 350
        pay A 350                      -> paid v2
        correct A T1 v=2               -> no_shipment
        ship A T1 3*1 v=2              -> line_not_found 3
        ship A T1 1*4 v=2              -> quantity_exceeds_unshipped 1 3
        ship A T1 1*1 2*2 v=2          -> quantity_exceeds_unshipped 2 1
        ship A T1 1*2 v=2              -> paid v3
        ship A T2 1*2 v=3              -> quantity_exceeds_unshipped 1 1
        ship A T2 1*1 v=3              -> paid v4
        correct A T1 v=4               -> tracking_no_taken
        correct A T3 v=4               -> paid v5
        ship A T4 1*1 v=5              -> quantity_exceeds_unshipped 1 0
        ship A T4 v=5                  -> shipped v6
        order A                        -> shipped v6 paid shipped
        ",
    );
}
