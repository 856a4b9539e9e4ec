//! Owns that a service that keeps every promise passes every row, in each of the forms that are allowed.

use conform::{Mode, Profile, Report};

use crate::service::{Doubt, Service, Setup};
use crate::{process, profile};

/// What the program says of the rows that no profile can ask.
const INSIDE: &[&str] = &["B-11", "R-07", "C-05", "F-09", "F-10", "F-11", "F-12", "F-15", "F-16"];

/// No row failed, and of those that can be asked only these were not.
#[track_caller]
fn passed_but_for(report: &Report, expected: &[&str]) {
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let left = report.not_applicable().map(|outcome| outcome.id).filter(|id| !INSIDE.contains(id));
    assert_eq!(left.collect::<Vec<_>>(), expected, "{:#?}", report.outcomes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_duplicates_wait() {
    let service = Service::start(Setup::default()).await;
    let other = service.another().await;
    let profile = Profile {
        more_urls: vec![other.url.clone()],
        mode: Some(Mode::Attach),
        except: vec!["F".to_owned()],
        ..profile::of(&service)
    };
    let (_, report) = profile::failed(&profile).await;
    passed_but_for(&report, &["H-04", "C-01"]);
    assert_eq!(profile::seen(&report, "B-12"), "HTTP/2, 2 nodes");
    assert_eq!(profile::seen(&report, "R-03"), "canonical: one request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_refuses_duplicates_and_bare_keys() {
    let service = Service::start(Setup { strict: true, rejects: true, ..Setup::default() }).await;
    let rows = ["H", "R-02", "C", "F-01"].map(str::to_owned).to_vec();
    let profile = Profile { strict: true, mode: Some(Mode::Reject), only: rows, ..profile::of(&service) };
    let (_, report) = profile::failed(&profile).await;
    passed_but_for(&report, &["C-02", "C-03"]);
    assert_eq!(profile::seen(&report, "H-03"), "strict: a bare key is refused");
    assert_eq!(profile::seen(&report, "C-01"), "1 executed, 0 the same answer, 1 told to wait");
}

/// Nothing is told but where it is: most rows cannot be asked, and none of them counts as passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_of_which_little_is_known() {
    let service = Service::start(Setup::default()).await;
    let whole = profile::of(&service);
    let profile = Profile {
        url: whole.url,
        route: whole.route,
        headers: whole.headers,
        body: whole.body,
        parallel: 20,
        ..Profile::default()
    };
    let (_, report) = profile::failed(&profile).await;
    let mut left =
        vec!["H-02", "H-04", "H-10", "H-11", "B-03", "B-04", "B-06", "B-10", "R-01", "R-02", "R-04", "R-08", "R-09"];
    left.extend([
        "R-10", "C-01", "C-03", "C-06", "C-07", "F-02", "F-03", "F-04", "F-05", "F-06", "F-07", "F-08", "F-13", "F-14",
    ]);
    left.extend(["F-17", "S-01", "S-02", "S-03", "S-05", "S-06"]);
    passed_but_for(&report, &left);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_killed() {
    let (profile, _folder) = process::profile(None, None);
    let (_, report) = profile::failed(&Profile { only: vec!["F".to_owned()], ..profile }).await;
    passed_but_for(&report, &["F-04"]);
    assert_eq!(profile::seen(&report, "F-01"), "it went on and was recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_killed_and_cannot_know() {
    for doubt in Doubt::ALL {
        let (profile, _folder) = process::profile(None, Some(doubt));
        let (_, report) = profile::failed(&Profile { only: vec!["F".to_owned()], ..profile }).await;
        passed_but_for(&report, &[]);
        assert_eq!(profile::seen(&report, "F-04"), "told that it is not known", "{doubt:?}");
    }
}
