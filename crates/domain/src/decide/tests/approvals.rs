//! Owns the tables of refunds that wait for a second person.

use super::refunds::paid;
use super::{check, more};
use crate::payment::{Event, RefundStatus};

#[test]
fn over_the_limit_it_waits_and_nobody_is_asked() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A 100 by=2              -> refund 1 created of 100
        queue                          -> refund
        refund A 1 by=2                -> refund 2 awaiting_approval of 1
        queue                          ->
        payment A                      -> paid v6 200/101/0 succeeded requested:created requested:awaiting_approval
        order A                        -> paid v2 paid unfulfilled
        decided A.1                    -> by 2
        decided A.2                    -> by 2
        ",
    );
}

#[test]
fn its_balance_and_its_goods_are_nobody_elses_meanwhile() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A 150 2*2 by=2          -> refund 1 awaiting_approval of 150
        refund A 51 by=3               -> refund_exceeds_captured 50
        refund A 2*1 by=3              -> quantity_exceeds_unrefunded 2 0
        ship A T1 2*1 v=2              -> refund_under_way 2 0
        query A                        -> paid v5 200/150/0 succeeded requested:awaiting_approval
        queue                          ->
        reviews                        ->
        ",
    );
}

#[test]
fn a_second_person_lets_it_go_and_it_goes_its_usual_way() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A by=2                  -> refund 1 awaiting_approval of 200
        at 7
        approve A.1 by=2               -> second_person_needed
        approve A.1 by=3               -> refund 1 created of 200
        queue                          -> refund
        decided A.1                    -> by 2, approved by 3 at 7
        approve A.1 by=4               -> refund_not_awaiting created
        approve A.1 by=3               -> refund 1 created of 200
        reject A.1 by=2                -> refund_not_awaiting created
        queue                          ->
        back A.1 succeeded             -> applied
        order A                        -> closed v3 refunded unfulfilled refunded
        approve A.1 by=4               -> refund_not_awaiting succeeded
        ledger                         ->
        ",
    );
}

#[test]
fn rejected_it_frees_what_it_had_reserved_and_ends() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A 150 2*1 by=2          -> refund 1 awaiting_approval of 150
        reject A.1 by=3                -> forbidden
        reject A.1 by=3 staff          -> refund 1 rejected of 150
        decided A.1                    -> by 2, rejected by 3 at 0
        payment A                      -> paid v6 200/0/0 succeeded requested:rejected
        reject A.1 by=3 staff          -> refund 1 rejected of 150
        reject A.1 by=4 staff          -> refund_not_awaiting rejected
        approve A.1 by=4               -> refund_not_awaiting rejected
        retry A.1 by=2                 -> refund_not_failed
        refund A 100 2*2 by=2          -> refund 2 created of 100
        queue                          -> refund
        ",
    );
}

#[test]
fn who_asked_may_take_it_back_and_not_let_it_go() {
    paid(
        "
        limits 0 CNY                   -> v2 0 CNY
        refund A 1 by=2                -> refund 1 awaiting_approval of 1
        approve A.1 by=2               -> second_person_needed
        reject A.1 by=2                -> refund 1 rejected of 1
        decided A.1                    -> by 2, rejected by 2 at 0
        approve A.1 by=2               -> refund_not_awaiting rejected
        ",
    );
}

/// What waits counts, what failed or was rejected does not, and what a second person let go does not any more.
#[test]
fn nobody_makes_small_ones_of_a_large_one() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A 60 by=2               -> refund 1 created of 60
        refund A 60 by=3               -> refund 2 awaiting_approval of 60
        refund A 1 by=2                -> refund 3 awaiting_approval of 1
        approve A.3 by=4               -> refund 3 created of 1
        refund A 40 by=2               -> refund 4 awaiting_approval of 40
        reject A.4 by=2                -> refund 4 rejected of 40
        reject A.2 by=3                -> refund 2 rejected of 60
        refund A 40 by=2               -> refund 5 created of 40
        back A.5 succeeded 40          -> applied
        refund A 1 by=2                -> refund 6 awaiting_approval of 1
        back A.1 failed code=no src=query -> applied
        refund A 60 by=2               -> refund 7 awaiting_approval of 60
        ",
    );
}

#[test]
fn a_limit_is_of_a_currency_and_of_the_moment_of_the_request() {
    paid(
        "
        limits 0 JPY                   -> v2 0 JPY
        refund A 50                    -> refund 1 created of 50
        limits 10 CNY 0 JPY v=2        -> v3 10 CNY 0 JPY
        limits v=2                     -> version_mismatch 3
        refund A 50 by=2               -> refund 2 awaiting_approval of 50
        limits                         -> v4
        limits                         -> v4
        refund A 50                    -> refund 3 created of 50
        approve A.2 by=3               -> refund 2 created of 50
        ",
    );
}

/// A refund that failed is sent once more by whoever may ask for one: no way around the limit.
#[test]
fn sent_once_more_it_waits_where_a_new_one_would() {
    paid(
        "
        limits 100 CNY                 -> v2 100 CNY
        refund A 80 by=2               -> refund 1 created of 80
        back A.1 failed code=no src=query -> applied
        refund A 80 by=2               -> refund 2 created of 80
        queue                          -> refund refund
        retry A.1 by=2                 -> refund 3 awaiting_approval of 80
        decided A.3                    -> by 2
        queue                          ->
        approve A.3 by=2               -> second_person_needed
        approve A.3 by=3               -> refund 3 created of 80
        queue                          -> refund
        back A.3 failed code=no src=query -> applied
        retry A.3 by=4                 -> refund 4 created of 80
        decided A.4                    -> by 2, approved by 3 at 0
        ",
    );
}

