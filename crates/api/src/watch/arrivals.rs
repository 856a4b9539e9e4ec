//! Owns the last commands that came to this node and how each was answered, in a ring.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use domain::{PrincipalId, TenantId, Timestamp};
use idempotency::Key;

/// So many are kept.
const KEPT_MAX: usize = 4_096;
/// So many numbers there are for each millisecond; where more come, they run ahead of the time.
const IN_MILLISECOND: u64 = 1_000;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was applied now.
    Executed,
    /// It got the answer of an earlier one.
    Replayed,
    /// It was refused, now.
    Refused,
    /// Nobody knows yet what becomes of it.
    Pending,
}

impl Outcome {
    /// The stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::Pending => "pending",
        }
    }
}

/// A command that came and was answered.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Its place among all: they rise with the time, so that they tell nothing of how many others came.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) tenant: TenantId,
    pub(crate) principal: PrincipalId,
    pub(crate) key: Key,
    /// Method and route.
    pub(crate) route: Arc<str>,
    pub(crate) outcome: Outcome,
    pub(crate) status: u16,
    /// The problem's, where it was refused now.
    pub(crate) code: Option<String>,
    pub(crate) request_id: String,
    pub(crate) from: Option<IpAddr>,
    pub(crate) took_us: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Arrivals {
    kept: VecDeque<Arrival>,
    last: u64,
}

impl Arrivals {
    pub(crate) fn push(&mut self, arrival: Arrival) {
        let by_time = u64::try_from(arrival.at.0).unwrap_or(0).saturating_mul(IN_MILLISECOND);
        self.last = by_time.max(self.last + 1);
        if self.kept.len() == KEPT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(Arrival { number: self.last, ..arrival });
    }

    /// Those behind a number, oldest first, at most `most` of the latest of them, and the number of the last of these, or the one
    /// that was asked with.
    pub(crate) fn behind(&self, after: u64, most: usize, which: impl Fn(&Arrival) -> bool) -> (Vec<Arrival>, u64) {
        let newer = self.kept.iter().rev().take_while(|arrival| arrival.number > after);
        let mut found: Vec<_> = newer.filter(|arrival| which(arrival)).take(most).cloned().collect();
        found.reverse();
        let last = found.last().map_or(after, |arrival| arrival.number);
        (found, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(tenant: i64) -> Arrival {
        Arrival {
            number: 0,
            at: Timestamp(1),
            tenant: TenantId(tenant),
            principal: PrincipalId(1),
            key: Key::from_stored("k"),
            route: Arc::default(),
            outcome: Outcome::Executed,
            status: 201,
            code: None,
            request_id: String::new(),
            from: None,
            took_us: 1,
        }
    }

    #[test]
    fn those_behind_a_number_are_told_once() {
        let mut ring = Arrivals::default();
        for tenant in [1, 2, 1, 1] {
            ring.push(arrival(tenant));
        }
        let numbers = |after, most| {
            let (found, last) = ring.behind(after, most, |arrival| arrival.tenant == TenantId(1));
            (found.iter().map(|arrival| arrival.number).collect::<Vec<_>>(), last)
        };
        for (after, most, wanted, last) in [
            (0, 9, vec![1_000, 1_002, 1_003], 1_003),
            (1_000, 9, vec![1_002, 1_003], 1_003),
            (0, 2, vec![1_002, 1_003], 1_003),
            (1_003, 9, vec![], 1_003),
            (5_000, 9, vec![], 5_000),
        ] {
            assert_eq!(numbers(after, most), (wanted, last), "{after} {most}");
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let mut ring = Arrivals::default();
        for _ in 0..KEPT_MAX + 3 {
            ring.push(arrival(1));
        }
        let (found, last) = ring.behind(0, usize::MAX, |_| true);
        assert_eq!((found.len(), found[0].number, last), (KEPT_MAX, 1_003, KEPT_MAX as u64 + 1_002));
    }
}
