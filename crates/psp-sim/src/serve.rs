//! Owns the socket: accepting, and closing a connection instead of answering where a fault wants it. It does not know
//! what is asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gate::Vanish;

/// More wait to be accepted.
const CONNECTIONS_MAX: usize = 10_000;
const HEAD_MAX: Duration = Duration::from_secs(10);

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer is given")]
struct Dropped;

/// Serves until it is stopped.
pub(crate) async fn serve(listener: TcpListener, router: Router, tracker: TaskTracker, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accept = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = accept => accepted,
        };
        let (Ok((stream, _)), Ok(place)) = accepted else {
            // Out of file descriptors, mostly: wait for some to come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tracker.spawn(async move {
            tokio::select! {
                () = connection(stream, router) => (),
                () = stop.cancelled() => (),
            }
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, router: Router) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answered = inner.call(request);
        async move {
            let response: Response = answered.await.unwrap_or_else(|never| match never {});
            if response.extensions().get::<Vanish>().is_some() { Err(Dropped) } else { Ok(response) }
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection broke off");
    }
}
