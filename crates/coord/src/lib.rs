//! Hints in front of the truth: locks, one-time tokens and rate limits, in the process or on Redis. It knows no SQL, no
//! HTTP and no business; for every lie that a coordinator tells, nothing is applied twice.

mod away;
pub mod limit;
pub mod lock;
pub mod redis;
pub mod tokens;

pub use away::Error;
pub use limit::Limit;
pub use lock::Lock;
pub use redis::Redis;
pub use tokens::Tokens;
