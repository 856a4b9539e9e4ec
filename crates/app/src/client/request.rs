//! Owns a request before it is sent: method, path, key and JSON body, and its two spellings, for hyper and as raw bytes.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Uri};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Target;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// RFC 3986: everything but the unreserved characters is encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that can be sent any number of times, over any connection.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    path: Uri,
    key: Option<HeaderValue>,
    more: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Request {
    /// Reads.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path, Bytes::new())
    }

    /// Creates or replaces.
    pub fn put(path: &str, body: &impl Serialize) -> Self {
        Self::new(Method::PUT, path, json(body))
    }

    /// Changes something, under a key.
    pub fn post(path: &str, key: &str, body: &impl Serialize) -> Self {
        Self::post_bytes(path, key, json(body))
    }

    /// Changes something, under a key, with a body that is JSON already.
    pub fn post_bytes(path: &str, key: &str, body: Bytes) -> Self {
        let key = HeaderValue::from_str(key).expect("the commands make keys of visible ASCII");
        Self { key: Some(key), ..Self::new(Method::POST, path, body) }
    }

    /// Says something without a key, as a provider does.
    pub fn tell(path: &str, body: Bytes) -> Self {
        Self::new(Method::POST, path, body)
    }

    /// Takes something away.
    pub fn delete(path: &str) -> Self {
        Self::new(Method::DELETE, path, Bytes::new())
    }

    /// With one header more.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("the commands make headers of visible ASCII");
        self.more.push((HeaderName::from_static(name), value));
        self
    }

    fn new(method: Method, path: &str, body: Bytes) -> Self {
        let path = path.parse().expect("the commands encode what they put into a path");
        Self { method, path, key: None, more: Vec::new(), body }
    }

    /// As hyper sends it; the length of the body is written by hyper.
    pub(super) fn to_http(&self, target: &Target) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, target.authority.clone());
        if let Some(authorization) = &target.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(key) = &self.key {
            headers.insert(IDEMPOTENCY_KEY, key.clone());
        }
        headers.extend(self.more.iter().cloned());
        if !self.body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        request
    }

    /// The same request as bytes, and how many of them are the head.
    pub(super) fn to_bytes(&self, target: &Target) -> (Vec<u8>, usize) {
        let request = self.to_http(target);
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in request.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        let head = bytes.len();
        bytes.extend_from_slice(&self.body);
        (bytes, head)
    }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("the commands' bodies are plain data").into()
}

#[cfg(test)]
mod tests {
    use super::{Request, Target, segment};

    #[test]
    fn a_sku_is_one_segment() {
        assert_eq!(segment("BANK CHARGES"), "BANK%20CHARGES");
        assert_eq!(segment("gift_0001_20"), "gift_0001_20");
        assert_eq!(segment("a/b?c#d%"), "a%2Fb%3Fc%23d%25");
        assert_eq!(segment("茶"), "%E8%8C%B6");
    }

    #[test]
    fn the_raw_spelling_is_a_whole_request() {
        let target = Target::new("http://a:1", Some("mk_1")).expect("a good target");
        let (bytes, head) = Request::post("/x", "k1", &[1, 2]).to_bytes(&target);
        let text = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(
            &text[..head],
            "POST /x HTTP/1.1\r\nhost: a:1\r\nauthorization: Bearer mk_1\r\nidempotency-key: k1\r\n\
             content-type: application/json\r\ncontent-length: 5\r\n\r\n"
        );
        assert_eq!(&text[head..], "[1,2]");
    }
}
