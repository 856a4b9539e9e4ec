//! Owns the contract of a storage: the same batches give the same verdicts and leave the same rows on every one of
//! them, and batches leave what the commands one by one leave.

mod dump;
mod requests;
mod script;
mod subjects;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngSeed, TestRunner};
use script::{Script, step};
use subjects::{InMemory, OnDatabase, Subject};

use crate::ground::Kind;
use crate::shop;

/// How many scripts there are: enough to come to everything below.
const CASES: u32 = 140;
/// How long a script is, in batches.
const STEPS: usize = 50;

/// What the scripts must come to for the comparison to mean something: verdicts, refusals, steps of orders.
const SIGHTS: &[&str] = &[
    "Decided",
    "Executed",
    "Replayed",
    "Adopted",
    "KeyReused",
    "superseded",
    "version_mismatch",
    "product_not_found",
    "stock_insufficient",
    "token_used",
    "token used anew",
    "order_pending",
    "place taken and freed in one batch",
    "order_no_taken",
    "order_no_invalid",
    "invalid_transition",
    "not_expired",
    "payment_in_progress",
    "no_channel",
    "refund_exceeds_captured",
    "payment_not_captured",
    "line_not_found",
    "quantity_exceeds_unshipped",
    "tracking_no_taken",
    "no_shipment",
    "place",
    "pay",
    "cancel",
    "expire",
    "ship_part",
    "ship_all",
    "correct_shipment",
    "receive",
    "receive_automatically",
    "placed and closed in one batch",
    "late_payment",
    "overpay",
    "return_excess",
    "refund_part",
    "refund_all",
    "refund_sent_back",
    "refund_not_failed",
    "requested failed",
    "requested awaiting_approval",
    "requested rejected",
    "second_person_needed",
    "refund_not_awaiting",
    "forbidden",
    "payment approve",
    "payment reject",
    "audited refunds.approve",
    "audited refunds.reject",
    "audited policies.refunds",
    "limits set anew",
    "review_resolved",
    "audited reviews.resolve",
    "late succeeded",
    "double succeeded",
    "event applied",
    "event unmatched",
    "event quarantined",
    "event stale",
    "event duplicate",
    "brought back into stock",
    "login_taken",
    "role_unfit",
    "not_oneself",
    "name_taken",
    "not_found",
    "a stranger's order",
    "person: role",
    "person: disable",
    "person: enable",
    "person: sign_out",
    "tenant: open",
    "tenant: suspend",
    "tenant: resume",
    "session: ended",
    "session: was over",
    "rules: as usual",
    "rules: other",
    "audited sessions.end",
    "audited policies.sessions",
    "audited policies.checkout",
    "checkout set anew",
    "audited",
    "audited refusal",
    "audited with a reason",
    "audited people.add",
    "audited people.change",
    "audited tenants.change",
    "audited orders.ship",
    "audited refunds.start",
];

#[test]
fn memory() {
    every_script(async || InMemory::open());
}

#[test]
fn sqlite() {
    every_script(async || OnDatabase::open(Kind::Sqlite).await);
}

#[test]
fn postgres() {
    every_script(async || OnDatabase::open(Kind::Postgres).await);
}

#[test]
fn mariadb() {
    every_script(async || OnDatabase::open(Kind::MariaDb).await);
}

/// Plays the same scripts on each storage.
fn every_script<S: Subject>(open: impl AsyncFn() -> S) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(15),
        ..ProptestConfig::default()
    };
    let seen = RefCell::new(BTreeSet::new());
    let subject = RefCell::new(runtime.block_on(open()));
    let scripts = proptest::collection::vec(step(), 1..STEPS);
    let result = TestRunner::new(config).run(&scripts, |steps| {
        let script = runtime.block_on(Script::draw(&steps));
        runtime.block_on(play(&mut *subject.borrow_mut(), &script));
        seen.borrow_mut().extend(script.sights());
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let missing: Vec<&str> = SIGHTS.iter().copied().filter(|sight| !seen.borrow().contains(*sight)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "the scripts never came to these");
    // What the storage leaves behind is closed while its runtime is there.
    runtime.block_on(async { drop(subject) });
}

/// Runs a script on one storage and compares after every batch.
async fn play<S: Subject>(subject: &mut S, script: &Script) {
    subject.clear().await;
    for (number, batch) in script.batches.iter().enumerate() {
        let verdicts = match shop::run_again(subject.storage(), &batch.commands, &batch.settled).await {
            Ok(verdicts) => verdicts,
            Err(fault) => panic!("batch {number}: {fault}\n{:#?}", batch.commands),
        };
        let found: Vec<String> = verdicts.iter().map(|verdict| format!("{verdict:?}")).collect();
        assert_eq!(found, batch.verdicts, "the verdicts of batch {number}: {:#?}", batch.commands);
        if number % 4 == 3 {
            subject.tidy().await;
        }
        let dump = subject.dump().await;
        for (table, rows) in &batch.dump {
            assert_eq!(dump.get(table), Some(rows), "{table} behind batch {number}");
        }
    }
    subject.audit(script).await;
}