/// The channel knew of none, so it is the same refund that waits; and what an earlier try does all the same is the truth.
#[test]
fn sent_once_more_under_its_own_number_it_waits_too() {
    let unseen = "
        limits 100 CNY                 -> v2 100 CNY
        refund A 80 by=2               -> refund 1 created of 80
        back A.1 failed code=no        -> applied
        back A.1 not_found src=query   -> applied
        at 60000
        back A.1 not_found src=query   -> applied
        payment A                      -> paid v7 200/0/0 succeeded requested:failed
        refund A 80 by=2               -> refund 2 created of 80
        queue                          -> refund query_refund query_refund+60s refund
        retry A.1 by=4                 -> refund 1 awaiting_approval of 80
        decided A.1                    -> by 2
        queue                          ->
        ";
    let told = |more: &str| paid(&format!("{unseen}{more}"));
    told(
        "
        retry A.1 by=4                 -> refund_not_failed
        back A.1 not_found src=query   -> stale
        mute A.1 refund                -> applied
        approve A.1 by=2               -> second_person_needed
        approve A.1 by=4               -> refund 1 created of 80
        queue                          -> refund
        payment A                      -> paid v10 200/160/0 succeeded requested:created requested:created
        ",
    );
    told(
        "
        back A.1 succeeded             -> applied
        reviews                        -> refund_revived
        payment A                      -> paid v10 200/160/80 succeeded requested:succeeded requested:created
        ",
    );
    told(
        "
        reject A.1 by=2 staff          -> refund 1 rejected of 80
        back A.1 succeeded             -> quarantined
        reviews                        -> quarantined
        payment A                      -> paid v10 200/80/0 succeeded requested:rejected requested:created
        queue                          ->
        ",
    );
}

/// WeChat Pay wants a minute between refunds of a charge: it counts from when one could be sent, not from when it was asked for.
#[test]
fn the_minute_between_two_counts_from_the_approval() {
    let mut shop = check(
        "
        account 1 kind=wechat_pay
        put tea 100 stock=9            -> new v1 9/0
        place A tea*2 until=100000     -> new pending_payment v1 200
        pay A 200                      -> paid v2
        limits 100 CNY                 -> v2 100 CNY
        queue                          -> charge
        refund A 50 by=2               -> refund 1 created of 50
        refund A 60 by=2               -> refund 2 awaiting_approval of 60
        queue                          -> refund
        at 70000
        approve A.2 by=3               -> refund 2 created of 60
        queue                          -> refund
        ",
    );
    more(
        &mut shop,
        "
        at 80000
        refund A 40 by=2               -> refund 3 created of 40
        queue                          -> refund+50s
        refund A 20 by=2               -> refund 4 awaiting_approval of 20
        reject A.4 by=2                -> refund 4 rejected of 20
        refund A 10 by=2               -> refund 5 created of 10
        queue                          -> refund+110s
        ",
    );
}

/// What came twice goes back by itself, at once, whatever the limit.
#[test]
fn what_nobody_asked_for_never_waits() {
    paid(
        "
        limits 0 CNY                   -> v2 0 CNY
        place B tea*1 until=50         -> new pending_payment v1 100
        start B                        -> open v2 created
        cancel B                       -> closed v2
        said B.1 succeeded 100         -> applied
        payment B                      -> cancelled v5 100/100/0 succeeded late:created
        decided B.1                    -> by nobody
        approve B.1 by=2               -> refund_not_awaiting created
        back B.1 failed code=no src=query -> applied
        retry B.1 by=2                 -> refund 2 created of 100
        decided B.2                    -> by nobody
        ",
    );
}

/// The whole table, every cell: a row a status, a column an event; `.` is refused.
const TABLE: &str = "
                      submit    lose_sight succeed   fail   retry   hold              approve reject
    awaiting_approval .         .          succeeded .      .       .                 created rejected
    created           submitted unknown    succeeded failed .       .                 .       .
    submitted         .         unknown    succeeded failed .       .                 .       .
    unknown           submitted .          succeeded failed .       .                 .       .
    succeeded         .         .          .         failed .       .                 .       .
    failed            .         .          succeeded .      created awaiting_approval .       .
    rejected          .         .          .         .      .       .                 .       .
";

#[test]
fn every_cell_of_the_table_of_refunds() {
    let mut rows = TABLE.trim().lines().map(str::split_whitespace);
    let named: Vec<Event> = rows.next().into_iter().flatten().filter_map(Event::from_name).collect();
    assert_eq!(named.len(), 8);
    for (mut row, from) in rows.by_ref().zip(RefundStatus::ALL) {
        assert_eq!(row.next(), Some(from.name()));
        for event in Event::ALL {
            let found = from.on(event).map_or(".", RefundStatus::name);
            let expected = if named.contains(&event) { None } else { Some(".") };
            assert_eq!(found, expected.unwrap_or(found), "{from} on {event}");
        }
        let found: Vec<&str> = named.iter().map(|event| from.on(*event).map_or(".", RefundStatus::name)).collect();
        assert_eq!(row.collect::<Vec<_>>(), found, "{from}");
    }
    assert!(rows.next().is_none(), "a row for each status");
}
