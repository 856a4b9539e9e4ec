//! Owns stores with one fault each, as somebody could write them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::protocol::{
    Begun, Doubt, Error, Finding, Guarantee, Lease, Name, Released, Request, Standing, Store, Written,
};
use crate::store::Memory;
use crate::{Answer, Fingerprint, Fingerprints, Key};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    CompleteWithoutFence,
    ReleaseWithoutFence,
    RenewSaysDone,
    AtMostOnceIsTakenOver,
    GuaranteeOfTheRequest,
    PurgesDoubts,
    PurgesMore,
    NoFingerprint,
    FingerprintOnlyOfAnswers,
    OnlyTodaysRecipe,
    ClockOfTheCaller,
    NotAtomic,
    ReleaseForgetsAnswers,
    ReleaseFreesDoubts,
    RetentionIsTheLease,
    SettlesWhatRuns,
    SettlesAnyFence,
    NewestDoubtFirst,
    LowerCaseKeys,
    TrimmedScopes,
    CutKeys,
    BodyEndsAtNul,
    HeadersAreAMap,
    HeadersAreAscii,
    LongAnswersAreCut,
    LongAnswersFreeTheKey,
    ZeroLeaseIsNone,
    EndlessLeaseIsAnOrphan,
    RenewPanics,
    LooksByBeginning,
}

/// A good store behind somebody who gets one thing wrong.
pub(super) struct Faulty {
    pub(super) fault: Fault,
    /// Whether this node's clock is an hour ahead.
    pub(super) ahead: bool,
    pub(super) store: Arc<Memory>,
}

const ANY: Fingerprint = Fingerprint { version: 1, digest: [0; 32] };

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn name(&self, name: &Name) -> Name {
        let (mut scope, mut key) = (name.scope().to_owned(), name.key().as_str().to_owned());
        match self.fault {
            Fault::LowerCaseKeys => key.make_ascii_lowercase(),
            Fault::TrimmedScopes => scope.truncate(scope.trim_end_matches(' ').len()),
            Fault::CutKeys => key.truncate(255),
            _ => {}
        }
        Name::new(&scope, Key::from_stored(&key)).expect("no longer than it was")
    }

    fn lease(&self, lease: &Lease) -> Lease {
        let mut lease = Lease { name: self.name(&lease.name), ..lease.clone() };
        if self.has(Fault::RetentionIsTheLease) {
            lease.retention = lease.length;
        }
        lease
    }

    async fn fence(&self, name: &Name) -> Option<i64> {
        match self.store.standing(name).await {
            Ok(Some(Standing::Running { fence, .. } | Standing::Unknown(Doubt { fence, .. }))) => Some(fence),
            _ => None,
        }
    }

    /// Makes what runs free, whoever has it.
    async fn orphan(&self, lease: &Lease) -> Result<(), Error> {
        let Some(fence) = self.fence(&lease.name).await else { return Ok(()) };
        self.store.release(&Lease { fence, ..lease.clone() }).await.map(drop)
    }

    fn kept(&self, answer: &Answer) -> Answer {
        let mut answer = answer.clone();
        match self.fault {
            Fault::BodyEndsAtNul => {
                let end = answer.body.iter().position(|byte| *byte == 0).unwrap_or(answer.body.len());
                answer.body.truncate(end);
            }
            Fault::HeadersAreAMap => {
                answer.headers.sort();
                answer.headers.dedup_by(|one, other| one.0 == other.0);
            }
            Fault::HeadersAreAscii => {
                for (_, value) in &mut answer.headers {
                    *value = value.chars().map(|octet| if octet.is_ascii() { octet } else { '?' }).collect();
                }
            }
            Fault::LongAnswersAreCut => answer.body.truncate(self.store.answer_bytes_max()),
            _ => {}
        }
        answer
    }

    fn request(&self, request: &Request) -> Request {
        let mut request = Request { name: self.name(&request.name), ..request.clone() };
        match self.fault {
            Fault::NoFingerprint => request.fingerprints = Fingerprints { current: ANY, earlier: None },
            Fault::OnlyTodaysRecipe => request.fingerprints.earlier = None,
            Fault::AtMostOnceIsTakenOver => request.guarantee = Guarantee::Transactional,
            Fault::ZeroLeaseIsNone if request.lease.is_zero() => request.lease = Duration::MAX,
            _ => {}
        }
        request
    }
}

