//! Owns the sockets: accepting, time-outs that a slow or silent client cannot outsit, and a shutdown that drains.

mod wire;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::routes::framing;
use crate::state::Socket;
use wire::{FirstHead, Wire};

/// What a client may do to a socket.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections are open at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long a request's head may take, from its first byte.
    pub head_timeout: Duration,
    /// How long a shutdown waits for what is running.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections_max: 10_000, head_timeout: Duration::from_secs(10), drain_timeout: Duration::from_secs(25) }
    }
}

/// A bound socket.
pub struct Listener(TcpListener);

impl Listener {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Serves until `stop`, then takes no new connection and lets the running requests end, within the limit.
pub async fn serve(listener: Listener, router: Router, limits: Limits, stop: CancellationToken) {
    let router = router.layer(from_fn(framing::closed_behind_chunks));
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let place = places.clone().acquire_owned();
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = async {
                let place = place.await;
                (listener.0.accept().await, place)
            } => accepted,
        };
        let (Ok((stream, peer)), Ok(place)) = accepted else {
            // Out of file descriptors, mostly: wait for some to come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let connection = Connection { stream, peer, router: router.clone(), limits };
        let watcher = graceful.watcher();
        let stop = stop.clone();
        tokio::spawn(async move {
            connection.run(watcher, stop).await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections were still busy when the time to drain was over");
    }
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
}

impl Connection {
    async fn run(self, watcher: hyper_util::server::graceful::Watcher, stop: CancellationToken) {
        let Self { stream, peer, router, limits } = self;
        if stream.set_nodelay(true).is_err() || !first_bytes(&stream, limits.head_timeout, &stop).await {
            return;
        }
        let first = FirstHead::default();
        let wire = Wire::new(stream, first.clone());
        let seen = first.clone();
        let service = router.map_request(move |mut request: hyper::Request<Incoming>| -> Request {
            seen.came();
            request.extensions_mut().insert(Socket(peer.ip()));
            // Hop-by-hop; nothing behind this point may depend on it.
            request.headers_mut().remove(CONNECTION);
            request.map(axum::body::Body::new)
        });
        let mut server = auto::Builder::new(TokioExecutor::new());
        server
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .keep_alive(true)
            .max_headers(64)
            .max_buf_size(64 << 10)
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(256)
            .max_header_list_size(16 << 10)
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .keep_alive_timeout(Duration::from_secs(20));
        let connection = server.serve_connection(TokioIo::new(wire), TowerToHyperService::new(service));
        // The socket lives as long as this: it says what is to be said when it is dropped.
        let mut exchange = pin!(watcher.watch(connection.into_owned()));
        if let Err(error) = exchange.as_mut().await {
            tracing::debug!(%error, "a connection broke off");
            if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_timeout) {
                first.is_late();
            }
        }
    }
}

/// Waits until it is clear which HTTP version the client speaks. hyper's own look at it has no time-out: a client
/// that sends nothing, or half a preface, would stay for ever.
async fn first_bytes(stream: &TcpStream, limit: Duration, stop: &CancellationToken) -> bool {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; PREFACE.len()];
    let look = async {
        loop {
            match stream.peek(&mut seen).await {
                Ok(0) | Err(_) => return false,
                Ok(count) if count == PREFACE.len() || seen[..count] != PREFACE[..count] => return true,
                Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        looked = tokio::time::timeout(limit, look) => looked.unwrap_or(false),
    }
}
