//! Owns the tables of products and of stock moved by hand.

use super::{check, more};

#[test]
fn a_product_is_put_changed_and_left_alone() {
    check(
        "
        put tea 100 stock=10           -> new v1 10/0
        put tea 120 stock=99           -> v2 10/0
        put tea 120 name=TEA           -> v3 10/0
        put tea 120 name=TEA stock=5   -> v3 10/0
        put cup 5                      -> new v1 0/0
        ",
    );
}

#[test]
fn if_match_guards_a_product() {
    check(
        "
        put tea 100 v=1                -> version_mismatch 0
        put tea 100                    -> new v1 0/0
        put tea 110 v=2                -> version_mismatch 1
        put tea 110 v=1                -> v2 0/0
        put tea 120 v=1                -> version_mismatch 2
        ",
    );
}

/// Whoever makes a product does not change one that somebody else made.
#[test]
fn what_must_be_new_changes_nothing() {
    check(
        "
        put tea 100 only-new v=0       -> version_mismatch 0
        put tea 100 stock=3 only-new   -> new v1 3/0
        put tea 110 stock=9 only-new   -> product_exists 1
        put tea 100 stock=3 only-new   -> product_exists 1
        put tea 110                    -> v2 3/0
        put tea 110 only-new           -> product_exists 2
        put tea 110 only-new v=1       -> version_mismatch 2
        ",
    );
}

#[test]
fn a_sku_is_compared_byte_by_byte() {
    check(
        "
        put 85123A 100 stock=3         -> new v1 3/0
        put 85123a 100 stock=4         -> new v1 4/0
        stock 85123A                   -> 3/0
        ",
    );
}

#[test]
fn stock_moves_by_hand_down_to_what_is_promised() {
    check(
        "
        move tea 1                     -> product_not_found tea
        put tea 100 stock=10           -> new v1 10/0
        move tea 5                     -> 15/0
        place A tea*6                  -> new pending_payment v1 600
        move tea -10                   -> stock_insufficient tea
        move tea -9                    -> 6/6
        move tea -1                    -> stock_insufficient tea
        ",
    );
}

#[test]
fn stock_has_a_most() {
    check(
        "
        put tea 100 stock=1000000000000 -> new v1 1000000000000/0
        move tea 1                      -> stock_limit_exceeded
        move tea 9223372036854775807    -> stock_limit_exceeded
        move tea -1                     -> 999999999999/0
        move tea 1                      -> 1000000000000/0
        ",
    );
}

/// S2: stock set to zero between the cart and the order.
#[test]
fn s2_stock_taken_away_before_the_order() {
    check(
        "
        put tea 100 stock=2            -> new v1 2/0
        move tea -2                    -> 0/0
        place A tea*1                  -> stock_insufficient tea
        stock tea                      -> 0/0
        ",
    );
}

/// A PUT without a key gets one derived from what it says. Its answer holds for as long as the product is as
/// the answer says; behind another PUT, the same words are a new wish.
#[test]
fn a_derived_put_moves_on_with_its_product() {
    use idempotency::Key;

    let mut shop = check("put tea 100 -> new v1 0/0");
    let mut wish = shop.command_of("put tea 100");
    wish.key = Key::derived("put", "tea");
    assert!(!shop.state.moved_on(&wish, Some(1)), "a retry of what is so");
    more(&mut shop, "put tea 120 -> v2 0/0");
    assert!(shop.state.moved_on(&wish, Some(1)), "back to the old price");
    assert!(!shop.state.moved_on(&wish, Some(2)));

    let mut kept = shop.command_of("put tea 100 key=mine");
    assert!(!shop.state.moved_on(&kept, Some(1)), "a client's own key is final");
    kept = shop.command_of("put tea 100 v=1");
    kept.key = Key::derived("put", "tea");
    assert!(!shop.state.moved_on(&kept, Some(1)), "If-Match says which product is meant");
    kept = shop.command_of("put tea 100 only-new");
    kept.key = Key::derived("put", "tea");
    assert!(!shop.state.moved_on(&kept, Some(1)), "it was new once, and is answered so");
    let mut movement = shop.command_of("move tea 1");
    movement.key = Key::derived("move", "tea");
    assert!(!shop.state.moved_on(&movement, None), "only a PUT can be wished twice");
}