#[async_trait]
impl Store for Faulty {
    async fn begin(&self, asked: &Request) -> Result<Begun, Error> {
        let request = self.request(asked);
        let as_lease = |fence| Lease {
            name: request.name.clone(),
            fence,
            guarantee: request.guarantee,
            length: request.lease,
            retention: request.retention,
        };
        if self.has(Fault::NotAtomic) && self.store.standing(&request.name).await?.is_none() {
            tokio::task::yield_now().await;
            self.orphan(&as_lease(0)).await?;
        }
        let too_old = self.has(Fault::ClockOfTheCaller) && self.ahead && request.lease < Duration::from_hours(1);
        if too_old || (self.has(Fault::EndlessLeaseIsAnOrphan) && request.lease == Duration::MAX) {
            self.orphan(&as_lease(0)).await?;
        }
        let begun = match self.store.begin(&request).await? {
            Begun::KeyReused if self.has(Fault::FingerprintOnlyOfAnswers) => {
                let answered = matches!(self.store.standing(&request.name).await?, Some(Standing::Answered(_)));
                if answered { Begun::KeyReused } else { Begun::Attach }
            }
            Begun::Unknown(_)
                if self.has(Fault::GuaranteeOfTheRequest) && request.guarantee == Guarantee::Transactional =>
            {
                self.orphan(&as_lease(0)).await?;
                self.store.begin(&request).await?
            }
            begun => begun,
        };
        Ok(match begun {
            Begun::Execute(lease) => {
                Begun::Execute(Lease { name: asked.name.clone(), guarantee: asked.guarantee, ..lease })
            }
            begun => begun,
        })
    }

    async fn look(&self, asked: &Request) -> Result<Option<Begun>, Error> {
        let request = self.request(asked);
        if self.has(Fault::LooksByBeginning) {
            return self.store.begin(&request).await.map(Some);
        }
        self.store.look(&request).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Written, Error> {
        let lease = self.lease(lease);
        assert!(!self.has(Fault::RenewPanics), "as planted");
        if self.has(Fault::RenewSaysDone) {
            return Ok(Written::Done);
        }
        self.store.renew(&lease).await
    }

    async fn complete(&self, lease: &Lease, answer: &Answer) -> Result<Written, Error> {
        let mut lease = self.lease(lease);
        if self.has(Fault::CompleteWithoutFence) {
            lease.fence = self.fence(&lease.name).await.unwrap_or(lease.fence);
        }
        let written = self.store.complete(&lease, &self.kept(answer)).await;
        if written.is_err() && self.has(Fault::LongAnswersFreeTheKey) {
            self.orphan(&lease).await?;
        }
        written
    }

    async fn release(&self, lease: &Lease) -> Result<Released, Error> {
        let mut lease = self.lease(lease);
        if self.has(Fault::ReleaseWithoutFence) {
            lease.fence = self.fence(&lease.name).await.unwrap_or(lease.fence);
        }
        if self.has(Fault::ReleaseFreesDoubts)
            && let Some(Standing::Unknown(doubt)) = self.store.standing(&lease.name).await?
        {
            self.store.settle(&doubt, &Finding::NotExecuted, lease.retention).await?;
            return Ok(Released::Free);
        }
        Ok(match self.store.release(&lease).await? {
            Released::Answered(_) if self.has(Fault::ReleaseForgetsAnswers) => Released::Lost,
            released => released,
        })
    }

    async fn doubt(&self, lease: &Lease) -> Result<Written, Error> {
        self.store.doubt(&self.lease(lease)).await
    }

    async fn settle(&self, doubt: &Doubt, finding: &Finding, retention: Duration) -> Result<Written, Error> {
        let mut doubt = Doubt { name: self.name(&doubt.name), fence: doubt.fence };
        if self.has(Fault::SettlesAnyFence) {
            doubt.fence = self.fence(&doubt.name).await.unwrap_or(doubt.fence);
        }
        if self.has(Fault::SettlesWhatRuns)
            && let Some(Standing::Running { fence, .. }) = self.store.standing(&doubt.name).await?
        {
            let guarantee = Guarantee::Transactional;
            let lease = Lease { name: doubt.name.clone(), fence, guarantee, length: retention, retention };
            self.store.doubt(&lease).await?;
        }
        let finding = match finding {
            Finding::Executed(answer) => Finding::Executed(self.kept(answer)),
            Finding::NotExecuted => Finding::NotExecuted,
        };
        self.store.settle(&doubt, &finding, retention).await
    }

    async fn standing(&self, name: &Name) -> Result<Option<Standing>, Error> {
        self.store.standing(&self.name(name)).await
    }

    async fn doubts(&self, limit: u32) -> Result<Vec<Doubt>, Error> {
        let mut doubts = self.store.doubts(limit).await?;
        if self.has(Fault::NewestDoubtFirst) {
            doubts.reverse();
        }
        Ok(doubts)
    }

    async fn purge(&self, limit: u32) -> Result<u64, Error> {
        if self.has(Fault::PurgesDoubts) {
            for doubt in self.store.doubts(1_000).await? {
                self.store.settle(&doubt, &Finding::NotExecuted, Duration::ZERO).await?;
            }
        }
        self.store.purge(if self.has(Fault::PurgesMore) { limit + 1 } else { limit }).await
    }

    fn answer_bytes_max(&self) -> usize {
        self.store.answer_bytes_max()
    }
}
