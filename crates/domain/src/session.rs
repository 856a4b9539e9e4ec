//! Owns sessions: on which device somebody is logged in, for how long, how many at a time, and why one is over.
//!
//! An end is told by its reason, as the users of such systems expect: who was replaced by a log-in elsewhere is told so, and
//! not that something has expired.

mod desk;
mod names;

use thiserror::Error;

use crate::access::{Proof, Role};
use crate::{PersonId, PrincipalId, SessionId, TenantId, Timestamp, person, tenant};

pub use desk::{ABSOLUTE_MS_MAX, IDLE_MS, Policy, Refusal, Session, Unfit};

/// The most sessions that one person has open at a time, whatever the shop allows: a bound on what is loaded.
pub const OPEN_MAX: usize = 50;
/// How long the answer to a refresh is given again, in milliseconds: longer than a client's last try behind a lost reply.
pub const REFRESH_AGAIN_MS: i64 = 60_000;

/// How long a proof is fresh, in milliseconds.
pub const PROOF_FRESH_MS: i64 = 15 * 60_000;

/// What kind of device somebody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    /// A browser.
    Web,
    /// An application of the shop's own.
    App,
    /// A program within another application.
    MiniProgram,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// They logged out there.
    LoggedOut,
    /// Somebody put them out: the staff, or they themselves from another device.
    Kicked,
    /// They logged in elsewhere, and the shop lets so many in at a time.
    Replaced,
    /// Its time was over.
    Expired,
    /// A refresh token came back that had been exchanged before: one of two who hold it is a thief, and both are out.
    Reused,
}

/// What a log-in does where the shop's number of sessions is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It is refused.
    Refuse,
    /// The sessions of the device's kind that are open longest end.
    #[default]
    ReplaceOldest,
    /// All sessions of the device's kind end.
    ReplaceSameType,
}

/// When a session's time begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// With each request.
    EveryRequest,
    /// With each request that changes something.
    Writes,
    /// With the first request for which less than so many hundredths of the time are left.
    Below(u8),
}

/// What a shop asks of the sessions of one kind of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many sessions a person has at a time on the web, in applications and in mini-programs; at most [`OPEN_MAX`] in all.
    pub open_max: [u32; 3],
    /// What a log-in beyond that does.
    pub when_full: WhenFull,
    /// How long a session lives without a request, in milliseconds.
    pub idle_ms: i64,
    /// How long it lives at all, in milliseconds.
    pub absolute_ms: i64,
    /// When the idle time begins anew.
    pub renewal: Renewal,
}

/// An open session as the rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub id: SessionId,
    /// On what.
    pub device: Device,
    /// Since when.
    pub opened_at: Timestamp,
}

/// Why a log-in is refused that was good otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("so many sessions are open on {} as this shop allows: log out on one of the devices first", .0.name())]
pub struct Full(pub Device);

/// What a session lacks for what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unproved {
    /// The person proved who they are too long ago.
    #[error("who you are was proved too long ago for this: prove it anew")]
    Stale,
    /// The person has no second factor.
    #[error("this needs a second factor, and the account has none: set one up")]
    OneFactor,
}

/// Everything that decides whether a session is good: the session's own row, its person's and its tenant's, read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Which.
    pub id: SessionId,
    /// Whose data.
    pub tenant: TenantId,
    /// Who acts.
    pub principal: PrincipalId,
    /// As others name them.
    pub person: PersonId,
    /// Which door they came through.
    pub kind: person::Kind,
    /// What they may do now.
    pub role: Role,
    /// The guests who they were: the one by whom the session was opened, then the last one, and those who bought
    /// something.
    pub guests: Vec<(PrincipalId, PersonId)>,
    /// On what.
    pub device: Device,
    /// Why the session is over, if it is.
    pub ended: Option<End>,
    /// Whether the person may come in.
    pub person_status: person::Status,
    /// Whether the tenant is open.
    pub tenant_status: tenant::Status,
    /// The person's epoch when the session was opened.
    pub opened_in: u32,
    /// The person's epoch now.
    pub epoch: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the person last proved who they are.
    pub proved_at: Timestamp,
    /// Whether they did so with two factors.
    pub two_factors: bool,
    /// When its idle time is over.
    pub idle_until: Timestamp,
    /// When it is over whatever happens.
    pub ends_at: Timestamp,
    /// Grows with every change of any of these rows: of two readings the one with the larger number is the later.
    pub version: i64,
}

/// What a refresh token asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It is exchanged for the one of the next generation.
    Next(u32),
    /// It was exchanged a moment ago, and its successor was not used: the reply was lost. The same is answered again.
    Again(u32),
    /// It was exchanged before.
    Reused,
    /// No such token was given out.
    Unknown,
}

impl Rules {
    /// For members, where the shop says nothing: two weeks from the last request, three months in all, five devices of a kind.
    pub const MEMBERS: Self = Self {
        open_max: [5, 5, 5],
        when_full: WhenFull::ReplaceOldest,
        idle_ms: 14 * 86_400_000,
        absolute_ms: 90 * 86_400_000,
        renewal: Renewal::Below(50),
    };
    /// For staff: half an hour from the last request, twelve hours in all, one device of a kind.
    pub const STAFF: Self = Self {
        open_max: [1, 1, 1],
        when_full: WhenFull::ReplaceOldest,
        idle_ms: 30 * 60_000,
        absolute_ms: 12 * 3_600_000,
        renewal: Renewal::Below(50),
    };

