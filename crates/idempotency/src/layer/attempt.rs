//! Owns one look at the store for a request, and what follows of it. Where it has to wait it does so in a task of its own, so
//! that a claim is never taken by somebody who has left.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use super::answer::{self, Status};
use super::arrival::Asked;
use super::execution::{Execution, at_once, caught};
use super::refusal::Refusal;
use super::resolver::{Numbers, Resolution};
use super::service::Handler;
use super::{Outage, Site};
use crate::Answer;
use crate::problem;
use crate::protocol::{Begun, Doubt, Error, Finding, Lease};

/// A doubt that was settled is begun anew, and may be in doubt again; not for ever.
const LOOKS_MAX: u32 = 3;
/// All that is known of a request where nothing was looked up.
const EARLIER: &str = "this arrival began nothing, an earlier one may have been applied: ask again with the same key";

/// What is to be done, if it is to be done.
pub(super) struct Work<S> {
    pub(super) inner: S,
    pub(super) request: Request,
}

/// What came of a look.
pub(super) enum Said<S: Handler> {
    /// The handler ran for this arrival.
    Answered(Result<Response, S::Error>),
    /// It was done before.
    Replay(Answer),
    /// Somebody is doing it; here is the work back. It may run here without a record: then nobody will write its answer.
    Attach {
        work: Work<S>,
        is_unguarded: bool,
    },
    Refused(Refusal),
}

/// Who waits for what is said, until something was said.
pub(super) struct Teller<S: Handler>(Option<oneshot::Sender<Said<S>>>);

/// Decides, for a claim that comes late, between the client that was told that nothing is begun, and the handler.
#[derive(Clone, Default)]
struct Turn(Arc<AtomicU8>);

struct Attempt<S: Handler> {
    site: Arc<Site>,
    asked: Asked,
    turn: Turn,
    teller: Teller<S>,
}

/// Why a look told nothing.
enum Failed {
    /// The request is refused.
    Refuse(Error),
    /// It may only learn what became of it, and nothing did.
    NothingKept(Refusal),
    /// The store is away, and the request runs here.
    Beside { is_unguarded: bool },
    /// The store is away, and the request is executed without it.
    GoOn(String),
}

impl Turn {
    const REFUSED: u8 = 1;
    const TAKEN: u8 = 2;

    fn is_first(&self, wanted: u8) -> bool {
        let before = self.0.compare_exchange(0, wanted, Ordering::AcqRel, Ordering::Acquire);
        before.is_ok() || before == Err(wanted)
    }
}

impl<S: Handler> Teller<S> {
    /// Says it to the client, if it is still there and was told nothing yet.
    pub(super) fn say(&mut self, said: Said<S>) {
        if let Some(client) = self.0.take() {
            let _ = client.send(said);
        }
    }
}

impl Site {
    /// Looks once, and executes if the store says so.
    pub(super) async fn attempt<S: Handler>(self: &Arc<Self>, asked: &Asked, work: Work<S>) -> Said<S> {
        let (tell, mut told) = oneshot::channel();
        let turn = Turn::default();
        let attempt =
            Attempt { site: Arc::clone(self), asked: asked.clone(), turn: turn.clone(), teller: Teller(Some(tell)) };
        let attempt = caught(attempt.run(work).in_current_span());
        begun_here(self.house.tasks.track_future(attempt)).await;
        // Mostly it was said by now.
        match told.try_recv() {
            Ok(said) => return said,
            Err(TryRecvError::Closed) => return Said::Refused(outcome_pending()),
            Err(TryRecvError::Empty) => {}
        }
        let patience = sleep(self.house.settings.store_timeout);
        let said = tokio::select! {
            biased;
            said = &mut told => said,
            () = patience, if self.waits_for_the_store(asked) => {
                if turn.is_first(Turn::REFUSED) {
                    tracing::warn!(route = %self.route, "the store of keys is slow; a request was refused");
                    return Said::Refused(asked.began_nothing(store_unavailable()));
                }
                told.await
            }
        };
        // Only a task that was aborted, or a store or a resolver that panicked, says nothing.
        said.unwrap_or_else(|_| Said::Refused(outcome_pending()))
    }

    /// Nothing is executed without the store, so whoever asks waits for it.
    fn waits_for_the_store(&self, asked: &Asked) -> bool {
        self.route.policy.outage == Outage::Refuse || asked.unreadable.is_some()
    }

