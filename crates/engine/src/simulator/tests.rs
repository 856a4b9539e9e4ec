//! Owns what is expected of the simulator itself: the product passes, planted bugs do not, and it is deterministic.

use super::{Goal, Options, Planted, Summary, main_loop, run};

const SEEDS: u64 = 200;

#[test]
fn the_engine_keeps_its_promise_and_every_goal_is_met() {
    let summary = main_loop(0, SEEDS, false).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{summary}");
    assert_eq!(Goal::missing(&summary.goals), [], "these never happened in {SEEDS} seeds");
}

#[test]
fn a_process_may_die_at_any_call() {
    let mut summary = Summary::default();
    for seed in [1, 2] {
        super::crash_points(seed, &mut summary).unwrap_or_else(|failure| panic!("{failure}"));
    }
    println!("{summary}");
    assert!(summary.goals.contains(&Goal::CrashBefore) && summary.goals.contains(&Goal::CrashAfter));
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        let [first, second] =
            [(), ()].map(|()| run(seed, Options::default()).unwrap_or_else(|failure| panic!("{failure}")));
        assert_eq!(first, second);
    }
}

#[test]
fn every_planted_bug_is_found() {
    for planted in Planted::ALL {
        let options = Options { planted: Some(planted), ..Options::default() };
        let found = (0..SEEDS).find_map(|seed| run(seed, options).err());
        let failure = found.unwrap_or_else(|| panic!("{planted} is not found in {SEEDS} seeds"));
        println!("{planted}: seed {}: {}", failure.seed, failure.violated.chars().take(150).collect::<String>());
    }
}
