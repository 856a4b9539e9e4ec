//! Owns the choice of who coordinates: Redis where there is one, the database's rows where several nodes share one, and
//! else this process. All of it is a hint in front of the database.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use api::{By, RateLimits, Rule};
use coord::bus::{Bus, RedisBus};
use coord::cache::{Cache, RedisCache};
use coord::limit::{LocalLimit, Rate, RedisLimit, WhenAway};
use coord::lock::{LeaseLock, Lock, RedisLeases, StripedLock};
use coord::redis::Timeouts;
use coord::{Limit, Redis};
use store::Store;

use crate::settings::{LimitSetting, Settings};

/// How many callers below their limit a process remembers.
const LOCAL_NAMES_MAX: usize = 1_000_000;

/// Locks and limits for a server.
pub(super) struct Coordinator {
    pub(super) locks: Arc<dyn Lock>,
    pub(super) rates: RateLimits,
    /// Sessions that nodes share, and what they tell each other, where there is Redis.
    pub(super) cache: Option<Arc<dyn Cache>>,
    pub(super) bus: Option<Arc<dyn Bus>>,
}

/// What the settings ask for, found good before anything is written.
pub(super) struct Coordination {
    rules: Vec<Rule>,
    redis: Option<Redis>,
}

impl Coordination {
    /// A Redis that cannot be reached is no reason not to start: it is a hint, and may come.
    pub(super) async fn of(settings: &Settings) -> anyhow::Result<Self> {
        let rules: Vec<Rule> = settings.limits.iter().map(rule).collect::<Result<_, _>>()?;
        for (at, rule) in rules.iter().enumerate() {
            if rules[..at].iter().any(|other| other.name == rule.name) {
                bail!("limits: two rules are called {:?}; give each a name of its own", rule.name);
            }
        }
        Ok(Self { rules, redis: redis(settings).await? })
    }

    /// For a server on this database.
    pub(super) fn on(self, store: &Store, (installation, is_alone): (u128, bool)) -> Coordinator {
        let Self { rules, redis } = self;
        let prefix = |what: &str| format!("mideng:{installation:x}:{what}:");
        let cache = redis.clone().map(|redis| Arc::new(RedisCache::new(redis, prefix("session"))) as Arc<dyn Cache>);
        let bus = redis.clone().map(|redis| Arc::new(RedisBus::open(redis, prefix("news"))) as Arc<dyn Bus>);
        let (locks, limit): (Arc<dyn Lock>, Arc<dyn Limit>) = match redis {
            Some(redis) => (
                Arc::new(LeaseLock::new(RedisLeases::new(redis.clone(), prefix("lock")))),
                Arc::new(RedisLimit::new(redis, prefix("limit"))),
            ),
            None if is_alone => (Arc::new(StripedLock::new()), Arc::new(LocalLimit::new(LOCAL_NAMES_MAX))),
            None => {
                if !rules.is_empty() {
                    tracing::warn!("without redis_url each node counts rate limits for itself");
                }
                (Arc::new(LeaseLock::new(store.clone())), Arc::new(LocalLimit::new(LOCAL_NAMES_MAX)))
            }
        };
        Coordinator { locks, rates: RateLimits { rules: rules.into(), limit }, cache, bus }
    }
}

async fn redis(settings: &Settings) -> anyhow::Result<Option<Redis>> {
    let Some(url) = &settings.redis_url else { return Ok(None) };
    let redis = Redis::open(url.parse().context("redis_url")?, Timeouts::default());
    match redis.ping().await {
        Ok(()) => tracing::info!(redis = %redis.address(), "locks and limits are kept in Redis"),
        Err(error @ coord::Error::Denied { .. }) => return Err(error).context("redis_url"),
        Err(error) => {
            tracing::warn!(%error, "Redis is away; the server goes on without locks, and counts when it is back");
        }
    }
    Ok(Some(redis))
}

fn rule(setting: &LimitSetting) -> anyhow::Result<Rule> {
    let known = [By::Address, By::Credential, By::Tenant, By::Everyone];
    let Some(by) = known.into_iter().find(|by| by.name() == setting.by) else {
        let known: Vec<_> = known.iter().map(|by| by.name()).collect();
        bail!("limits: by is {:?}; it may be {}", setting.by, known.join(", "));
    };
    let name = setting.name.clone().unwrap_or_else(|| setting.by.clone());
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        bail!("limits: the name {name:?} may hold lower case letters, digits and - only");
    }
    if let Some(route) = &setting.route
        && !is_known(route)
    {
        bail!("limits: there is no route {route:?}; write it as the reference does, such as \"POST /api/v1/orders\"");
    }
    let count = NonZeroU32::new(setting.count).context("limits: count is 0; it must be at least 1")?;
    if setting.per.0 < Duration::from_millis(1) {
        bail!("limits: per is {}; give a period such as 1s", setting.per);
    }
    let burst =
        setting.burst.map_or(Some(count), NonZeroU32::new).context("limits: burst is 0; it must be at least 1")?;
    let when_away = match setting.when_away.as_str() {
        "open" => WhenAway::Open,
        "closed" => WhenAway::Closed,
        other => bail!("limits: when_away is {other:?}; it may be open or closed"),
    };
    let refill = setting.per.0.mul_f64(f64::from(burst.get()) / f64::from(count.get()));
    let rate = Rate::new(count, setting.per.0).burst(burst);
    Ok(Rule { name, by, route: setting.route.clone(), rate, window_s: refill.as_secs().max(1), when_away })
}

/// Whether a rule of this route would ever count anything: it is in the reference, and not of those who run the server.
fn is_known(route: &str) -> bool {
    let document: serde_json::Value = serde_json::from_str(&api::openapi::text()).unwrap_or_default();
    route.split_once(' ').is_some_and(|(method, path)| {
        let operation = &document["paths"][path][method.to_ascii_lowercase()];
        path.starts_with("/api/v1/") && method == method.to_ascii_uppercase() && operation.is_object()
    })
}
