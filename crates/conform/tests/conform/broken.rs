//! Owns that each fault fails the rows it must fail, and that no fault passes all of them.

use conform::{Mode, Profile, Report};
use futures_util::StreamExt as _;

use crate::service::{Doubt, Fault, Service, Setup};
use crate::{process, profile};

/// What a fault needs to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// Nothing that takes time.
    Quick,
    /// Requests that take their time.
    Slow,
    /// The same where duplicates in flight are refused.
    Rejects,
    /// Keys that must be strings.
    Strict,
    /// A service that can be killed.
    Killed,
    /// The same, that does not know afterwards what became of what it worked on, and says so in this form.
    Doubtful(Doubt),
}

/// Which rows fail.
enum Fails {
    /// These, and no other that was asked.
    Only(&'static [&'static str]),
    /// These, and others that need the same promise.
    AtLeast(&'static [&'static str]),
}

use Fails::{AtLeast, Only};
use Means::{Doubtful, Killed, Quick, Rejects, Slow, Strict};

/// Every fault, how it is seen, and what fails of all that is asked then.
const TABLE: &[(Fault, Means, Fails)] = &[
    (Fault::NeedsNoKey, Quick, Only(&["H-01"])),
    (Fault::ExplainsNothing, Quick, Only(&["H-01"])),
    (Fault::MakesUpKeys, Quick, Only(&["H-02"])),
    (Fault::QuotesCount, Quick, Only(&["H-03", "H-06", "H-07"])),
    (Fault::TakesTokens, Strict, Only(&["H-03", "H-04"])),
    (Fault::TakesTwoLines, Quick, Only(&["H-05"])),
    (Fault::TakesEmptyKeys, Quick, Only(&["H-06"])),
    (Fault::BreaksOnBadKeys, Quick, Only(&["H-05", "H-06", "H-11"])),
    (Fault::CutsLongKeys, Quick, Only(&["H-06"])),
    (Fault::ParametersCount, Quick, Only(&["H-07"])),
    (Fault::EscapesDoNotCount, Quick, Only(&["H-06", "H-08"])),
    (Fault::CaseDoesNotCount, Quick, Only(&["H-09"])),
    (Fault::RecordsReading, Quick, Only(&["H-10"])),
    (Fault::TakesWeakKeys, Quick, Only(&["H-11"])),
    (Fault::ExecutesAgain, Quick, AtLeast(&["B-02", "B-03", "R-01", "C-04"])),
    (Fault::MarksTheFirst, Quick, AtLeast(&["B-01", "R-06"])),
    (Fault::MarksNothing, Quick, AtLeast(&["B-02", "B-03", "B-12"])),
    (Fault::RendersAnew, Quick, Only(&["B-02", "B-03", "B-06", "B-07", "B-09", "B-12"])),
    (Fault::TrimsTheBody, Quick, Only(&["B-02", "B-07", "B-09", "B-12"])),
    (Fault::DropsLocation, Quick, Only(&["B-02", "B-10", "B-12"])),
    (Fault::LetsOthersCache, Quick, Only(&["B-02"])),
    (Fault::ForgetsRefusals, Quick, Only(&["B-03"])),
    (Fault::KeepsBadInput, Quick, Only(&["B-04"])),
    (Fault::KeepsMissingCredentials, Quick, Only(&["B-05", "S-05"])),
    (Fault::FillsEmptyBodies, Quick, Only(&["B-06"])),
    (Fault::KeepsOneLine, Quick, Only(&["B-07"])),
    (Fault::KeepsCookies, Quick, Only(&["B-08"])),
    (Fault::CodesForAll, Quick, Only(&["B-09"])),
    (Fault::ForgetsLongAnswers, Quick, Only(&["B-10"])),
    (Fault::VersionsCount, Quick, Only(&["B-12"])),
    (Fault::ComparesNothing, Quick, Only(&["R-01", "R-05", "R-09", "S-03"])),
    (Fault::WaitsBeforeComparing, Rejects, Only(&["R-02"])),
    (Fault::BytesCount, Quick, Only(&["R-01", "R-03", "R-04", "R-08", "R-09", "S-03"])),
    (Fault::ComparesExcluded, Quick, Only(&["R-04"])),
    (Fault::TargetsDoNotCount, Quick, Only(&["R-05"])),
    (Fault::BodiesAreKeys, Quick, AtLeast(&["H-09", "R-01", "R-06"])),
    (Fault::BoundariesCount, Quick, Only(&["R-08"])),
    (Fault::ReadsTwice, Quick, Only(&["R-09"])),
    (Fault::KeepsTooLarge, Quick, Only(&["R-10"])),
    (Fault::NeverSaysWhen, Slow, Only(&["C-03"])),
    (Fault::NeverSaysWhen, Rejects, AtLeast(&["C-01", "C-04"])),
    (Fault::ExecutesInParallel, Quick, AtLeast(&["C-04"])),
    (Fault::ExecutesInParallel, Slow, AtLeast(&["C-02", "C-04", "C-06", "C-07"])),
    (Fault::WaitsForEver, Slow, Only(&["C-03"])),
    (Fault::LeavingFrees, Slow, Only(&["C-06"])),
    (Fault::WaitersHoldAll, Slow, Only(&["C-07"])),
    (Fault::LeavesWithTheClient, Slow, Only(&["F-01"])),
    (Fault::ForgetsAtRestart, Killed, Only(&["F-03", "F-05", "F-17"])),
    (Fault::RecordsLater, Killed, AtLeast(&["F-03"])),
    (Fault::StaysLocked, Killed, AtLeast(&["F-02", "F-13"])),
    (Fault::TellsUnknownBadly, Doubtful(Doubt::Conflict), Only(&["F-04"])),
    (Fault::TellsUnknownBadly, Doubtful(Doubt::Named), Only(&["F-04"])),
    (Fault::TellsUnknownBadly, Doubtful(Doubt::Accepted), Only(&["F-04"])),
    (Fault::DoubtsWhatIsDone, Doubtful(Doubt::Conflict), Only(&["F-05", "F-17"])),
    (Fault::DoubtsWhatIsDone, Doubtful(Doubt::Named), Only(&["F-05", "F-17"])),
    (Fault::DoubtsWhatIsDone, Doubtful(Doubt::Accepted), Only(&["F-05", "F-17"])),
    (Fault::LosesEffects, Killed, AtLeast(&["F-03"])),
    (Fault::LosesEffects, Doubtful(Doubt::Conflict), AtLeast(&["F-03"])),
    (Fault::GoesOnWithoutStore, Killed, Only(&["F-06"])),
    (Fault::FreesUnrecorded, Killed, Only(&["F-07"])),
    (Fault::PanicsLock, Quick, Only(&["F-08"])),
    (Fault::PanicsTooLate, Quick, Only(&["F-08"])),
    (Fault::BelievesTheFront, Killed, AtLeast(&["F-14"])),
    (Fault::SharesKeys, Quick, Only(&["S-01", "S-02", "S-06"])),
    (Fault::TellsOfOthers, Quick, Only(&["S-02"])),
    (Fault::TellsTheFirst, Quick, Only(&["R-01", "S-03", "S-04"])),
    (Fault::TellsTheKey, Quick, Only(&["S-04"])),
    (Fault::ReplaysTheLatest, Quick, Only(&["S-06"])),
];

