//! Owns the words for what never became a request: a head that is no HTTP, too long, or not sent to its end.
//!
//! hyper answers the first two by itself, without a body, and closes without a word on the third. Both happen below
//! any service, so the answer is given here, where the bytes pass.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::problem::Problem;
use crate::request_id::RequestId;

/// A socket that speaks HTTP/1.
pub(super) struct Wire {
    stream: TcpStream,
    first: FirstHead,
    /// An answer of ours in place of hyper's, and how much of it is sent.
    own: Option<(Vec<u8>, usize)>,
    /// The last write was cut short: the next one begins in the middle of an answer.
    is_amid: bool,
}

/// What became of the first head of a connection. Only where it never became a request is there anything to say: once
/// a service has seen one, the client gets its answer, or none.
#[derive(Clone, Default)]
pub(super) struct FirstHead(Arc<State>);

#[derive(Default)]
struct State {
    came: AtomicBool,
    is_late: AtomicBool,
}

impl FirstHead {
    /// A service sees a request.
    pub(super) fn came(&self) {
        self.0.came.store(true, Ordering::Relaxed);
    }

    /// The time for a head is over.
    pub(super) fn is_late(&self) {
        self.0.is_late.store(true, Ordering::Relaxed);
    }
}

impl Wire {
    pub(super) fn new(stream: TcpStream, first: FirstHead) -> Self {
        Self { stream, first, own: None, is_amid: false }
    }

    /// Sends what hyper wants to send, or our own answer in its place.
    fn send(
        &mut self,
        context: &mut Context<'_>,
        total: usize,
        first: &[u8],
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        // hyper's own answer is a head and nothing behind it: where there is more to send, it is somebody else's.
        if self.own.is_none() && !self.is_amid && first.len() == total {
            self.own = instead(first).map(|answer| (answer, 0));
        }
        if self.own.is_some() {
            ready!(self.send_own(context))?;
            self.own = None;
            return Poll::Ready(Ok(total));
        }
        let sent = ready!(write(Pin::new(&mut self.stream), context))?;
        self.is_amid = sent < total;
        Poll::Ready(Ok(sent))
    }

    fn send_own(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((answer, sent)) = &mut self.own else { return Poll::Ready(Ok(())) };
        while *sent < answer.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &answer[*sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => *sent += more,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// hyper gave the connection up while its first head was on its way: the client sent too slowly, or stopped.
impl Drop for Wire {
    fn drop(&mut self) {
        let State { came, is_late } = &*self.first.0;
        if is_late.load(Ordering::Relaxed) && !came.load(Ordering::Relaxed) {
            let late = Problem::new("request_timeout", "the head of the request did not arrive whole in time");
            // One try: whoever does not read it is not waited for.
            let _sent = self.stream.try_write(&whole(&late));
        }
    }
}

/// What to say where hyper says only a status.
fn instead(head: &[u8]) -> Option<Vec<u8>> {
    let (status, lines) = head.strip_prefix(b"HTTP/1.1 ")?.split_at_checked(3)?;
    let problem = match status {
        b"400" => Problem::new("request_malformed", "what was sent is not an HTTP/1.1 request"),
        b"431" => {
            Problem::new("headers_too_large", "a request has at most 64 headers, and 64 KiB of them and its path")
        }
        _ => return None,
    };
    is_bare(lines).then(|| whole(&problem))
}

/// Whether a head, behind its status, is one that hyper makes by itself: it has no body, ends the connection, and says nothing else.
/// Whatever a service answers, a page among it, has more to say and is sent as it is.
fn is_bare(lines: &[u8]) -> bool {
    let text = std::str::from_utf8(lines).ok().and_then(|text| text.strip_suffix("\r\n\r\n"));
    let Some((_reason, lines)) = text.and_then(|text| text.split_once("\r\n")) else { return false };
    let mut lines: Vec<_> = lines.split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
    lines.sort_unstable();
    lines == ["connection: close", "content-length: 0"]
}

/// A whole answer, the last one on its connection.
fn whole(problem: &Problem) -> Vec<u8> {
    let request_id = RequestId::made();
    let body = problem.body(request_id.as_str());
    let status = problem.status();
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    let lines = problem.headers().into_iter().map(|(name, value)| [name, ": ".to_owned(), value, "\r\n".to_owned()]);
    let headers = lines.collect::<Vec<_>>().concat().concat();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nx-request-id: {request_id}\r\n{headers}content-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.send(context, bytes.len(), bytes, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let total = slices.iter().map(|slice| slice.len()).sum();
        let first = slices.first().map_or(&[][..], |slice| slice);
        self.send(context, total, first, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::instead;

    #[test]
    fn hypers_own_answers_are_replaced_and_no_other() {
        let date = "date: Tue, 24 Nov 2026 00:00:00 GMT\r\n";
        let bare = format!("connection: close\r\ncontent-length: 0\r\n{date}\r\n");
        for (head, is_hypers) in [
            (format!("HTTP/1.1 400 Bad Request\r\n{bare}"), true),
            (format!("HTTP/1.1 431 Request Header Fields Too Large\r\n{bare}"), true),
            (format!("HTTP/1.1 404 Not Found\r\n{bare}"), false),
            // Of a service: with a body, on a connection that goes on, or with anything to say.
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\ncontent-length: 9\r\n{date}\r\n"), false),
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n{date}\r\n"), false),
            (format!("HTTP/1.1 400 Bad Request\r\nx-request-id: req_1\r\n{bare}"), false),
            (format!("HTTP/1.1 400 Bad Request\r\n{bare}<p>"), false),
            (format!("HTTP/1.1 400 Bad Request\r\n{date}transfer-encoding: chunked\r\n\r\n"), false),
            ("HTTP/1.1 400".to_owned(), false),
            ("HTTP/1.1 40".to_owned(), false),
        ] {
            assert_eq!(instead(head.as_bytes()).is_some(), is_hypers, "{head:?}");
        }
    }
}
