//! Owns one connection to a server: opened when it is first needed, opened again when it was lost.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;

use super::{Answer, Request, Target};

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum NoAnswer {
    /// No connection: the request was not sent.
    #[error("no connection to {url}: {reason}")]
    Unreachable {
        /// Where to.
        url: String,
        /// Why.
        reason: String,
    },
    /// The connection broke: the request may have been applied or not.
    #[error("the connection broke before the answer: {0}")]
    Lost(String),
    /// Time ran out: the request may have been applied or not.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
}

impl NoAnswer {
    /// A short stable name, to count by.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Lost(_) => "connection_lost",
            Self::TimedOut(_) => "timed_out",
        }
    }
}

/// One connection. It has no task of its own: whoever waits for an answer drives it, which spares a busy load
/// generator two switches of tasks for each request.
pub struct Connection {
    target: Arc<Target>,
    open: Option<Open>,
}

type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

struct Open {
    sender: http1::SendRequest<Full<Bytes>>,
    /// None when the connection has ended.
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    /// A handle; the connection is opened by the first request.
    pub const fn new(target: Arc<Target>) -> Self {
        Self { target, open: None }
    }

    /// Where it leads.
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Sends a request and waits for the whole answer.
    pub async fn send(&mut self, request: &Request, timeout: Duration) -> Result<Answer, NoAnswer> {
        // Dropped in the middle or ended with an error, the connection is not used again.
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Open::new(&self.target, timeout).await?,
        };
        let answer = tokio::time::timeout(timeout, open.exchange(request.to_http(&self.target)))
            .await
            .map_err(|_| NoAnswer::TimedOut(timeout))?
            .map_err(|error| NoAnswer::Lost(reason(&error)))?;
        if open.driver.is_some() && !open.sender.is_closed() {
            self.open = Some(open);
        }
        Ok(answer)
    }
}

impl Open {
    async fn new(target: &Target, timeout: Duration) -> Result<Self, NoAnswer> {
        let stream = connect(target, timeout).await?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| NoAnswer::Lost(reason(&error)))?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    async fn exchange(&mut self, request: http::Request<Full<Bytes>>) -> hyper::Result<Answer> {
        let Self { sender, driver } = self;
        let answer = async {
            sender.ready().await?;
            let (parts, body) = sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        let mut answer = pin!(answer);
        poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            // The driver writes what was queued above and hands over what was read, so the answer is asked again. A
            // driver that has ended is dropped: only that ends a request which it had not taken up.
            if let Some(running) = driver
                && running.as_mut().poll(context).is_ready()
            {
                *driver = None;
            }
            answer.as_mut().poll(context)
        })
        .await
    }
}

/// Opens a stream that sends small writes at once.
pub(super) async fn connect(target: &Target, timeout: Duration) -> Result<TcpStream, NoAnswer> {
    let unreachable = |reason: String| NoAnswer::Unreachable { url: target.url().to_owned(), reason };
    let stream = tokio::time::timeout(timeout, TcpStream::connect(target.address()))
        .await
        .map_err(|_| unreachable(format!("not within {} s", timeout.as_secs_f32())))?
        .map_err(|error| unreachable(error.to_string()))?;
    stream.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
    Ok(stream)
}

/// hyper's errors say the cause only in their source.
fn reason(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
