//! The meaning of an idempotency key: what a key is, what makes two requests the same, what is kept of an
//! answer, and when it is given again. By itself it knows no storage, no HTTP library and no business; its features bring
//! a [`protocol`](crate) with stores, and a layer, for services that are not ours.
//!
//! The rules follow `draft-ietf-httpapi-idempotency-key-header-07` and Stripe's published behaviour; where
//! they differ, Mideng's HTTP contract decides and the item says so.

mod admit;
pub mod canonical;
#[cfg(feature = "contract")]
pub mod contract;
mod derive;
mod fingerprint;
pub mod key;
#[cfg(feature = "tower")]
pub mod layer;
pub mod problem;
#[cfg(feature = "protocol")]
pub mod protocol;
mod record;
#[cfg(feature = "protocol")]
pub mod store;

pub use admit::{Admission, Prior, admit};
pub use derive::{derive, derive_named};
pub use fingerprint::{Fingerprint, Fingerprints, Target, VERSION as FINGERPRINT_VERSION};
pub use key::Key;
pub use record::{Answer, CommandId, Record};

/// The README's example is compiled and run.
#[cfg(all(doctest, feature = "sqlite", feature = "tower"))]
#[doc = include_str!("../README.md")]
struct Readme;
