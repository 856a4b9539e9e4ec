//! Owns the tests of health: when a way is closed and opened, and what nodes make of what they are told.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_away_is_asked_again_behind_a_pause_that_grows() {
    let health = Health::default();
    assert!(health.may_ask() && health.is_well());
    for pause in [1, 2, 4, 8, 8] {
        health.away();
        assert!(!health.may_ask() && !health.is_well());
        tokio::time::advance(Duration::from_millis(pause * 1_000 - 1)).await;
        assert!(!health.may_ask());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(health.may_ask(), "one call behind {pause} s");
        assert!(!health.may_ask(), "and one only");
    }
    health.answered();
    assert!(health.may_ask() && health.may_ask());
}

#[tokio::test(start_paused = true)]
async fn silence_closes_the_way_too_and_the_rate_is_of_a_minute() {
    let health = Health::default();
    health.silent();
    health.silent();
    assert!(health.may_ask() && health.is_well());
    health.silent();
    assert!(!health.may_ask());
    health.answered();
    health.answered();
    assert!(health.rate() < 0.5 && !health.is_well() && health.may_ask());
    tokio::time::advance(WINDOW + Duration::from_millis(1)).await;
    assert!((health.rate() - 1.0).abs() < f64::EPSILON && health.is_well());
}

/// Time passes, so that what comes behind is later.
async fn then(ms: u64) {
    tokio::time::advance(Duration::from_millis(ms)).await;
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_told_and_nothing_else() {
    let health = Health::default();
    health.answered();
    health.silent();
    assert_eq!(health.news(), None, "it is well, as everybody takes it to be");
    then(1).await;
    health.away();
    let report = health.news().unwrap();
    let said = (report.is_well, report.closed_for, report.asked, report.answered);
    assert_eq!(said, (false, Some(PAUSE_FIRST), 3, 1));
    assert!(health.news().is_some(), "until it was told");
    health.told(&report);
    assert_eq!(health.news(), None);
    // Read by the node that told it.
    then(500).await;
    health.hear(false, Duration::from_millis(400));
    assert!(!health.is_well());
    assert_eq!(health.news(), None);
    then(500).await;
    assert!(health.may_ask());
    health.away();
    let report = health.news().unwrap();
    assert_eq!(report.closed_for, Some(PAUSE_FIRST * 2), "closed anew, and for longer");
    health.told(&report);
    then(2_000).await;
    for _ in 0..3 {
        health.answered();
    }
    assert!(health.is_well());
    let report = health.news().unwrap();
    assert_eq!((report.is_well, report.closed_for), (true, None));
    health.told(&report);
    then(1).await;
    health.answered();
    assert_eq!(health.news(), None);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_asks_nothing_believes_what_it_hears_for_a_minute() {
    let health = Health::default();
    health.hear(false, Duration::from_secs(1));
    assert!(!health.is_well() && health.is_open() && health.may_ask(), "it is tried last, and may be asked");
    assert_eq!(health.news(), None, "what was heard is no news");
    then(55_000).await;
    assert!(!health.is_well());
    then(5_000).await;
    assert!(health.is_well(), "whoever told it is gone, or has nothing to ask");
    health.hear(false, Duration::from_mins(2));
    assert!(health.is_well(), "old");
    health.hear(false, Duration::ZERO);
    then(3_000).await;
    health.hear(true, Duration::ZERO);
    assert!(health.is_well());
    health.hear(false, Duration::from_secs(2));
    assert!(health.is_well(), "what is older changes nothing");
}

#[tokio::test(start_paused = true)]
async fn who_finds_something_else_than_it_heard_believes_itself_and_tells() {
    let health = Health::default();
    then(10_000).await;
    health.hear(false, Duration::ZERO);
    then(1).await;
    health.answered();
    assert!(health.is_well());
    let report = health.news().unwrap();
    assert!(report.is_well);
    health.told(&report);
    then(1).await;
    // A rate that stays bad is told again before it is forgotten.
    for _ in 0..CALLS_LEAST {
        health.silent();
        health.answered();
        health.silent();
    }
    let report = health.news().unwrap();
    assert!(!report.is_well && report.closed_for.is_none(), "{report:?}");
    health.told(&report);
    then(20_000).await;
    health.silent();
    assert_eq!(health.news(), None);
    then(10_000).await;
    health.silent();
    assert!(health.news().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_denies_all_is_asked_on_and_passed_over_for_a_while() {
    let health = Health::default();
    health.away();
    for _ in 0..CALLS_LEAST {
        health.denied();
        assert!(health.may_ask(), "it is there");
    }
    assert!(!health.is_well(), "others come first");
    tokio::time::advance(WINDOW + Duration::from_millis(1)).await;
    assert!(health.is_well(), "it is tried again");
}
