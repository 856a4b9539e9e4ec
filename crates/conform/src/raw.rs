//! Owns requests as bytes, for what no client lets through, and reading what comes back over HTTP/1.1.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::Call;
use crate::client::{ANSWER_BYTES_MAX, Lost};

/// Sends the request and reads until the service closes the connection, as it is asked to.
pub(crate) async fn exchange(url: &str, call: &Call, timeout: Duration) -> Result<Answer, Lost> {
    let authority = url.strip_prefix("http://").ok_or(Lost::Unsendable)?.trim_end_matches('/');
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let exchanged = async {
        let stream = TcpStream::connect(&address).await.map_err(|_| Lost::NotThere)?;
        let (reader, mut writer) = stream.into_split();
        let bytes = written(authority, call);
        let writing = async {
            // A service that answers early may close before everything is sent; what it said counts.
            let _sent = writer.write_all(&bytes).await;
            std::future::pending::<()>().await;
        };
        let mut text = Vec::new();
        let mut limited = reader.take(ANSWER_BYTES_MAX as u64 + 65_536);
        tokio::select! {
            _read = limited.read_to_end(&mut text) => {}
            () = writing => {}
        }
        parse(&text).ok_or(Lost::Cut)
    };
    tokio::time::timeout(timeout, exchanged).await.map_err(|_| Lost::TimedOut)?
}

fn written(authority: &str, call: &Call) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\nHost: {authority}\r\n", call.method, call.target).into_bytes();
    for (name, value) in &call.headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\nConnection: close\r\n\r\n", call.body.len()).as_bytes());
    bytes.extend_from_slice(&call.body);
    bytes
}

/// An answer of HTTP/1.1 that ended with its connection; nothing where it is none, or not whole.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = bytes.get(..end)?;
    let rest = bytes.get(end + 4..)?;
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let status = std::str::from_utf8(lines.next()?).ok()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
        headers.append(name, HeaderValue::from_bytes(line.get(colon + 1..)?.trim_ascii()).ok()?);
    }
    let is_chunked = headers.get(header::TRANSFER_ENCODING).is_some_and(|value| value == "chunked");
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let body = match length {
        _ if is_chunked => Bytes::from(joined(rest)?),
        Some(length) => Bytes::copy_from_slice(rest.get(..length)?),
        None => Bytes::copy_from_slice(rest),
    };
    Some(Answer { status, headers, body, done_at: Instant::now() })
}

/// The chunks of a body as one.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let from = end + 2;
        body.extend_from_slice(rest.get(from..from.checked_add(size)?)?);
        rest = rest.get(from + size + 2..)?;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_both_framings() {
        for (text, body) in [
            ("HTTP/1.1 201 Created\r\nLink: a\r\nlink: b\r\nContent-Length: 3\r\n\r\nabc", Some("abc")),
            (
                "HTTP/1.1 201 Created\r\nlink: a\r\nlink: b\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n",
                Some("abc"),
            ),
            ("HTTP/1.0 201 Created\r\nlink: a\r\nlink: b\r\n\r\nabc", Some("abc")),
            ("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nabc", None),
            ("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", None),
            ("HTTP/1.1 201 Created\r\n", None),
            ("", None),
        ] {
            let answer = parse(text.as_bytes());
            assert_eq!(answer.as_ref().map(|answer| answer.body.as_ref()), body.map(str::as_bytes), "{text:?}");
            if let Some(answer) = answer {
                assert_eq!((answer.status, answer.headers.get_all("link").iter().count()), (201, 2), "{text:?}");
            }
        }
    }
}
