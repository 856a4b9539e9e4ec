//! Owns what the staff do about sessions: they end one, and say what the shop asks of all. How a session comes and lives is
//! not known here.

use std::fmt;

use thiserror::Error;

use super::{Device, End, OPEN_MAX, Renewal, Rules};
use crate::person::Kind;
use crate::{PrincipalId, SessionId, TenantId, Timestamp};

/// A session as a command looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub principal: PrincipalId,
    /// The person's epoch when it was opened.
    pub opened_in: u32,
    /// When its idle time is over.
    pub idle_until: Timestamp,
    /// When it is over whatever happens.
    pub ends_at: Timestamp,
    /// Why and when it was ended, if it was.
    pub ended: Option<(End, Timestamp)>,
    /// Counts changes, from 1.
    pub version: u32,
}

/// What a tenant's shop asks of the sessions of one kind of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whose shop.
    pub tenant: TenantId,
    /// Of whom.
    pub kind: Kind,
    /// What.
    pub rules: Rules,
    /// Counts changes, from 1, which is what is usual.
    pub version: u32,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Why something about sessions is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The person has no such session.
    #[error("there is no session {0}")]
    NotFound(SessionId),
    /// Somebody changed the rules since.
    #[error("the rules have version {current}, not {expected}")]
    VersionMismatch {
        /// The version there is.
        current: u32,
        /// The version that If-Match names.
        expected: u32,
    },
}

/// What is wrong with rules that can never be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// More sessions than one person may have in any shop.
    #[error("a person has {OPEN_MAX} sessions at most")]
    TooMany,
    /// Nobody could log in on anything.
    #[error("some kind of device must be let in")]
    Nobody,
    /// A session that is over before its next request, or one that outlives what anybody expects of it.
    #[error("the idle time is a minute to 90 days")]
    Idle,
    /// A session that ends before it is idle, or never.
    #[error("the whole time is at least the idle time, and 366 days at most")]
    Absolute,
    /// Not a part of the idle time.
    #[error("a session is renewed below 1 to 100 hundredths of its idle time")]
    Renewal,
}

/// The shortest and the longest idle time, in milliseconds.
pub const IDLE_MS: std::ops::RangeInclusive<i64> = 60_000..=90 * 86_400_000;
/// The longest time that a session lives, in milliseconds.
pub const ABSOLUTE_MS_MAX: i64 = 366 * 86_400_000;

impl Session {
    /// Whether it is over already, for whatever reason, where its person is in this epoch.
    pub fn is_over(&self, epoch: u32, at: Timestamp) -> bool {
        self.ended.is_some() || self.opened_in != epoch || at >= self.idle_until || at >= self.ends_at
    }
}

impl Policy {
    /// What is usual where the shop says nothing.
    pub const fn usual(tenant: TenantId, kind: Kind) -> Self {
        let rules = match kind {
            Kind::Member | Kind::Guest => Rules::MEMBERS,
            Kind::Staff => Rules::STAFF,
        };
        Self { tenant, kind, rules, version: 1, changed_at: Timestamp(0) }
    }
}

impl Rules {
    /// Refuses rules by which nobody could be let in, or nobody ever put out.
    pub fn check(&self) -> Result<(), Unfit> {
        let most = self.open_max.iter().copied().max().unwrap_or_default();
        if most as usize > OPEN_MAX {
            return Err(Unfit::TooMany);
        }
        if most == 0 {
            return Err(Unfit::Nobody);
        }
        if !IDLE_MS.contains(&self.idle_ms) {
            return Err(Unfit::Idle);
        }
        if self.absolute_ms < self.idle_ms || self.absolute_ms > ABSOLUTE_MS_MAX {
            return Err(Unfit::Absolute);
        }
        match self.renewal {
            Renewal::Below(0 | 101..) => Err(Unfit::Renewal),
            _ => Ok(()),
        }
    }
}

/// As the audit log has them.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (device, most) in Device::ALL.iter().zip(self.open_max) {
            write!(f, "{} {most} ", device.name())?;
        }
        write!(f, "{} idle {}s absolute {}s ", self.when_full.name(), self.idle_ms / 1_000, self.absolute_ms / 1_000)?;
        match self.renewal {
            Renewal::EveryRequest => f.write_str("renewed by every request"),
            Renewal::Writes => f.write_str("renewed by writes"),
            Renewal::Below(hundredths) => write!(f, "renewed below {hundredths}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::WhenFull;

    #[test]
    fn rules_are_within_bounds() {
        let day = 86_400_000;
        let usual = Rules::MEMBERS;
        let table = [
            (usual, Ok(())),
            (Rules::STAFF, Ok(())),
            (Rules { open_max: [0, 0, 1], ..usual }, Ok(())),
            (Rules { open_max: [0; 3], ..usual }, Err(Unfit::Nobody)),
            (Rules { open_max: [1, 50, 1], ..usual }, Ok(())),
            (Rules { open_max: [1, 51, 1], ..usual }, Err(Unfit::TooMany)),
            (Rules { idle_ms: 60_000, absolute_ms: 60_000, ..usual }, Ok(())),
            (Rules { idle_ms: 59_999, ..usual }, Err(Unfit::Idle)),
            (Rules { idle_ms: 90 * day, ..usual }, Ok(())),
            (Rules { idle_ms: 90 * day + 1, absolute_ms: 100 * day, ..usual }, Err(Unfit::Idle)),
            (Rules { absolute_ms: usual.idle_ms - 1, ..usual }, Err(Unfit::Absolute)),
            (Rules { absolute_ms: 366 * day, ..usual }, Ok(())),
            (Rules { absolute_ms: 366 * day + 1, ..usual }, Err(Unfit::Absolute)),
            (Rules { renewal: Renewal::Below(1), ..usual }, Ok(())),
            (Rules { renewal: Renewal::Below(0), ..usual }, Err(Unfit::Renewal)),
            (Rules { renewal: Renewal::Below(101), ..usual }, Err(Unfit::Renewal)),
        ];
        for (rules, wanted) in table {
            assert_eq!(rules.check(), wanted, "{rules:?}");
        }
    }

    /// The audit log takes 200 characters, and so many are not reached by the longest.
    #[test]
    fn rules_are_told_in_one_line() {
        let longest = Rules {
            open_max: [u32::MAX; 3],
            when_full: WhenFull::ReplaceSameType,
            idle_ms: i64::MAX,
            absolute_ms: i64::MAX,
            renewal: Renewal::EveryRequest,
        };
        assert!(longest.to_string().len() < 180, "{longest}");
        let told = "web 1 app 1 mini_program 1 replace_oldest idle 1800s absolute 43200s renewed below 50%";
        assert_eq!(Rules::STAFF.to_string(), told);
    }
}