/// So many services are asked at once.
const AT_ONCE: usize = 4;

/// The report of what is asked where this fault is seen.
async fn ask(fault: Fault, means: Means) -> Report {
    let rows = |rows: &[&str]| rows.iter().map(|&row| row.to_owned()).collect();
    let doubt = if let Doubtful(doubt) = means { Some(doubt) } else { None };
    if doubt.is_some() || means == Killed {
        let (profile, _place) = process::profile(Some(fault), doubt);
        let profile = Profile { only: rows(&["F"]), kills: 3, timeout_s: 2, ..profile };
        return profile::failed(&profile).await.1;
    }
    let strict = means == Means::Strict;
    let setup = Setup { fault: Some(fault), strict, rejects: means == Means::Rejects, ..Setup::default() };
    let service = Service::start(setup).await;
    let profile = profile::of(&service);
    let quick = Profile { slow_header: None, slower_header: None, parallel: 20, ..profile.clone() };
    let profile = match means {
        Means::Strict => Profile { strict, ..quick },
        Means::Slow => Profile { only: rows(&["C", "R-02", "F-01"]), ..profile },
        Means::Rejects => Profile { only: rows(&["C", "R-02"]), mode: Some(Mode::Reject), ..profile },
        _ => quick,
    };
    profile::failed(&profile).await.1
}

/// Asks all services with faults that are seen so, and compares what failed.
async fn each_fails(means: Means) {
    let rows = TABLE.iter().filter(|(_, seen, _)| *seen == means);
    let asked = futures_util::stream::iter(rows.map(|(fault, _, expected)| async move {
        let report = ask(*fault, means).await;
        let failed: Vec<_> = report.failed().map(|outcome| outcome.id).collect();
        let is_so = match expected {
            Only(rows) => failed == *rows,
            AtLeast(rows) => rows.iter().all(|row| failed.contains(row)),
        };
        let why: Vec<_> = report.failed().collect();
        (!is_so).then(|| format!("{fault:?} fails {failed:?}: {why:#?}"))
    }));
    let wrong: Vec<_> = asked.buffer_unordered(AT_ONCE).filter_map(async |wrong| wrong).collect().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_that_takes_time() {
    each_fails(Quick).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_keys_that_must_be_strings() {
    each_fails(Strict).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_requests_that_take_their_time() {
    each_fails(Slow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_duplicates_that_are_refused() {
    each_fails(Rejects).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_process_that_is_killed() {
    each_fails(Killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_process_that_cannot_know() {
    for doubt in Doubt::ALL {
        each_fails(Doubtful(doubt)).await;
    }
}

#[test]
fn every_fault_fails_something() {
    for fault in Fault::ALL {
        let fails = TABLE.iter().filter(|(other, ..)| other == fault);
        let some = |fails: &Fails| matches!(fails, Only([_, ..]) | AtLeast([_, ..]));
        assert!(fails.clone().count() > 0 && fails.clone().all(|(_, _, fails)| some(fails)), "{fault:?}");
    }
}

/// Each row that can be asked is failed by some fault: there is none that no service can fail.
#[test]
fn every_row_is_failed_by_some_fault() {
    let mut failed: Vec<_> = TABLE.iter().flat_map(|(_, _, Only(rows) | AtLeast(rows))| rows.to_vec()).collect();
    failed.sort_unstable();
    failed.dedup();
    let letters = [("H", 11), ("B", 11), ("R", 9), ("C", 6), ("F", 11), ("S", 6)];
    for (letter, asked) in letters {
        assert_eq!(failed.iter().filter(|row| row.starts_with(letter)).count(), asked, "{letter}: {failed:?}");
    }
}
