//! Owns one request before it is sent: anything that fits into HTTP, and some things that do not.

use bytes::Bytes;

use crate::subject::Subject;
use crate::wish::Wish;

/// The header of the key.
const KEY: &str = "Idempotency-Key";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    First,
    Second,
    /// Nobody that the service knows.
    Nobody,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// A path and a query.
    pub(crate) target: String,
    /// In order, also twice; the value is any bytes.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) is_http2: bool,
    /// Which of the addresses; they are taken in turn.
    pub(crate) node: usize,
    /// True: sent as bytes, by no client that would refuse it.
    pub(crate) is_raw: bool,
    strict: bool,
}

impl Call {
    pub(crate) fn new(subject: &Subject, caller: Caller, target: &str, wish: &Wish) -> Self {
        let profile = subject.profile();
        let headers = match caller {
            Caller::First => &profile.headers[..],
            Caller::Second => &profile.other_headers[..],
            Caller::Nobody => &[],
        };
        let mut call = Self {
            method: profile.method.clone(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: wish.body.clone(),
            is_http2: false,
            node: 0,
            is_raw: false,
            strict: profile.strict,
        };
        call = headers.iter().fold(call, |call, line| call.line(line));
        if call.body.is_empty() { call } else { call.header("Content-Type", &profile.content_type) }
    }

    /// A header as `Name: value`.
    pub(crate) fn line(self, line: &str) -> Self {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        self.header(name.trim(), value.trim())
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Under this key, in the form that the service asks for.
    pub(crate) fn key(self, key: &str) -> Self {
        if self.strict { self.key_line(format!("\"{key}\"")) } else { self.key_line(key) }
    }

    /// With these bytes where a key is looked for.
    pub(crate) fn key_line(self, value: impl AsRef<[u8]>) -> Self {
        self.header(KEY, value)
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(crate) const fn node(mut self, node: usize) -> Self {
        self.node = node;
        self
    }

    pub(crate) const fn http2(mut self) -> Self {
        self.is_http2 = true;
        self
    }

    pub(crate) const fn raw(mut self) -> Self {
        self.is_raw = true;
        self
    }
}
