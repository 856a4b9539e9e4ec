//! Owns what is written when a handler has ended, and what its client is told. What could not be written is asked again; it
//! is never taken back.

use std::time::Duration;

use axum::response::Response;
use tokio::time::{Instant, sleep};

use super::answer::{self, Status};
use super::attempt::{Said, outcome_pending, panicked};
use super::execution::{End, Execution, Ran, at_once};
use super::refusal::Refusal;
use super::service::Handler;
use super::waiting::jittered;
use crate::protocol::{Error, Released, Written};
use crate::{Answer, problem};

/// The pause before a write is asked again for the first time; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A write at the end of an execution.
#[derive(Clone, Copy)]
enum Write<'a> {
    Complete(&'a Answer),
    Release,
    Doubt,
}

/// What stands under the key after the write.
enum Stands {
    /// What was written.
    Written,
    /// This answer, whoever wrote it.
    Answer(Answer),
    /// The record is somebody else's.
    Lost,
}

impl<S: Handler> Execution<S> {
    /// An at-most-once route: the layer writes what the handler said.
    pub(super) async fn end_at_most_once(mut self, ran: Ran<S::Error>) {
        match ran {
            Ran::Answered { response, end: End::Keep(answer) } => match self.insist(Write::Complete(&answer)).await {
                Some(Stands::Written) => self.answer(response, Status::Executed),
                Some(Stands::Answer(kept)) => self.answer(answer::replay(&kept), Status::Executed),
                Some(Stands::Lost) => {
                    tracing::error!(name = ?self.lease.name, "a handler ended after its doubt was settled otherwise");
                    self.refuse(&outcome_pending());
                }
                None => self.refuse(&outcome_pending()),
            },
            Ran::Answered { response, end: End::Release } => match self.insist(Write::Release).await {
                Some(Stands::Answer(kept)) => self.answer(answer::replay(&kept), Status::Executed),
                Some(Stands::Written | Stands::Lost) | None => self.answer(response, Status::NotKept),
            },
            // A claim of an at-most-once route completes nothing, so the answer came from a handler of another route.
            Ran::Answered { response, end: End::Doubt | End::Completed(_) } => {
                self.insist(Write::Doubt).await;
                self.answer(response, Status::Unknown);
            }
            Ran::Failed(error) => {
                self.insist(Write::Doubt).await;
                self.teller.say(Said::Answered(Err(error)));
            }
            Ran::Panicked => {
                tracing::error!(name = ?self.lease.name, route = %self.site.route, "a handler panicked");
                self.insist(Write::Doubt).await;
                self.refuse(&panicked());
            }
        }
    }

    /// A transactional route: the handler's transaction has written the answer, or it has not, whatever the handler says
    /// (F-05).
    pub(super) async fn end_transactional(mut self, ran: Ran<S::Error>) {
        let stands = self.insist(Write::Release).await;
        match (stands, ran) {
            (Some(Stands::Answer(kept)), Ran::Answered { response, end: End::Completed(returned) }) => {
                self.answer(self.as_kept(response, &returned, &kept), Status::Executed);
            }
            (Some(Stands::Answer(kept)), _) => self.answer(answer::replay(&kept), Status::Executed),
            (Some(Stands::Written), Ran::Answered { end: End::Completed(_), .. }) => {
                tracing::error!(
                    route = %self.site.route,
                    name = ?self.lease.name,
                    "a handler returned what Claim::complete gave it, but did not commit the transaction"
                );
                let detail = "the request was worked on, but nothing was committed; nothing was done";
                self.refuse(&Refusal::new(&problem::INTERNAL_ERROR, detail));
            }
            (Some(Stands::Written), Ran::Answered { response, .. }) => {
                if response.status().is_success() {
                    tracing::warn!(
                        route = %self.site.route,
                        "a handler of a transactional route succeeded without Claim::complete: a repetition is executed"
                    );
                }
                self.answer(response, Status::NotKept);
            }
            (Some(Stands::Written), Ran::Failed(error)) => self.teller.say(Said::Answered(Err(error))),
            (Some(Stands::Written), Ran::Panicked) => {
                tracing::error!(name = ?self.lease.name, route = %self.site.route, "a handler panicked");
                self.refuse(&panicked());
            }
            (Some(Stands::Lost), _) => {
                let refusal = self.site.in_flight();
                self.refuse(&refusal);
            }
            (None, _) => self.refuse(&outcome_pending()),
        }
    }

    /// What stands is what every client is told: the first gets no more of a response that was changed behind
    /// `Claim::complete` than what is its own alone.
    fn as_kept(&self, response: Response, returned: &Answer, kept: &Answer) -> Response {
        if returned == kept {
            return response;
        }
        tracing::warn!(route = %self.site.route, "a response was changed behind Claim::complete; it is sent as it is kept");
        answer::replay_to_the_first(kept, response)
    }

    fn answer(&mut self, mut response: Response, status: Status) {
        answer::mark(&mut response, status, self.lease.guarantee);
        self.teller.say(Said::Answered(Ok(response)));
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.teller.say(Said::Refused(refusal.clone()));
    }

    /// Writes until it stands, or until the lease is over, when others look after the record (F-07). The client is told after
    /// the second failure that the outcome is not known yet.
    async fn insist(&mut self, write: Write<'_>) -> Option<Stands> {
        let deadline = Instant::now() + self.lease.length;
        let mut pause = PAUSE_MIN;
        let mut failures = 0_u32;
        loop {
            let error = match self.written_or_late(write).await {
                Ok(stands) => return Some(stands),
                Err(error) => error,
            };
            failures += 1;
            if failures == 1 {
                tracing::warn!(name = ?self.lease.name, %error, "the end of a request could not be written yet");
            } else {
                self.refuse(&outcome_pending());
            }
            if Instant::now() + pause >= deadline {
                tracing::error!(name = ?self.lease.name, %error, "the end of a request could not be written");
                return None;
            }
            sleep(jittered(pause)).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    /// Writes once. A write that hangs is not dropped, as it may stand; its client does not wait for it.
    async fn written_or_late(&mut self, write: Write<'_>) -> Result<Stands, Error> {
        let Self { site, lease, teller, .. } = self;
        let patience = site.house.settings.store_timeout;
        let mut writing = std::pin::pin!(async {
            let store = &site.house.store;
            match write {
                Write::Complete(answer) => match store.complete(lease, answer).await? {
                    Written::Done => Ok(Stands::Written),
                    // Also where the reply to an earlier attempt was lost. A lease that is lost is asked for by giving it
                    // back: the fence tells its own answer from that of another request under the key.
                    Written::Lost => match store.release(lease).await? {
                        Released::Answered(kept) if kept == *answer => Ok(Stands::Written),
                        Released::Answered(kept) => Ok(Stands::Answer(kept)),
                        Released::Free | Released::Lost => Ok(Stands::Lost),
                    },
                },
                Write::Release => match store.release(lease).await? {
                    Released::Free => Ok(Stands::Written),
                    Released::Answered(kept) => Ok(Stands::Answer(kept)),
                    Released::Lost => Ok(Stands::Lost),
                },
                Write::Doubt => match store.doubt(lease).await? {
                    Written::Done => Ok(Stands::Written),
                    Written::Lost => Ok(Stands::Lost),
                },
            }
        });
        if let Some(written) = at_once(&mut writing).await {
            return written;
        }
        tokio::select! {
            biased;
            written = &mut writing => return written,
            () = sleep(patience) => {}
        }
        teller.say(Said::Refused(outcome_pending()));
        writing.await
    }
}
