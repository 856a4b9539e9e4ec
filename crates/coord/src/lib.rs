//! Hints in front of the truth: locks, one-time tokens, rate limits, a cache and a broadcast, in the process or on Redis.
//! It knows no SQL, no HTTP and no business; for every lie that a coordinator tells, nothing is applied twice.
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
//!
//! # What is remembered
//!
//! A [`Cache`] keeps rows that have a version, and never puts an older one over a newer one. A [`Bus`] tells all nodes that
//! something changed, and says so when it may have missed some. Together they keep what is asked for with every request,
//! as sessions are, near at hand:
//!
//! ```
//! use std::time::Duration;
//!
//! use coord::bus::{Heard, LocalBus};
//! use coord::cache::{Entry, LocalCache};
//! use coord::{Bus as _, Cache as _};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Between nodes these are `RedisCache` in front of the database, and `RedisBus`; a `LocalCache` stands before both.
//! let (near, bus) = (LocalCache::new(100_000), LocalBus::new());
//! let mut heard = bus.subscribe();
//! let ttl = Duration::from_secs(30);
//!
//! // A reader: what it read before the cache was cleared is not put.
//! let clears = near.clears();
//! let row = Entry { version: 3, bytes: "the session".into() }; // …from the database
//! near.put_since(clears, "session-7", row, ttl)?;
//!
//! // Who ends the session says so, after the commit.
//! bus.publish(b"session-7").await?;
//!
//! // Each node listens. The end is put with the version that came with it, and stays in front of late readers.
//! while let Some(heard) = heard.next().await {
//!     match heard {
//!         Heard::Gap => near.clear(),
//!         Heard::Message(_) => {
//!             near.put("session-7", Entry { version: 4, bytes: "ended".into() }, ttl).await?;
//!             # break;
//!         }
//!     }
//! }
//! assert_eq!(near.get("session-7").await?.map(|entry| entry.version), Some(4));
//! # Ok(())
//! # }
//! ```
//!
//! How late a change may be seen has three bounds. Mostly it is the way of a message. Where one is missed it is
//! [`bus::GAP_WITHIN`], for the gap. And for the rest — a message refused with an error, a version that was evicted or
//! flushed, a replica that had not heard of it and became the master — it is the time to live of the older entry, from when
//! it was put. So that is chosen as what one can bear, and what cannot bear it asks the database.

mod away;
pub mod bus;
pub mod cache;
pub mod limit;
pub mod lock;
pub mod redis;
pub mod tokens;

pub use away::Error;
pub use bus::Bus;
pub use cache::Cache;
pub use limit::Limit;
pub use lock::Lock;
pub use redis::Redis;
pub use tokens::Tokens;
