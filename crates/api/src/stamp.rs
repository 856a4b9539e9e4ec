//! Owns the stamps of intake: the time and the ids that a command brings along. Nothing behind intake asks a clock
//! or makes an id.

use domain::Timestamp;
use uuid::Uuid;

/// The time, from the system's clock.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "intake is where time is stamped")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The bits of a new UUIDv7: unique, and in the order of time.
pub fn id() -> u128 {
    #[expect(clippy::disallowed_methods, reason = "intake is where ids are made")]
    let id = Uuid::now_v7();
    id.as_u128()
}
