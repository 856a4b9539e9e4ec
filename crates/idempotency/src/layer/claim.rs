//! Owns what a handler knows of the claim that it runs under, and what it may say of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::answer::{self, Captured};
use super::refusal::Refusal;
use super::resolver::Numbers;
use super::{Fate, Guarantee, Site};
use crate::protocol::{self, CompleteIn, Lease, Written};
use crate::{Key, problem};

/// The claim that a handler runs under: an extractor, as `Option<Claim>` where the key is optional or the route is
/// executed without its store.
#[derive(Clone)]
pub struct Claim {
    held: Arc<Held>,
}

/// An answer that was written in the handler's transaction. The handler commits, and returns it.
#[derive(Debug)]
#[must_use = "the handler returns it, after its transaction was committed"]
pub struct Completed(Response);

/// An answer of a handler that has not begun its effect: nothing is kept, and the key is free, so that a corrected
/// request may be sent under it (B-04).
#[derive(Debug)]
pub struct NotStarted<R>(pub R);

/// Why an answer was not written. The handler rolls its transaction back.
#[derive(Debug, Error)]
pub enum NotCompleted {
    /// The handler was told to stop, or somebody has taken its place.
    #[error("the lease was lost: the transaction must be rolled back")]
    Lost,
    /// The answer is not one to be kept, by the route's policy.
    #[error("an answer with the status {0} is not final: the transaction must be rolled back")]
    NotFinal(u16),
    /// The layer keeps the answers of an at-most-once route itself.
    #[error("the route is not transactional: its handler returns its answer and completes nothing")]
    NotTransactional,
    /// The database did not take it.
    #[error("the answer was not written: {0}")]
    Store(#[source] protocol::Error),
}

/// A handler asked for a claim where there is none.
#[derive(Debug, Error)]
#[error("no layer guards this request, or it came without a key")]
pub struct NoClaim;

/// What a handler said with its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Completed,
    NotStarted,
}

struct Held {
    site: Arc<Site>,
    lease: Lease,
    lost: Lost,
    released: AtomicBool,
}

/// Whether the handler is to stop; with a token where it has asked for one.
#[derive(Default)]
struct Lost {
    is_so: AtomicBool,
    token: OnceLock<CancellationToken>,
}

impl Lost {
    fn tell(&self) {
        self.is_so.store(true, Ordering::SeqCst);
        if let Some(token) = self.token.get() {
            token.cancel();
        }
    }

    fn is_so(&self) -> bool {
        self.is_so.load(Ordering::SeqCst)
    }

    fn token(&self) -> CancellationToken {
        let token = self.token.get_or_init(CancellationToken::new);
        // Who told before there was a token did not find it.
        if self.is_so() {
            token.cancel();
        }
        token.clone()
    }
}

impl Claim {
    pub(super) fn new(site: &Arc<Site>, lease: &Lease) -> Self {
        let held = Held {
            site: Arc::clone(site),
            lease: lease.clone(),
            lost: Lost::default(),
            released: AtomicBool::new(false),
        };
        Self { held: Arc::new(held) }
    }

    /// Writes the answer in the handler's own transaction, which the handler commits afterwards: effect and answer stand
    /// or fall together. What is returned is the handler's response.
    ///
    /// An answer that is longer than the policy allows, or a stream, is kept without its body.
    pub async fn complete(
        &self,
        transaction: impl CompleteIn,
        response: impl IntoResponse,
    ) -> Result<Completed, NotCompleted> {
        let response = response.into_response();
        if self.held.lease.guarantee != Guarantee::Transactional {
            return Err(NotCompleted::NotTransactional);
        }
        if self.held.site.route.policy.fate_of(response.status()) != Fate::Keep {
            return Err(NotCompleted::NotFinal(response.status().as_u16()));
        }
        // F-10: who was told to stop commits nothing, also where nobody has come for its place yet.
        if self.held.lost.is_so() {
            return Err(NotCompleted::Lost);
        }
        let Captured { response, answer } = answer::capture(response, self.held.site.route.answer_bytes_max).await;
        match transaction.complete_in(&*self.held.site.house.store, &self.held.lease, &answer).await {
            Ok(Written::Done) => Ok(Completed(response)),
            Ok(Written::Lost) => Err(NotCompleted::Lost),
            Err(error) => Err(NotCompleted::Store(error)),
        }
    }

    /// Says that no effect began: nothing is kept whatever the handler answers. As [`NotStarted`], for a handler that
    /// knows it before it has its answer.
    pub fn release(&self) {
        self.held.released.store(true, Ordering::Release);
    }

    /// Is cancelled when the handler is to stop, because its lease is lost or its time is over (F-10).
    pub fn lost(&self) -> CancellationToken {
        self.held.lost.token()
    }

    /// 128 bits for one purpose of this request, as 32 hexadecimal characters: the same whenever it is sent. For a
    /// provider's idempotency key.
    pub fn derive(&self, purpose: &str) -> String {
        Numbers::new(&self.held.site.house.settings.installation, &self.held.lease.name).derive(purpose)
    }

    /// A number that is greater with each lease of this key. A resource that keeps the greatest it has seen can refuse what
    /// comes late.
    pub fn fence(&self) -> i64 {
        self.held.lease.fence
    }

    /// The key of the request.
    pub fn key(&self) -> &Key {
        self.held.lease.name.key()
    }

    /// The caller, as the policy's scope has named it.
    pub fn scope(&self) -> &str {
        self.held.lease.name.scope()
    }

    /// What the route promises.
    pub fn guarantee(&self) -> Guarantee {
        self.held.lease.guarantee
    }

    pub(super) fn stop(&self) {
        self.held.lost.tell();
    }

    pub(super) fn is_released(&self) -> bool {
        self.held.released.load(Ordering::Acquire)
    }
}

impl<S: Sync> FromRequestParts<S> for Claim {
    type Rejection = NoClaim;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoClaim> {
        parts.extensions.get::<Self>().cloned().ok_or(NoClaim)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Claim {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl IntoResponse for Completed {
    fn into_response(mut self) -> Response {
        self.0.extensions_mut().insert(Mark::Completed);
        self.0
    }
}

impl<R: IntoResponse> IntoResponse for NotStarted<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Mark::NotStarted);
        response
    }
}

/// For handlers that have no better words. Where the claim was lost, the layer says so itself.
impl IntoResponse for NotCompleted {
    fn into_response(self) -> Response {
        let kind = match self {
            Self::Lost => &problem::REQUEST_IN_FLIGHT,
            Self::Store(protocol::Error::Unavailable(_) | protocol::Error::Busy(_)) => &problem::STORE_UNAVAILABLE,
            Self::Store(_) => &problem::OUTCOME_PENDING,
            Self::NotFinal(_) | Self::NotTransactional => {
                tracing::error!(error = %self, "a handler used its claim wrongly");
                &problem::INTERNAL_ERROR
            }
        };
        Refusal::new(kind, "the request could not be completed under its key").response(None)
    }
}

impl IntoResponse for NoClaim {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "a handler has no claim");
        Refusal::new(&problem::INTERNAL_ERROR, "the route is not set up rightly; nothing was done").response(None)
    }
}
