//! Owns how the program is told of the little service.

use conform::{Profile, Report, Verdict};

use crate::service::{BODY_BYTES_MAX, Service};

/// All means but those of a process.
pub(crate) fn of(service: &Service) -> Profile {
    at(service.url.clone())
}

/// The same at this address: the profile that stands in the repository, with two callers.
pub(crate) fn at(url: String) -> Profile {
    let profile = Profile::from_json(include_str!("../../profiles/layer.json")).expect("a profile");
    assert_eq!(profile.big_body_bytes, Some(BODY_BYTES_MAX + 1));
    Profile {
        url,
        headers: vec!["Authorization: Bearer alice".to_owned()],
        other_headers: vec!["Authorization: Bearer bob".to_owned()],
        timeout_s: 5,
        ..profile
    }
}

/// Asks, and gives the rows that failed.
pub(crate) async fn failed(profile: &Profile) -> (Vec<&'static str>, Report) {
    let report = conform::run(profile, &|_| {}).await.expect("it can be asked");
    (report.failed().map(|outcome| outcome.id).collect(), report)
}

/// The form that was seen in a row that passed.
#[track_caller]
pub(crate) fn seen(report: &Report, id: &str) -> String {
    let outcome = report.outcomes.iter().find(|outcome| outcome.id == id).expect("it was asked");
    match &outcome.verdict {
        Verdict::Passed { seen } => seen.clone(),
        verdict => panic!("{id} did not pass: {verdict:?}"),
    }
}
