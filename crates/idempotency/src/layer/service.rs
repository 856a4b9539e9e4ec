//! Owns the tower service: which requests are guarded, and what their clients wait for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Method;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tower::Service;
use tracing::Instrument as _;

use super::answer::{self, Status};
use super::attempt::{Said, Work, begun_here, outcome_pending, panicked, shutting_down};
use super::execution::caught;
use super::refusal::Refusal;
use super::waiting::Patience;
use super::{Duplicates, Site};
use crate::problem;

/// A service whose requests are applied at most once under each key.
#[derive(Clone)]
pub struct IdempotencyService<S> {
    site: Arc<Site>,
    inner: S,
}

/// What answers behind the layer. It can be called from another task, which outlives its client.
pub(super) trait Handler:
    Service<Request, Response: IntoResponse, Error: Send + 'static, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S> Handler for S where
    S: Service<Request, Response: IntoResponse, Error: Send + 'static, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S> IdempotencyService<S> {
    pub(super) const fn new(site: Arc<Site>, inner: S) -> Self {
        Self { site, inner }
    }
}

impl<S> Service<Request> for IdempotencyService<S>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready goes; its clone stays behind.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(self.site.clone().answer(inner, request))
    }
}

impl Site {
    async fn answer<S: Handler>(self: Arc<Self>, mut inner: S, request: Request) -> Result<Response, S::Error> {
        if request.method().is_safe() || self.is_of_another(request.method()) {
            return inner.call(request).await.map(IntoResponse::into_response);
        }
        match self.key(&request) {
            Ok(Some(_)) if self.house.is_closing() => Ok(self.refused(&shutting_down())),
            Ok(Some(key)) => match self.read(key, request).await {
                Ok(arrival) => self.keyed(inner, arrival).await,
                Err(refusal) => Ok(self.refused(&refusal)),
            },
            Ok(None) => self.keyless(inner, request).await,
            Err(refusal) => Ok(self.refused(&refusal)),
        }
    }

    /// Whether another layer guards this method: axum's `route_layer` wraps all that a route has so far, so one method's layer
    /// may stand around another's.
    fn is_of_another(&self, method: &Method) -> bool {
        let path = &self.route.path;
        *method != self.route.method
            && self.house.routes().iter().any(|route| route.method == *method && route.path == *path)
    }

    /// A request without a key runs to its end as well, where it has to wait: a handler that is cut off in a transaction may
    /// harm those that share its connections.
    async fn keyless<S: Handler>(&self, mut inner: S, request: Request) -> Result<Response, S::Error> {
        let (tell, mut told) = oneshot::channel();
        let run = async move {
            let _ = tell.send(inner.call(request).await.map(IntoResponse::into_response));
        };
        begun_here(self.house.tasks.track_future(caught(run.in_current_span()))).await;
        match timeout(self.route.policy.handler_timeout, &mut told).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                tracing::error!(route = %self.route, "a handler panicked");
                Ok(self.refused(&panicked()))
            }
            Err(_) => {
                tracing::warn!(route = %self.route, "a handler is over its time");
                Ok(self.refused(&outcome_pending()))
            }
        }
    }

    async fn keyed<S: Handler>(
        self: &Arc<Self>,
        inner: S,
        arrival: super::arrival::Arrival,
    ) -> Result<Response, S::Error> {
        let mut asked = arrival.asked;
        let mut work = Work { inner, request: arrival.request };
        let mut patience: Option<Patience> = None;
        loop {
            match self.attempt(&asked, work).await {
                Said::Answered(result) => return result,
                Said::Refused(refusal) => return Ok(self.refused(&refusal)),
                Said::Replay(kept) => {
                    let status = if patience.is_some() { Status::Attached } else { Status::Replayed };
                    let mut response = answer::replay(&kept);
                    answer::mark(&mut response, status, self.route.policy.guarantee);
                    return Ok(response);
                }
                Said::Attach { work: back, is_unguarded } => {
                    work = back;
                    asked.ran_unguarded |= is_unguarded;
                }
            }
            asked.was_begun = true;
            let Duplicates::Attach { wait } = self.route.policy.duplicates else {
                return Ok(self.refused(&self.in_flight()));
            };
            let patience = patience.get_or_insert_with(|| Patience::new(wait));
            if !patience.wait(&self.house.hub, &asked.request.name).await {
                return Ok(self.refused(&self.in_flight()));
            }
        }
    }

    /// The same request is running.
    pub(super) fn in_flight(&self) -> Refusal {
        let mut refusal =
            Refusal::new(&problem::REQUEST_IN_FLIGHT, "an earlier arrival of this request is still running");
        refusal.retry_after_s = self.retry_after_s();
        refusal
    }

    /// What the policy says instead of a problem's own time to come again.
    pub(super) fn retry_after_s(&self) -> Option<u64> {
        self.route.policy.retry_after.map(|after| after.as_secs().max(1))
    }

    /// A problem as a response.
    pub(super) fn refused(&self, refusal: &Refusal) -> Response {
        self.house.refused(refusal)
    }
}