    /// Asks the store; where the policy is to execute without it, for a limited time.
    async fn begin(&self, asked: &Asked) -> Result<Begun, Failed> {
        if let Some(refusal) = &asked.unreadable {
            let told = self.house.store.look(&asked.request).await.map_err(Failed::Refuse)?;
            return told.ok_or_else(|| Failed::NothingKept(refusal.clone()));
        }
        if self.waits_for_the_store(asked) {
            return self.house.store.begin(&asked.request).await.map_err(Failed::Refuse);
        }
        let (store, request) = (Arc::clone(&self.house.store), Arc::clone(&asked.request));
        let mut late = self.house.tasks.spawn(async move { store.begin(&request).await });
        match timeout(self.house.settings.store_timeout, &mut late).await {
            Ok(Ok(Err(Error::Unavailable(reason)))) => Err(self.without_store(asked, reason)),
            Ok(Ok(begun)) => begun.map_err(Failed::Refuse),
            Ok(Err(_)) => Err(Failed::Refuse(Error::Broken("the store panicked".to_owned()))),
            Err(_) => {
                let failed = self.without_store(asked, "it did not answer in time".to_owned());
                let goes_on = matches!(failed, Failed::GoOn(_));
                let store = Arc::clone(&self.house.store);
                self.house.tasks.spawn(async move {
                    let Ok(Ok(Begun::Execute(lease))) = late.await else { return };
                    // A lease that comes after all is nobody's: what was executed meanwhile is not executed again.
                    let given_up =
                        if goes_on { store.doubt(&lease).await.err() } else { store.release(&lease).await.err() };
                    if let Some(error) = given_up {
                        tracing::warn!(name = ?lease.name, %error, "a lease that came too late stands");
                    }
                });
                Err(failed)
            }
        }
    }

    /// Decides about a request whose store is away: it is executed beside nobody who is known to have begun it.
    fn without_store(&self, asked: &Asked, reason: String) -> Failed {
        if asked.was_begun {
            return Failed::Refuse(Error::Unavailable(reason));
        }
        match self.house.hub.is_unguarded(&asked.request.name) {
            Some(is_unguarded) => Failed::Beside { is_unguarded },
            None => Failed::GoOn(reason),
        }
    }

    /// Ends a doubt with the resolver's proof; false where there is none.
    async fn resolve(&self, doubt: &Doubt) -> bool {
        let policy = &self.route.policy;
        let Some(resolver) = &policy.resolver else { return false };
        let numbers = Numbers::new(&self.house.settings.installation, &doubt.name);
        let finding = match timeout(policy.resolver_timeout, resolver.resolve(doubt, &numbers)).await {
            Ok(Resolution::Executed(answer)) => Finding::Executed(answer),
            Ok(Resolution::NotExecuted) => Finding::NotExecuted,
            Ok(Resolution::StillUnknown) | Err(_) => return false,
        };
        match self.house.store.settle(doubt, &finding, policy.retention).await {
            // Where another was first, the next look tells what it found.
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(name = ?doubt.name, %error, "a doubt was resolved, but it could not be written");
                false
            }
        }
    }
}

impl<S: Handler> Attempt<S> {
    async fn run(mut self, work: Work<S>) {
        // Looked at within the task, which a graceful end has either counted by now or forbidden.
        if self.site.house.closing.is_cancelled() {
            return self.teller.say(Said::Refused(self.asked.began_nothing(shutting_down())));
        }
        for _ in 0..LOOKS_MAX {
            let begun = self.site.begin(&self.asked).await;
            match begun {
                Ok(Begun::Execute(lease)) => return self.execute(lease, work).await,
                Ok(Begun::Attach) => return self.teller.say(Said::Attach { work, is_unguarded: false }),
                Err(Failed::Beside { is_unguarded }) => {
                    return self.teller.say(Said::Attach { work, is_unguarded });
                }
                Ok(Begun::Replay(answer)) => return self.teller.say(Said::Replay(answer)),
                Ok(Begun::KeyReused) => {
                    let refusal = Refusal::new(&problem::KEY_REUSED, "the key was used for another request");
                    return self.teller.say(Said::Refused(refusal));
                }
                Ok(Begun::Unknown(doubt)) => {
                    self.asked.was_begun = true;
                    // From here on the client waits for the resolver, not for the store.
                    if !(self.turn.is_first(Turn::TAKEN) && self.site.resolve(&doubt).await) {
                        break;
                    }
                }
                Err(Failed::GoOn(reason)) => return self.execute_unguarded(&reason, work).await,
                Err(Failed::NothingKept(refusal)) => return self.teller.say(Said::Refused(refusal)),
                Err(Failed::Refuse(error)) => {
                    tracing::warn!(route = %self.site.route, %error, "a request was refused");
                    return self.teller.say(Said::Refused(self.asked.began_nothing(store_unavailable())));
                }
            }
        }
        let mut refusal =
            Refusal::new(&problem::OUTCOME_UNKNOWN, "it is not known yet whether this request was executed");
        refusal.retry_after_s = self.site.retry_after_s();
        self.teller.say(Said::Refused(refusal));
    }

