//! Hints in front of the truth: locks, one-time tokens and rate limits, in the process or on Redis. It knows no SQL, no
//! HTTP and no business; for every lie that a coordinator tells, nothing is applied twice.
//!
//! ```
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//!
//! use coord::limit::{LocalLimit, Rate, WhenAway};
//! use coord::lock::{Released, StripedLock, Terms};
//! use coord::{Limit as _, Lock as _};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The same with `RedisLock::on(Redis::connect(url).await?, "lock:")`, for several nodes.
//! let lock = StripedLock::new();
//! let guard = lock.acquire("member-7", Terms { wait: Duration::from_secs(1), ..Terms::default() }).await?;
//! tokio::select! {
//!     () = place_the_order(guard.fence()) => {}
//!     () = guard.lost().cancelled() => println!("somebody else may have it by now"),
//! }
//! assert_eq!(guard.release().await?, Released::Freed);
//!
//! let limit = LocalLimit::new(100_000);
//! let rate = Rate::new(NonZeroU32::new(10).ok_or("no rate")?, Duration::from_secs(1));
//! let decision = WhenAway::Open.decide(&limit.check("member-7", rate, 1).await, rate);
//! assert_eq!((decision.allowed, decision.remaining), (true, 9));
//! # Ok(())
//! # }
//! # async fn place_the_order(_fence: Option<i64>) {}
//! ```

mod away;
pub mod cache;
pub mod limit;
pub mod lock;
pub mod redis;
pub mod tokens;

pub use away::Error;
pub use cache::Cache;
pub use limit::Limit;
pub use lock::Lock;
pub use redis::Redis;
pub use tokens::Tokens;
