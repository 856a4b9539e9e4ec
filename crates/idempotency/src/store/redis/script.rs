//! Owns the text of the scripts. Each is one step of a record's life, and nothing comes between its reads and its writes.
//!
//! A record's fields: `s` state, `f` fence, `g` guarantee, `v` and `p` version and fingerprint, `u` the end of lease or
//! retention, `c` status, `h` headers, `b` body. `KEYS[1]` is the record, `KEYS[2]` are the doubts of its place, `ARGV[1]`
//! is how it is listed there. A number is a double in Lua: microseconds stay whole for two centuries, but must be spelled,
//! or they come out as `1.7e+15`.

use ::redis::Script;

/// The scripts.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) read: Script,
    pub(super) claim: Script,
    pub(super) renew: Script,
    pub(super) complete: Script,
    pub(super) release: Script,
    pub(super) doubt: Script,
    pub(super) settle_executed: Script,
    pub(super) settle_not_executed: Script,
    pub(super) doubts: Script,
}

const CLOCK: &str = "
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function whole(number) return string.format('%.0f', number) end
";

const READ: &str = "
local record = redis.call('HMGET', KEYS[1], 's', 'f', 'g', 'v', 'p', 'u', 'c', 'h', 'b')
if not record[1] then return false end
record[6] = whole(tonumber(record[6]) - now)
return record
";

/// What was read is taken while it still stands. `ARGV`: state and fence of before, or two empty texts; guarantee, version
/// and fingerprint; the lease.
const CLAIM: &str = "
local record = redis.call('HMGET', KEYS[1], 's', 'f', 'u')
local state, fence = record[1], now
if (state or '') ~= ARGV[2] or (record[2] or '') ~= ARGV[3] then return false end
if state then
    if state ~= '0' and tonumber(record[3]) > now then return false end
    fence = math.max(now, tonumber(record[2]) + 1)
end
local ends = whole(now + tonumber(ARGV[7]))
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 's', '1', 'f', whole(fence), 'g', ARGV[4], 'v', ARGV[5], 'p', ARGV[6], 'u', ends)
if ARGV[4] == '1' then redis.call('ZADD', KEYS[2], ends, ARGV[1]) end
return whole(fence)
";

/// What every step under a fence begins with. `ARGV[2]` is the fence.
const FENCED: &str = "
local record = redis.call('HMGET', KEYS[1], 's', 'f', 'g', 'u')
local state = record[1]
if record[2] ~= ARGV[2] then return 0 end
local at_most_once = record[3] == '1'
local ended = tonumber(record[4]) <= now
local unknown = state == '3' or (state == '1' and at_most_once and ended)
";

const RENEW: &str = "
if state ~= '1' or unknown then return 0 end
local ends = whole(now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'u', ends)
if at_most_once then redis.call('ZADD', KEYS[2], ends, ARGV[1]) end
return 1
";

const OPEN: &str = "
if state ~= '1' and state ~= '3' then return 0 end
";

const IN_DOUBT: &str = "
if not unknown then return 0 end
";

const RUNNING: &str = "
if state ~= '1' then return 0 end
";

/// `ARGV`: status, headers, body, retention.
const ANSWER: &str = "
local kept = tonumber(ARGV[6])
redis.call('HSET', KEYS[1], 's', '2', 'c', ARGV[3], 'h', ARGV[4], 'b', ARGV[5], 'u', whole(now + kept))
redis.call('PEXPIRE', KEYS[1], whole(math.max(1, math.ceil(kept / 1000))))
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
";

/// What is left makes the next fence greater; when it is gone, the clock has gone on.
const FREE: &str = "
redis.call('HSET', KEYS[1], 's', '0', 'u', whole(now))
redis.call('PEXPIRE', KEYS[1], '1000')
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
";

const DOUBT: &str = "
if state == '1' then
    redis.call('HSET', KEYS[1], 's', '3', 'u', whole(now))
    redis.call('ZADD', KEYS[2], whole(now), ARGV[1])
end
return 1
";

/// `KEYS[1]` are the doubts of a place; `ARGV`: with what its records' keys begin, and how many. They are in the same slot.
/// A record that the server has evicted is not listed any more, so that the list does not fill with such.
const DOUBTS: &str = "
local listed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', whole(now), 'WITHSCORES', 'LIMIT', '0', ARGV[2])
local found = {}
for at = 1, #listed, 2 do
    local fence = redis.call('HGET', ARGV[1] .. listed[at], 'f')
    if fence then
        found[#found + 1] = {listed[at], whole(tonumber(listed[at + 1])), fence}
    else
        redis.call('ZREM', KEYS[1], listed[at])
    end
end
return found
";

impl Scripts {
    pub(super) fn new() -> Self {
        let script = |parts: &[&str]| Script::new(&parts.concat());
        Self {
            read: script(&[CLOCK, READ]),
            claim: script(&[CLOCK, CLAIM]),
            renew: script(&[CLOCK, FENCED, RENEW]),
            complete: script(&[CLOCK, FENCED, OPEN, ANSWER]),
            release: script(&[CLOCK, FENCED, RUNNING, FREE]),
            doubt: script(&[CLOCK, FENCED, OPEN, DOUBT]),
            settle_executed: script(&[CLOCK, FENCED, IN_DOUBT, ANSWER]),
            settle_not_executed: script(&[CLOCK, FENCED, IN_DOUBT, FREE]),
            doubts: script(&[CLOCK, DOUBTS]),
        }
    }
}