    /// Which sessions end when one more is opened on such a device; `open` are those of the person that are good.
    pub fn make_room(&self, open: &[Open], device: Device) -> Result<Vec<SessionId>, Full> {
        let place = Device::ALL.iter().position(|other| *other == device).unwrap_or_default();
        let most = (self.open_max[place] as usize).min(OPEN_MAX);
        let mut same: Vec<&Open> = open.iter().filter(|session| session.device == device).collect();
        same.sort_by_key(|session| (session.opened_at, session.id));
        let too_many = (same.len() + 1).saturating_sub(most.max(1));
        let ended = match self.when_full {
            _ if most == 0 => return Err(Full(device)),
            _ if too_many == 0 => 0,
            WhenFull::Refuse => return Err(Full(device)),
            WhenFull::ReplaceOldest => too_many,
            WhenFull::ReplaceSameType => same.len(),
        };
        let mut ended: Vec<SessionId> = same.into_iter().take(ended).map(|session| session.id).collect();
        // Whatever the shop allows for each kind: all together are bounded.
        let mut rest: Vec<&Open> = open.iter().filter(|session| !ended.contains(&session.id)).collect();
        rest.sort_by_key(|session| (session.opened_at, session.id));
        let over = (rest.len() + 1).saturating_sub(OPEN_MAX);
        ended.extend(rest.into_iter().take(over).map(|session| session.id));
        Ok(ended)
    }

    /// The end of the idle time behind a request, if it begins anew with it.
    pub fn renewed(&self, session: &Authority, now: Timestamp, is_write: bool) -> Option<Timestamp> {
        let left = session.idle_until.0.saturating_sub(now.0);
        let renews = match self.renewal {
            Renewal::EveryRequest => true,
            Renewal::Writes => is_write,
            Renewal::Below(hundredths) => left.saturating_mul(100) < self.idle_ms.saturating_mul(i64::from(hundredths)),
        };
        let until = now.plus_ms(self.idle_ms).min(session.ends_at);
        (renews && until > session.idle_until).then_some(until)
    }
}

impl Authority {
    /// Why the session is not good at this moment; nothing where it is.
    pub fn over(&self, now: Timestamp) -> Option<End> {
        if let Some(end) = self.ended {
            return Some(end);
        }
        let shut_out = self.person_status != person::Status::Active || self.tenant_status != tenant::Status::Active;
        if shut_out || self.opened_in != self.epoch {
            return Some(End::Kicked);
        }
        (now >= self.idle_until || now >= self.ends_at).then_some(End::Expired)
    }
}

impl Authority {
    /// Whether the person proved who they are as freshly as is asked. Of those who buy no more is asked than to log in.
    pub fn proves(&self, asked: Proof, now: Timestamp) -> Result<(), Unproved> {
        if asked == Proof::AtLogIn || self.kind != person::Kind::Staff {
            return Ok(());
        }
        if asked == Proof::TwoFactors && !self.two_factors {
            return Err(Unproved::OneFactor);
        }
        self.is_fresh(now)
    }

    /// When the person last proved who they are, in seconds since 1970, as a credential of the session says it.
    pub const fn proved_s(&self) -> i64 {
        self.proved_at.0.div_euclid(1_000)
    }

    /// The session as a credential speaks for it that was given when its person had proved so much: what they proved since, they
    /// proved to whoever holds a later one. Nothing where that is all that they proved.
    pub fn as_known_by(&self, proved_s: i64, two_factors: bool) -> Option<Self> {
        let proved_at = match () {
            // A proof with fewer factors is none of this.
            () if self.two_factors && !two_factors => Timestamp(0),
            () if proved_s < self.proved_s() => Timestamp(proved_s.saturating_mul(1_000)),
            () => return None,
        };
        Some(Self { proved_at, ..self.clone() })
    }

    /// Whether the person, whoever it is, proved who they are a moment ago.
    pub fn is_fresh(&self, now: Timestamp) -> Result<(), Unproved> {
        let is_fresh = now.0.saturating_sub(self.proved_at.0) <= PROOF_FRESH_MS;
        if is_fresh { Ok(()) } else { Err(Unproved::Stale) }
    }
}

impl Refresh {
    /// What the token of this generation asks for, where `current` is the last that was given out, at `rotated_at`.
    pub fn of(presented: u32, current: u32, rotated_at: Timestamp, now: Timestamp) -> Self {
        if presented == current {
            return Self::Next(current.saturating_add(1));
        }
        if presented > current {
            return Self::Unknown;
        }
        let is_last = presented.saturating_add(1) == current;
        let is_soon = now.0.saturating_sub(rotated_at.0) <= REFRESH_AGAIN_MS;
        if is_last && is_soon { Self::Again(current) } else { Self::Reused }
    }
}

#[cfg(test)]
mod tests;
