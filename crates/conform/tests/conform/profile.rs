//! Owns how the program is told of the little service.

use conform::{Profile, Report, Verdict};

use crate::service::{BODY_BYTES_MAX, Service};

/// All means but those of a process.
pub(crate) fn of(service: &Service) -> Profile {
    at(service.url.clone())
}

/// The same at this address.
pub(crate) fn at(url: String) -> Profile {
    let text = |text: &str| Some(text.to_owned());
    Profile {
        url,
        route: "/orders".to_owned(),
        headers: vec!["Authorization: Bearer alice".to_owned()],
        other_headers: vec!["Authorization: Bearer bob".to_owned()],
        body: text(r#"{"item": "item-{{random}}", "quantity": 1, "sent_at": {{n}}}"#),
        vary: text("/quantity"),
        excluded: text("/sent_at"),
        identity: text("/order_no"),
        effects: text("/effects"),
        effects_pointer: "/count".to_owned(),
        optional_route: text("/numbers"),
        get_route: text("/about"),
        refused_body: text(r#"{"item": "item-{{random}}", "quantity": 999}"#),
        invalid_body: text(r#"{"item": "item-{{random}}", "quantity": 0}"#),
        big_body_bytes: Some(BODY_BYTES_MAX + 1),
        slow_header: text("X-Slow: 800"),
        slower_header: text("X-Slow: 1800"),
        in_flight_ms: 150,
        weak_key: text("abc"),
        multipart_route: text("/forms"),
        empty_route: text("/pings"),
        other_route: text("/purchases"),
        other_method: text("PUT"),
        timeout_s: 5,
        ..Profile::default()
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