    async fn execute(self, lease: Lease, work: Work<S>) {
        let running = self.site.house.hub.enter(&lease.name).filter(|_| !self.asked.ran_unguarded);
        let Some(running) = running else { return self.unguarded_before(lease).await };
        if self.turn.is_first(Turn::TAKEN) {
            return Execution::new(self.site, (lease, running), self.teller).run(work).await;
        }
        // The client was told that this arrival began nothing, and it does not.
        if let Err(error) = self.site.house.store.release(&lease).await {
            tracing::warn!(name = ?lease.name, %error, "a lease that came too late could not be given back");
        }
    }

    /// The store is back, and the request runs without a record, or did so: it stays in doubt, as nobody will write its answer.
    async fn unguarded_before(mut self, lease: Lease) {
        self.teller.say(Said::Refused(outcome_pending()));
        if let Err(error) = self.site.house.store.doubt(&lease).await {
            tracing::warn!(name = ?lease.name, %error, "a lease of a request that runs without a record stands");
        }
    }

    async fn execute_unguarded(mut self, reason: &str, mut work: Work<S>) {
        let _running = match self.site.house.hub.enter_unguarded(&self.asked.request.name) {
            Ok(running) => running,
            Err(is_unguarded) => return self.teller.say(Said::Attach { work, is_unguarded }),
        };
        tracing::error!(route = %self.site.route, reason, "a request is executed without a record");
        let called = async move { work.inner.call(work.request).await.map(IntoResponse::into_response) };
        let mut handler = pin!(caught(called));
        let result = tokio::select! {
            biased;
            result = &mut handler => result,
            () = sleep(self.site.route.policy.handler_timeout) => {
                tracing::warn!(route = %self.site.route, "a handler is over its time");
                self.teller.say(Said::Refused(outcome_pending()));
                handler.await
            }
        };
        self.teller.say(Said::Answered(match result {
            Some(result) => result.map(|mut response| {
                answer::mark(&mut response, Status::Unguarded, self.site.route.policy.guarantee);
                response
            }),
            None => Ok(self.site.refused(&panicked())),
        }));
    }
}

impl Asked {
    /// What is said of an arrival that began nothing: where the request was begun before, that its outcome is open.
    fn began_nothing(&self, refusal: Refusal) -> Refusal {
        if self.was_begun { outcome_pending() } else { refusal }
    }
}

/// Takes the first steps of an attempt at once, which are all where neither store nor handler waits: a task and two changes
/// of threads cost more than they do. With the first wait it goes on in a task of its own. Nobody can leave in between.
pub(super) async fn begun_here(mut attempt: impl Future<Output = Option<()>> + Send + Unpin + 'static) {
    if at_once(&mut attempt).await.is_none() {
        tokio::spawn(attempt);
    }
}

/// A handler panicked.
pub(super) fn panicked() -> Refusal {
    Refusal::new(&problem::INTERNAL_ERROR, "the request could not be worked on")
}

/// What became of it cannot be said yet.
pub(super) fn outcome_pending() -> Refusal {
    Refusal::new(&problem::OUTCOME_PENDING, "it was begun, and it is not known yet what came of it")
}

/// Nothing is begun any more.
pub(super) fn shutting_down() -> Refusal {
    Refusal::new(&problem::SHUTTING_DOWN, format!("the server is shutting down; {EARLIER}"))
}

fn store_unavailable() -> Refusal {
    let detail = format!("it cannot be looked up at present whether this was done before; {EARLIER}");
    Refusal::new(&problem::STORE_UNAVAILABLE, detail)
}
