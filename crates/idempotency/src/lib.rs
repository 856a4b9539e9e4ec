//! The meaning of an idempotency key: what a key is, what makes two requests the same, what is kept of an
//! answer, and when it is given again. It knows no storage, no HTTP library and no business.
//!
//! The rules follow `draft-ietf-httpapi-idempotency-key-header-07` and Stripe's published behaviour; where
//! they differ, Mideng's HTTP contract decides and the item says so.

mod admit;
pub mod canonical;
mod derive;
mod fingerprint;
pub mod key;
mod record;

pub use admit::{Admission, Prior, admit};
pub use derive::derive;
pub use fingerprint::{Fingerprint, Fingerprints, Target, VERSION as FINGERPRINT_VERSION};
pub use key::Key;
pub use record::{Answer, CommandId, Record};
