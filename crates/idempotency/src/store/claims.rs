//! Owns how a request is decided on where records are read and written one after the other: what was read is written over
//! only while it still stands, and else is read again.

use super::kept::{Claim, Kept, Next, State, decide, lease};
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
    for _ in 0..ROUNDS_MAX {
        let kept = records.read(&request.name).await?;
        match decide(kept, request)? {
            Next::Say(begun) => return Ok(begun),
            Next::Claim(claim) => {
                if let Some(fence) = records.claim(request, claim).await? {
                    return Ok(Begun::Execute(lease(request, fence)));
                }
            }
        }
    }
    Err(Error::Unavailable(format!("others wrote the record {ROUNDS_MAX} times while it was asked for")))
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
