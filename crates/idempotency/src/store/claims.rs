//! Owns how a request is decided on where records are read and written one after the other: what was read is written over
//! only while it still stands, and else is read again.

use super::kept::{Claim, Kept, Next, State, decide, lease, told};
use super::limits::check_name;
use crate::protocol::{Begun, Error, Lease, Name, Released, Request};

/// Each further round means that somebody else wrote in between, and most of what they write ends the matter.
const ROUNDS_MAX: usize = 16;

/// Records that others write too.
pub(super) trait Records {
    /// What stands under a name.
    fn read(&mut self, name: &Name) -> impl Future<Output = Result<Option<Kept>, Error>> + Send;

    /// Gives a record to a request if it is as it was read; its fence.
    fn claim(&mut self, request: &Request, claim: Claim) -> impl Future<Output = Result<Option<i64>, Error>> + Send;
}

/// Decides what a request is.
pub(super) async fn begin(records: &mut impl Records, request: &Request) -> Result<Begun, Error> {
    check_name(&request.name)?;
    for round in 0..ROUNDS_MAX {
        // Who wrote in between may be executing it by now.
        let kept = records.read(&request.name).await.map_err(|error| if round == 0 { error } else { busy(error) })?;
        match decide(kept, request)? {
            Next::Say(begun) => return Ok(begun),
            Next::Claim(claim) => {
                if let Some(fence) = records.claim(request, claim).await.map_err(busy)? {
                    return Ok(Begun::Execute(lease(request, fence)));
                }
            }
        }
    }
    Err(Error::Busy(format!("others wrote the record {ROUNDS_MAX} times while it was asked for")))
}

/// Looks only.
pub(super) async fn look(records: &mut impl Records, request: &Request) -> Result<Option<Begun>, Error> {
    check_name(&request.name)?;
    told(records.read(&request.name).await?, request)
}

/// A store that was looked at is there, and knows more than nothing.
fn busy(error: Error) -> Error {
    match error {
        Error::Unavailable(reason) => Error::Busy(reason),
        other => other,
    }
}

/// What became of a lease that could not be released.
pub(super) async fn not_released(records: &mut impl Records, lease: &Lease) -> Result<Released, Error> {
    match records.read(&lease.name).await?.filter(|kept| kept.fence == lease.fence) {
        Some(kept) if kept.state == State::Answered => Ok(Released::Answered(kept.into_answer()?)),
        // The reply to a release was lost, and it stands.
        Some(kept) if kept.state == State::Free => Ok(Released::Free),
        _ => Ok(Released::Lost),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::kept::{Claim, Kept};
    use super::{ROUNDS_MAX, Records, begin};
    use crate::protocol::{Error, Guarantee, Name, Request};
    use crate::{Fingerprint, Fingerprints, Key};

    /// Nothing stands there, and others are always first; after so many rounds it is away.
    struct Contested {
        rounds: usize,
        is_full: bool,
    }

    impl Records for Contested {
        async fn read(&mut self, _: &Name) -> Result<Option<Kept>, Error> {
            let away = || Error::Unavailable("away".to_owned());
            self.rounds = self.rounds.checked_sub(1).ok_or_else(away)?;
            Ok(None)
        }

        async fn claim(&mut self, _: &Request, _: Claim) -> Result<Option<i64>, Error> {
            if self.is_full { Err(Error::Unavailable("full".to_owned())) } else { Ok(None) }
        }
    }

    #[tokio::test]
    async fn a_store_that_was_looked_at_is_not_away() {
        let request = Request {
            name: Name::new("s", Key::from_stored("k")).expect("a short scope"),
            fingerprints: Fingerprints { current: Fingerprint { version: 1, digest: [0; 32] }, earlier: None },
            guarantee: Guarantee::AtMostOnce,
            lease: Duration::from_secs(1),
            retention: Duration::from_secs(1),
        };
        let ask = async |rounds, is_full| begin(&mut Contested { rounds, is_full }, &request).await;
        assert!(matches!(ask(0, false).await, Err(Error::Unavailable(_))));
        assert!(matches!(ask(1, false).await, Err(Error::Busy(_))), "somebody wrote it, and may execute");
        assert!(matches!(ask(ROUNDS_MAX, false).await, Err(Error::Busy(_))), "all rounds are lost");
        assert!(matches!(ask(1, true).await, Err(Error::Busy(_))), "it is full");
    }
}
