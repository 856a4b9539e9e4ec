//! Owns what a proxy does with a request whose node goes away without an answer: it asks anew where that can do no harm, and only
//! there. The nodes here are no servers of ours, which do not go away when a test would like it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::front::{Front, Kind};
use super::street::ask;

/// The place of the second node in both files.
const SECOND: &str = "10.20.0.8:8080";
const KEY: &str = "idempotency-key: k\r\n";
/// What is lost where it is asked for first.
const LOST: &str = "/lost";

/// Two that know of each other what they were asked.
#[derive(Clone, Default)]
struct Nodes {
    /// First lines, in order.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Nodes {
    /// One more, and where it is.
    async fn add(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("it is bound");
        let nodes = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(nodes.clone().answer(stream));
            }
        });
        here
    }

    /// Answers questions without a body until one is lost.
    async fn answer(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                let Ok(1..) = stream.read_line(&mut head).await else { return };
            }
            let first = head.lines().next().unwrap_or_default().to_owned();
            let is_lost = first.contains(LOST) && self.times(&first) == 0;
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(first.clone());
            let answer = match first.split(' ').nth(1) {
                Some("/livez") => "204 No Content\r\n",
                Some("/readyz") => "200 OK\r\ncontent-length: 0\r\n",
                _ => "201 Created\r\ncontent-length: 0\r\n",
            };
            let answer = format!("HTTP/1.1 {answer}\r\n");
            if is_lost || stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn times(&self, first: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|it| *it == first).count()
    }
}

/// The status of a request with these lines that is lost once, and how often the nodes were asked.
async fn lost(kind: Kind, method: &str, lines: &str) -> (u16, usize) {
    let nodes = Nodes::default();
    let (one, two) = (nodes.add().await, nodes.add().await);
    let (from, to) = match kind {
        Kind::Haproxy => (format!("# server two {SECOND}"), format!("server two {two}")),
        Kind::Nginx => (format!("# server {SECOND};"), format!("server {two};")),
    };
    let front = Front::changed(one, kind, &[(&from, &to)]).await;
    let first = format!("{method} {LOST} HTTP/1.1");
    let request = format!("{first}\r\nhost: a\r\n{lines}content-length: 0\r\nconnection: close\r\n\r\n");
    let said = ask(front.address(), &request).await;
    let status = said.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {said:?}, {}", front.said())), nodes.times(&first))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_asks_anew_what_reads_or_has_a_key() {
    for (method, lines, wanted) in
        [("GET", "", (201, 2)), ("POST", KEY, (201, 2)), ("POST", "", (502, 1)), ("PUT", "", (502, 1))]
    {
        assert_eq!(lost(Kind::Haproxy, method, lines).await, wanted, "{method} {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_asks_anew_no_post() {
    for (method, lines, wanted) in [("GET", "", (201, 2)), ("POST", KEY, (502, 1)), ("POST", "", (502, 1))] {
        assert_eq!(lost(Kind::Nginx, method, lines).await, wanted, "{method} {lines:?}");
    }
}
