//! Owns the arithmetic of GCRA in whole nanoseconds, for one name. It does not know what time it is.

use std::time::Duration;

use super::{Decision, Rate};

/// Decides, and gives the moment when the whole burst will be there again: `full_at` of the next call. A name that was
/// never seen has it in the past.
pub(super) fn check(now: u64, full_at: u64, rate: Rate, cost: u32) -> (Decision, u64) {
    let refill = rate.refill();
    // A moment further away than the whole burst is of another rate, or of a clock that was set back.
    let full_at = full_at.clamp(now, now.saturating_add(refill));
    let wanted = full_at.saturating_add(rate.interval.saturating_mul(u64::from(cost)));
    let over = (wanted - now).saturating_sub(refill);
    let allowed = over == 0;
    let full_at = if allowed { wanted } else { full_at };
    let fits = rate.interval.saturating_mul(u64::from(cost)) <= refill;
    let decision = Decision {
        allowed,
        limit: rate.burst.get(),
        remaining: remaining(refill - (full_at - now), rate),
        reset_after: Duration::from_nanos(full_at - now),
        retry_after: (!allowed && fits).then(|| Duration::from_nanos(over)),
    };
    (decision, full_at)
}

/// How many whole ones fit into what is free.
pub(super) fn remaining(free: u64, rate: Rate) -> u32 {
    u32::try_from(free / rate.interval).unwrap_or(u32::MAX).min(rate.burst.get())
}
