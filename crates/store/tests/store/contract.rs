//! Owns the contract of a storage: the same batches give the same verdicts and leave the same rows on every one of
//! them, and batches leave what the commands one by one leave.

mod dump;
mod requests;
mod script;
mod subjects;

use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::RngSeed;
use script::{Script, step};
use subjects::{InMemory, OnSqlite, Subject};

use crate::shop;

/// How long a script is, in batches.
const STEPS: usize = 30;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_storage_does_the_same(steps in proptest::collection::vec(step(), 1..STEPS)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let script = Script::draw(&steps).await;
            play::<InMemory>(&script).await;
            play::<OnSqlite>(&script).await;
        });
    }
}

/// Runs a script on one storage and compares after every batch.
async fn play<S: Subject>(script: &Script) {
    let subject = S::open().await;
    for (number, batch) in script.batches.iter().enumerate() {
        let verdicts = match shop::run_again(subject.storage(), &batch.commands, &batch.settled).await {
            Ok(verdicts) => verdicts,
            Err(fault) => panic!("{}, batch {number}: {fault}\n{:#?}", S::NAME, batch.commands),
        };
        let found: Vec<String> = verdicts.iter().map(|verdict| format!("{verdict:?}")).collect();
        assert_eq!(found, batch.verdicts, "{}, the verdicts of batch {number}: {:#?}", S::NAME, batch.commands);
        let dump = subject.dump().await;
        for (table, rows) in &batch.dump {
            assert_eq!(dump.get(table), Some(rows), "{}, {table} behind batch {number}", S::NAME);
        }
    }
    subject.audit(script).await;
}
