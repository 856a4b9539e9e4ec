//! Owns what a kept record means for a request. It knows no store: each reads its own form of [`Kept`], with the time
//! that is left by the store's own clock.

use crate::protocol::{Begun, Doubt, Error, Guarantee, Lease, Name, Request, Standing};
use crate::{Admission, Answer, CommandId, Fingerprint, Prior, admit};

/// How far a record is. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody's: it was released, or settled as not executed. What is left of it makes the next fence greater.
    Free = 0,
    Running = 1,
    Answered = 2,
    Unknown = 3,
}

/// A record, as it stands.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) state: State,
    pub(super) fence: i64,
    pub(super) guarantee: Guarantee,
    pub(super) fingerprint: Fingerprint,
    /// Whether the lease, or the retention, has ended.
    pub(super) ended: bool,
    /// Where there is one.
    pub(super) answer: Option<Answer>,
}

/// What is to be done about a request.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing is to be written.
    Say(Begun),
    /// The record is to be given to this request, if it is still as it was read.
    Claim(Claim),
}

/// A record that is to be given to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// State and fence of what is there by now, if anything is.
    pub(super) from: Option<(State, i64)>,
    /// What the record is to say it was asked for.
    pub(super) fingerprint: Fingerprint,
}

/// Decides what a request is by what stands under its key.
pub(super) fn decide(kept: Option<Kept>, request: &Request) -> Result<Next, Error> {
    let from = kept.as_ref().map(|kept| (kept.state, kept.fence));
    let fresh = Next::Claim(Claim { from, fingerprint: request.fingerprints.current });
    let Some(kept) = kept.filter(|kept| !kept.is_nothing()) else { return Ok(fresh) };
    // Arrivals have no names here: who lost the reply to a begin comes again, and waits for its own lease to end.
    let fingerprint = kept.fingerprint;
    let prior = Prior { command: None, fingerprint: &fingerprint };
    let begun = match admit(Some(prior), CommandId(0), &request.fingerprints) {
        Admission::Fresh => return Ok(fresh),
        Admission::KeyReused => Begun::KeyReused,
        Admission::Executed | Admission::Replay => match kept.standing(&request.name)? {
            Some(Standing::Answered(answer)) => Begun::Replay(answer),
            Some(Standing::Unknown(doubt)) => Begun::Unknown(doubt),
            Some(Standing::Running { overdue: false, .. }) => Begun::Attach,
            Some(Standing::Running { overdue: true, .. }) => {
                return Ok(Next::Claim(Claim { from, fingerprint }));
            }
            None => return Ok(fresh),
        },
    };
    Ok(Next::Say(begun))
}

/// What a request is told that may only look.
pub(super) fn told(kept: Option<Kept>, request: &Request) -> Result<Option<Begun>, Error> {
    Ok(match decide(kept, request)? {
        Next::Say(begun) => Some(begun),
        Next::Claim(_) => None,
    })
}

/// The lease that a request is given.
pub(super) fn lease(request: &Request, fence: i64) -> Lease {
    Lease {
        name: request.name.clone(),
        fence,
        guarantee: request.guarantee,
        length: request.lease,
        retention: request.retention,
    }
}

impl Kept {
    /// True if it counts as if it were not there.
    fn is_nothing(&self) -> bool {
        self.state == State::Free || (self.state == State::Answered && self.ended)
    }

    /// True if nobody knows what became of it.
    pub(super) fn is_unknown(&self) -> bool {
        let lease_ended = self.state == State::Running && self.ended && self.guarantee == Guarantee::AtMostOnce;
        self.state == State::Unknown || lease_ended
    }

    /// What stands there for whoever asks.
    pub(super) fn standing(self, name: &Name) -> Result<Option<Standing>, Error> {
        if self.is_nothing() {
            return Ok(None);
        }
        let fence = self.fence;
        if self.is_unknown() {
            return Ok(Some(Standing::Unknown(Doubt { name: name.clone(), fence })));
        }
        match self.state {
            State::Answered => Ok(Some(Standing::Answered(self.into_answer()?))),
            State::Free | State::Running | State::Unknown => Ok(Some(Standing::Running { fence, overdue: self.ended })),
        }
    }

    /// The answer that must be there.
    pub(super) fn into_answer(self) -> Result<Answer, Error> {
        self.answer.ok_or_else(|| Error::Broken("an answered record has no answer".to_owned()))
    }
}
