//! Owns the rate limit on Redis: one script, one key for each name, Redis's own clock. It does not know how many nodes ask.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;

use super::{Decision, Limit, Rate, cell};
use crate::Error;
use crate::redis::{Redis, Repeat, Script};

/// The key holds the moment when the whole burst is there again, as `seconds.nanoseconds`: Lua's numbers are exact to 2^53
/// only, which is 104 days in nanoseconds, so only differences are computed. Arguments: refill and price in
/// nanoseconds. Answers whether it is allowed, and how far away the whole burst is.
static CHECK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('time')
         local second, nano = tonumber(time[1]), tonumber(time[2]) * 1000
         local refill, price = tonumber(ARGV[1]), tonumber(ARGV[2])
         local away = 0
         local kept = redis.call('get', KEYS[1])
         if kept then
           local kept_second, kept_nano = string.match(kept, '^(%d+)%.(%d+)$')
           if not kept_second then return redis.error_reply('WRONGTYPE the key of a limit holds something else') end
           away = (tonumber(kept_second) - second) * 1000000000 + tonumber(kept_nano) - nano
           if away < 0 then away = 0 end
           if away > refill then away = refill end
         end
         if away + price > refill then return {0, string.format('%.0f', away)} end
         if price > 0 then
           away = away + price
           local at = nano + away
           local seconds = math.floor(at / 1000000000)
           local text = string.format('%.0f.%.0f', second + seconds, at - seconds * 1000000000)
           redis.call('set', KEYS[1], text, 'PX', string.format('%.0f', math.ceil(away / 1000000)))
         end
         return {1, string.format('%.0f', away)}",
    )
});

/// One count for all who ask this Redis. A flush or a fail-over gives every name its whole burst again.
#[derive(Clone, Debug)]
pub struct RedisLimit {
    redis: Redis,
    prefix: String,
}

impl RedisLimit {
    /// Keys are the prefix and the name.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self { redis, prefix: prefix.into() }
    }
}

#[async_trait]
impl Limit for RedisLimit {
    async fn check(&self, name: &str, rate: Rate, cost: u32) -> Result<Decision, Error> {
        let key = format!("{}{name}", self.prefix);
        let refill = rate.refill();
        let price = rate.interval.saturating_mul(u64::from(cost));
        if price > refill {
            // It never fits, and the numbers of the script stay small.
            let looked = Box::pin(self.check(name, rate, 0)).await?;
            return Ok(Decision { allowed: false, ..looked });
        }
        let (refill_text, price_text) = (refill.to_string(), price.to_string());
        let arguments: [&[u8]; 2] = [refill_text.as_bytes(), price_text.as_bytes()];
        // Counted twice, if the first answer is lost: it is then a little stricter.
        let (allowed, away): (bool, u64) = self.redis.run(&CHECK, &key, &arguments, Repeat::Safe).await?;
        Ok(Decision {
            allowed,
            limit: rate.burst.get(),
            remaining: cell::remaining(refill.saturating_sub(away), rate),
            reset_after: Duration::from_nanos(away),
            retry_after: (!allowed).then(|| Duration::from_nanos((away + price).saturating_sub(refill))),
        })
    }
}
