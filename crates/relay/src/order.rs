//! Owns the messages of one payment: performed one after the other, each on the payment as those before it left it, and
//! none under a lease that is gone.

use std::panic::AssertUnwindSafe;

use domain::Payment;
use futures_util::FutureExt as _;
use store::{Due, Later, Lease};

use crate::Relay;
use crate::clock::Moment;
use crate::courier::Performed;
use crate::desk::NotTaken;
use crate::lanes::SURE_FOR;

/// Where an answer could not be handed in.
const AGAIN_PAUSE_MS: i64 = 2_000;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is done, or not wanted any more.
    Done,
    /// It is put off.
    Later(Later),
    /// It was not sent, and stays as it is.
    Untouched,
}

/// Messages of one payment, as they were fetched.
pub(crate) struct Queue {
    pub(crate) messages: Vec<Due>,
    pub(crate) payment: Option<Payment>,
    /// Of their lane.
    pub(crate) lease: Lease,
    /// When both were certainly so.
    pub(crate) as_of: Moment,
}

impl Relay {
    /// Performs them; all of them come back.
    pub(crate) async fn in_order(self, queue: Queue) -> Vec<(Due, Ending)> {
        let Queue { messages, mut payment, lease, mut as_of } = queue;
        let mut ended = Vec::with_capacity(messages.len());
        let mut messages = messages.into_iter();
        for due in messages.by_ref() {
            // The call before may have taken long, and the machine may have slept.
            if as_of.elapsed(&self) > SURE_FOR {
                as_of = Moment::now(&self);
                payment = if self.is_held(&lease).await { self.payment_of(&due).await } else { None };
                // It may have slept over the question, too.
                if payment.is_none() || as_of.elapsed(&self) > self.options.lease / 3 {
                    ended.push((due, Ending::Untouched));
                    break;
                }
            }
            let Some(known) = &payment else {
                // A payment is never removed: a message without one is of a database that was put together by hand.
                ended.push((due, Ending::Done));
                continue;
            };
            let (ending, changed) = self.one(&due, known).await;
            ended.push((due, ending));
            if changed {
                payment = self.payment_of(&due).await;
                if payment.is_none() {
                    break;
                }
            }
        }
        // What was not reached stays as it is, and is fetched again.
        ended.extend(messages.map(|due| (due, Ending::Untouched)));
        ended
    }

    async fn is_held(&self, lease: &Lease) -> bool {
        match self.store.lane_is_held(lease).await {
            Ok(true) => true,
            Ok(false) => {
                tracing::warn!(lane = lease.lane, "a lane was taken over while its messages waited; they are not sent");
                false
            }
            Err(error) => {
                tracing::warn!(%error, lane = lease.lane, "nobody tells whose a lane is; its messages are not sent");
                false
            }
        }
    }

    async fn payment_of(&self, due: &Due) -> Option<Payment> {
        let read = self.store.payment(due.message.tenant, due.message.payment).await;
        read.inspect_err(|error| tracing::warn!(%error, "a payment could not be read; tried again")).ok().flatten()
    }

    /// Performs one message; tells whether the payment may be other than before.
    async fn one(&self, due: &Due, payment: &Payment) -> (Ending, bool) {
        // What breaks here is this message's, and not of those that wait behind it.
        if let Ok(ended) = AssertUnwindSafe(self.perform_and_tell(due, payment)).catch_unwind().await {
            return ended;
        }
        tracing::error!(message = due.id, "a message broke its task: this is a bug");
        (self.stuck(due, "it broke its task").await, true)
    }

    async fn perform_and_tell(&self, due: &Due, payment: &Payment) -> (Ending, bool) {
        match self.perform(due, payment).await {
            Performed::Done => (Ending::Done, false),
            Performed::Answer(action) => match self.hand_in(due, *action).await {
                Ok(()) => (Ending::Done, true),
                Err(NotTaken::Yet(error)) => {
                    tracing::warn!(
                        message = due.id,
                        error,
                        "an answer could not be handed in; its message is done again"
                    );
                    self.late(due, &error).await;
                    (self.later(due, AGAIN_PAUSE_MS, error), true)
                }
                Err(NotTaken::Ever(why)) => (self.stuck(due, &why).await, true),
            },
            Performed::Away => (Ending::Untouched, false),
            Performed::NotSent(why) => {
                self.late(due, &why).await;
                (Ending::Untouched, false)
            }
            Performed::Later(pause_ms, why) => {
                self.late(due, &why).await;
                // Not all at once: who was refused together comes apart.
                let part = i64::try_from((self.options.id)() & 0xff).unwrap_or(0);
                (self.later(due, pause_ms + pause_ms * part / 1024, why), false)
            }
            Performed::Stuck(why) => (self.stuck(due, &why).await, false),
        }
    }

    fn later(&self, due: &Due, pause_ms: i64, error: String) -> Ending {
        Ending::Later(Later { id: due.id, due_at: (self.options.now)().plus_ms(pause_ms), tries: due.tries, error })
    }
}
