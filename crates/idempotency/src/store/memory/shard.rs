//! Owns the records of some names, and every step of their life. It is told the time, and who may be in it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::super::kept::{Kept, Next, State, decide, lease, told};
use super::super::limits::ABANDONED_AFTER;
use crate::protocol::{Begun, Doubt, Error, Finding, Guarantee, Lease, Name, Released, Request, Standing, Written};
use crate::{Answer, Fingerprint};

/// Some of the records.
#[derive(Debug, Default)]
pub(super) struct Shard {
    records: HashMap<Name, Record>,
    /// What will be purged, by when: answers whose retention has ended, and abandoned leases.
    ends: List,
    /// What is or will be in doubt: by when it began to be, or when the lease ends.
    doubtful: List,
    /// The last fence of all, so that the fence of a record grows also where nothing is kept of the one before, and no two
    /// records have one.
    fence: i64,
}

/// Names by a moment, and by their records' fences.
type List = BTreeMap<Place, Name>;
type Place = (Instant, i64);

#[derive(Debug)]
struct Record {
    fence: i64,
    guarantee: Guarantee,
    fingerprint: Fingerprint,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Running { until: Instant },
    Answered { until: Instant, answer: Answer },
    Unknown { since: Instant },
}

impl Shard {
    /// `moment` is the time as a fence, `room` whether one more may be kept: `None` where not.
    pub(super) fn begin(
        &mut self,
        request: &Request,
        (now, moment): (Instant, i64),
        room: impl FnOnce() -> bool,
    ) -> Result<Option<Begun>, Error> {
        let entry = self.records.entry(request.name.clone());
        let kept = if let Entry::Occupied(there) = &entry { Some(there.get().kept(now)) } else { None };
        let claim = match decide(kept, request)? {
            Next::Say(begun) => return Ok(Some(begun)),
            Next::Claim(claim) => claim,
        };
        if matches!(entry, Entry::Vacant(_)) && !room() {
            return Ok(None);
        }
        self.fence = moment.max(self.fence.saturating_add(1));
        let fence = self.fence;
        let stage = Stage::Running { until: end(now, request.lease) };
        let record = Record { fence, guarantee: request.guarantee, fingerprint: claim.fingerprint, stage };
        let (kind, place) = record.listed();
        let before = match entry {
            Entry::Occupied(mut there) => Some(there.insert(record).listed()),
            Entry::Vacant(free) => {
                free.insert(record);
                None
            }
        };
        if let Some((kind, place)) = before {
            self.list(kind).remove(&place);
        }
        self.list(kind).insert(place, request.name.clone());
        Ok(Some(Begun::Execute(lease(request, fence))))
    }

    pub(super) fn look(&self, request: &Request, now: Instant) -> Result<Option<Begun>, Error> {
        told(self.records.get(&request.name).map(|record| record.kept(now)), request)
    }

    pub(super) fn renew(&mut self, lease: &Lease, now: Instant) -> Written {
        let alive = |record: &Record| match record.stage {
            Stage::Running { until } => record.guarantee == Guarantee::Transactional || until > now,
            Stage::Answered { .. } | Stage::Unknown { .. } => false,
        };
        self.write(&lease.name, lease.fence, alive, Stage::Running { until: end(now, lease.length) })
    }

    pub(super) fn complete(&mut self, lease: &Lease, answer: &Answer, now: Instant) -> Written {
        let stage = Stage::Answered { until: end(now, lease.retention), answer: owned(answer) };
        self.write(&lease.name, lease.fence, |record| !matches!(record.stage, Stage::Answered { .. }), stage)
    }

    pub(super) fn doubt(&mut self, lease: &Lease, now: Instant) -> Written {
        let open = |record: &Record| !matches!(record.stage, Stage::Answered { .. });
        // A doubt that is told twice stays as old as it is.
        let since = match self.records.get(&lease.name).map(|record| &record.stage) {
            Some(Stage::Unknown { since }) => *since,
            _ => now,
        };
        self.write(&lease.name, lease.fence, open, Stage::Unknown { since })
    }

    pub(super) fn release(&mut self, lease: &Lease) -> Released {
        let Some(record) = self.records.get(&lease.name).filter(|record| record.fence == lease.fence) else {
            return Released::Lost;
        };
        match &record.stage {
            Stage::Answered { answer, .. } => Released::Answered(answer.clone()),
            Stage::Unknown { .. } => Released::Lost,
            Stage::Running { .. } => {
                self.remove(&lease.name);
                Released::Free
            }
        }
    }

