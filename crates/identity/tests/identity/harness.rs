//! Owns what the tests share: where the providers are, people in the directory, and what passes on a connection.

mod browser;
mod liar;
mod organisation;
mod place;
mod recorder;
mod signer;

use std::path::Path;
use std::time::Duration;

use identity::provider::{Identity, Refused};

pub use browser::Browser;
pub use liar::{CLIENT, Liar, came_back, now, open_id, parameter};
pub use organisation::{Organisation, account, password, plain_port, without_account};
pub use place::place;
pub use recorder::Recorder;
pub use signer::{Signer, unsigned};

/// How long anything may take that should be quick, on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a test is told of the providers.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run `cargo xtask test`, or `cargo xtask services up` and then \
             eval \"$(cargo xtask services env)\""
        )
    })
}

/// The certificate of an authority of the tests.
pub fn authority(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(&variable("TEST_TLS_FOLDER")).join(name)).expect("it was made for the tests")
}

/// Nobody is let in, and it is not told why.
pub fn assert_wrong(outcome: Result<Identity, Refused>, what: &str) {
    assert_eq!(outcome.expect_err(what), Refused::Wrong, "{what}");
}

/// Nobody is let in, for want of somebody to ask.
pub fn assert_away(outcome: Result<Identity, Refused>, what: &str) {
    let refused = outcome.expect_err(what);
    assert!(matches!(refused, Refused::Away(_)), "{what}: {refused:?}");
}

/// Nobody is let in by what came back.
pub fn assert_invalid(outcome: Result<Identity, Refused>, what: &str) {
    let refused = outcome.expect_err(what);
    assert!(matches!(refused, Refused::Invalid(_)), "{what}: {refused:?}");
}

/// Nobody is let in, as it is set up wrong.
pub fn assert_misconfigured(outcome: Result<Identity, Refused>, what: &str) {
    let refused = outcome.expect_err(what);
    assert!(matches!(refused, Refused::Misconfigured(_)), "{what}: {refused:?}");
}
