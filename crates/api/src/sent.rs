//! Owns a command that was sent to the engine: waiting for its answer, and noting it for those who look on, also where whoever asked
//! has gone away meanwhile.

use engine::{Answered, Refused, Ticket, Waiting};
use idempotency::Answer;

use crate::hooks::Seen;
use crate::problem::Problem;
use crate::state::{Api, failed, pending};
use crate::watch::Begun;

/// See the module.
pub(crate) struct Sent {
    api: Api,
    /// None once it was answered.
    ticket: Option<Ticket>,
    seen: Seen,
    /// None where nobody is told of it.
    begun: Option<Begun>,
    /// Whether its client went away, and this waits in its place.
    is_left: bool,
}

impl Sent {
    pub(crate) fn new(api: &Api, ticket: Ticket, seen: Seen, begun: Option<Begun>) -> Self {
        Self { api: api.clone(), ticket: Some(ticket), seen, begun, is_left: false }
    }

    /// The answer, and whether it was there before.
    pub(crate) async fn answered(mut self) -> Result<(Answer, bool), Problem> {
        let limit = self.api.settings().answer_wait;
        let Some(ticket) = &mut self.ticket else { return Err(pending()) };
        let answered = ticket.heard(limit).await;
        self.ticket = None;
        let answered = self.heard(answered);
        if let Some(begun) = self.begun.take() {
            self.api.watch().note(begun, &answered);
        }
        answered
    }

    fn heard(&self, answered: Result<Answered, Waiting>) -> Result<(Answer, bool), Problem> {
        let answered = answered.map_err(|waiting| match waiting {
            Waiting::InFlight => {
                Problem::new("request_in_flight", "an earlier arrival of this request is still running")
            }
            Waiting::Pending => pending(),
        })?;
        match answered {
            Answered::Executed(answer) => {
                self.api.hooks().note_answer(&self.seen, &answer);
                Ok((answer, false))
            }
            Answered::Replayed(answer) => {
                self.api.sightings().note_replay(&self.seen);
                Ok((answer, true))
            }
            Answered::KeyReused => {
                self.api.hooks().note(&self.seen, "idempotency_key_reused");
                Err(Problem::new("idempotency_key_reused", domain::Refusal::KeyReused.to_string()))
            }
            Answered::Failed(failure) => Err(failed(failure)),
        }
    }
}

/// A client that goes away cancels only its waiting: what became of its command is noted all the same, once.
impl Drop for Sent {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take().filter(|_| !self.is_left) else { return };
        let left = Self {
            api: self.api.clone(),
            ticket: Some(ticket),
            seen: self.seen.clone(),
            begun: self.begun.take(),
            is_left: true,
        };
        self.api.look_after(async move {
            let _nobody_hears = left.answered().await;
        });
    }
}

/// Why the engine takes a command in no more.
pub(crate) fn not_taken(refused: Refused) -> Problem {
    match refused {
        Refused::Full => Problem::new("overloaded", "too many commands wait; nothing was done"),
        Refused::Closed => Problem::new("shutting_down", "the server is shutting down; nothing was done"),
        Refused::Stopped => Problem::new("storage_unavailable", "the server cannot write; nothing was done"),
    }
}
