//! Owns what a plan must hold, over many seeds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Database, Fault, Plan, Target};

fn counts(plan: &Plan) -> BTreeMap<Fault, usize> {
    plan.steps.iter().fold(BTreeMap::new(), |mut counts, step| {
        *counts.entry(step.fault).or_default() += 1;
        counts
    })
}

#[test]
fn a_seed_is_a_plan() {
    let plan = |seed| Plan::new(seed, Duration::from_mins(3), Database::Pg);
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
}

#[test]
fn every_kind_comes_in_a_short_run_and_often_in_a_long_one() {
    for database in Database::ALL {
        for seed in 0..200 {
            for (seconds, least) in [(30, 1), (45, 1), (120, 1), (600, 6)] {
                let plan = Plan::new(seed, Duration::from_secs(seconds), database);
                let counts = counts(&plan);
                for fault in database.faults() {
                    let count = counts.get(&fault).copied().unwrap_or(0);
                    assert!(count >= least, "{database}, seed {seed}, {seconds} s: {fault} {count} times");
                }
            }
        }
    }
}

#[test]
fn one_fault_ends_before_the_next_begins_and_all_in_time() {
    for seed in 0..200 {
        for seconds in [40, 180] {
            let whole = Duration::from_secs(seconds);
            let plan = Plan::new(seed, whole, Database::Maria);
            for pair in plan.steps.windows(2) {
                assert!(pair[0].begins + pair[0].lasts <= pair[1].begins, "seed {seed}");
            }
            let last = plan.steps.last().expect("a plan has faults");
            assert!(plan.warm_up + plan.before + last.begins + last.lasts < whole, "seed {seed}");
        }
    }
}

#[test]
fn who_is_deaf_is_so_for_longer_than_the_time_outs() {
    for seed in 0..200 {
        for database in [Database::Pg, Database::Maria] {
            let plan = Plan::new(seed, Duration::from_secs(45), database);
            let deaf = plan.steps.iter().filter(|step| matches!(step.fault, Fault::Frozen | Fault::Silenced));
            for step in deaf {
                assert!(step.lasts > Duration::from_secs(4), "{database}, seed {seed}: {step:?}");
            }
        }
    }
}

#[test]
fn an_embedded_database_has_no_wire_and_one_server() {
    let plan = Plan::new(1, Duration::from_mins(10), Database::Sqlite);
    assert!(plan.steps.iter().all(|step| !step.fault.needs_a_wire()));
    assert!(plan.steps.iter().all(|step| !matches!(step.target, Target::Node(_))));
}