    /// `kept` is now, and for how long an answer is kept.
    pub(super) fn settle(&mut self, doubt: &Doubt, finding: &Finding, kept: (Instant, Duration)) -> Written {
        let (now, retention) = kept;
        let doubted = |record: &Record| record.fence == doubt.fence && record.kept(now).is_unknown();
        if !self.records.get(&doubt.name).is_some_and(doubted) {
            return Written::Lost;
        }
        match finding {
            Finding::Executed(answer) => {
                let stage = Stage::Answered { until: end(now, retention), answer: owned(answer) };
                self.write(&doubt.name, doubt.fence, doubted, stage)
            }
            Finding::NotExecuted => {
                self.remove(&doubt.name);
                Written::Done
            }
        }
    }

    pub(super) fn standing(&self, name: &Name, now: Instant) -> Result<Option<Standing>, Error> {
        self.records.get(name).map_or(Ok(None), |record| record.kept(now).standing(name))
    }

    /// Doubts with when they began, the oldest first.
    pub(super) fn doubts(&self, limit: usize, now: Instant) -> Vec<(Instant, Doubt)> {
        let old = self.doubtful.iter().take_while(|((since, _), _)| *since <= now).take(limit);
        old.map(|((since, fence), name)| (*since, Doubt { name: name.clone(), fence: *fence })).collect()
    }

    /// Removes what has ended; how many it were.
    pub(super) fn purge(&mut self, limit: usize, now: Instant) -> usize {
        for purged in 0..limit {
            let Some(first) = self.ends.first_entry().filter(|first| first.key().0 <= now) else { return purged };
            self.records.remove(&first.remove());
        }
        limit
    }

    /// Moves a record that is still of this fence to another stage.
    fn write(&mut self, name: &Name, fence: i64, may: impl Fn(&Record) -> bool, stage: Stage) -> Written {
        let Some(record) = self.records.get_mut(name).filter(|record| record.fence == fence && may(record)) else {
            return Written::Lost;
        };
        let (before, at) = record.listed();
        record.stage = stage;
        let (after, until) = record.listed();
        if let Some(name) = self.list(before).remove(&at) {
            self.list(after).insert(until, name);
        }
        Written::Done
    }

    fn remove(&mut self, name: &Name) {
        let Some(record) = self.records.remove(name) else { return };
        let (kind, place) = record.listed();
        self.list(kind).remove(&place);
    }

    fn list(&mut self, kind: Kind) -> &mut List {
        match kind {
            Kind::Ends => &mut self.ends,
            Kind::Doubtful => &mut self.doubtful,
        }
    }
}

/// Which list a record is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ends,
    Doubtful,
}

impl Record {
    /// Where it is listed, and at which place.
    fn listed(&self) -> (Kind, Place) {
        let (kind, at) = match (&self.stage, self.guarantee) {
            (Stage::Answered { until, .. }, _) => (Kind::Ends, *until),
            (Stage::Unknown { since }, _) => (Kind::Doubtful, *since),
            (Stage::Running { until }, Guarantee::AtMostOnce) => (Kind::Doubtful, *until),
            (Stage::Running { until }, Guarantee::Transactional) => (Kind::Ends, *until + ABANDONED_AFTER),
        };
        (kind, (at, self.fence))
    }

    fn kept(&self, now: Instant) -> Kept {
        let (state, until, answer) = match &self.stage {
            Stage::Running { until } => (State::Running, *until, None),
            Stage::Answered { until, answer } => (State::Answered, *until, Some(answer.clone())),
            Stage::Unknown { since } => (State::Unknown, *since, None),
        };
        Kept {
            state,
            fence: self.fence,
            guarantee: self.guarantee,
            fingerprint: self.fingerprint,
            ended: until <= now,
            answer,
        }
    }
}

/// With a body of its own: the bytes that came may be a part of a buffer that is much longer.
fn owned(answer: &Answer) -> Answer {
    Answer { body: Bytes::copy_from_slice(&answer.body), ..answer.clone() }
}

/// A time that never comes is a century away.
fn end(now: Instant, length: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_hours(24 * 36_525);
    now + length.min(CENTURY)
}
