//! Owns the rule that one place maps refusals and errors to status codes.

use super::Finding;
use super::repository::Repository;

const HOME: &str = "crates/api/src/problem";

/// What the API and the layer for services that are not ours answer alike, because of a key.
const KEYS: &str = "crates/idempotency/src/problem";

/// `app` is a client and reads status codes; it has no means to answer with one. `psp-sim` is another server, whose
/// answers are its providers'.
const CLIENTS: &[&str] = &["crates/app/", "crates/psp-sim/"];

/// A file, a name in it, and why it is not a refusal or an error.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crates/api/src/routes/operations.rs", "SERVICE_UNAVAILABLE", "a probe is answered: this server is not ready"),
    ("crates/api/src/routes/edge.rs", "NOT_FOUND", "only looked for; what is answered then is a problem"),
    (
        "crates/api/src/routes/notify.rs",
        "INTERNAL_SERVER_ERROR",
        "a provider's acknowledgement has a status of its own",
    ),
    ("crates/api/src/mutation.rs", "INTERNAL_SERVER_ERROR", "a stored answer whose status is none can only be a bug"),
];

const NAMES: &[&str] = &[
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "PAYMENT_REQUIRED",
    "FORBIDDEN",
    "NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "REQUEST_TIMEOUT",
    "CONFLICT",
    "GONE",
    "LENGTH_REQUIRED",
    "PRECONDITION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "URI_TOO_LONG",
    "UNSUPPORTED_MEDIA_TYPE",
    "EXPECTATION_FAILED",
    "UNPROCESSABLE_ENTITY",
    "LOCKED",
    "TOO_EARLY",
    "PRECONDITION_REQUIRED",
    "TOO_MANY_REQUESTS",
    "REQUEST_HEADER_FIELDS_TOO_LARGE",
    "INTERNAL_SERVER_ERROR",
    "NOT_IMPLEMENTED",
    "BAD_GATEWAY",
    "SERVICE_UNAVAILABLE",
    "GATEWAY_TIMEOUT",
    "INSUFFICIENT_STORAGE",
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let elsewhere = repository.sources().filter(|(file, _)| {
        file.path.starts_with("crates/")
            && ![HOME, KEYS].iter().any(|home| file.path.starts_with(home))
            && !CLIENTS.iter().any(|folder| file.path.starts_with(folder))
    });
    let mut findings = Vec::new();
    for (file, source) in elsewhere {
        for name in NAMES {
            if EXCEPTIONS.iter().any(|(path, excepted, _)| *path == file.path && excepted == name) {
                continue;
            }
            let pattern = format!("StatusCode :: {name}");
            let lines: Vec<_> = source.find(&pattern).filter(|&line| !source.is_test(line)).collect();
            let text =
                format!("`StatusCode::{name}`: only {HOME}.rs and {KEYS}.rs map refusals and errors to status codes");
            findings.extend(lines.iter().map(|line| Finding::error(format!("{}:{line}", file.path), text.clone())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_code_elsewhere_is_found() {
        let text = "fn answer() -> StatusCode { StatusCode::CONFLICT }";
        for (path, expected) in [
            ("crates/api/src/orders.rs", 1),
            ("crates/api/src/problem.rs", 0),
            ("crates/api/src/problem/table.rs", 0),
            ("crates/idempotency/src/problem.rs", 0),
            ("crates/idempotency/src/layer/service.rs", 1),
            ("crates/api/tests/http.rs", 0),
            ("crates/app/src/client.rs", 0),
        ] {
            assert_eq!(check(&Repository::of(&[(path, text)])).len(), expected, "{path}");
        }
        assert_eq!(check(&Repository::of(&[("crates/api/src/orders.rs", "fn f() { StatusCode::CREATED; }")])), []);
    }
}
