//! Owns a proxy with a server behind it, a client who tries to get more through than the proxy sees, and a neighbour who asks
//! through the same proxy all the while and must never get another's answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::front::{Front, Kind};
use super::server;
use crate::harness::{Folder, PATIENCE, Server, until};
use crate::smuggling::answers;

/// Stands for the number of a try, in as many digits.
pub(crate) const NUMBER: &str = "#####";

/// How often the neighbour asks between two tries. A proxy has few connections to the server, and these go over all.
const QUESTIONS: usize = 3;

/// One that is tried again and again.
pub(crate) struct Street {
    folder: Folder,
    server: Server,
    front: Front,
    neighbour: Neighbour,
    tries: usize,
    /// Whose orders were answered with 201.
    taken: BTreeSet<String>,
    /// The ids of the answers that came over each connection, by its own address and port. What a proxy answers of itself
    /// has none.
    answered: BTreeMap<String, Vec<Option<String>>>,
}

/// Somebody else at the same proxy.
struct Neighbour {
    stream: TcpStream,
    asked: usize,
}

impl Street {
    pub(crate) async fn open(kind: Kind, changes: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let server = server(&folder, "").await;
        server.admin.stock_up(100_000).await;
        let front = Front::changed(server.admin.address, kind, changes).await;
        let neighbour = Neighbour { stream: connected(front.address(), None).await, asked: 0 };
        let (taken, answered) = (BTreeSet::new(), BTreeMap::new());
        Self { folder, server, front, neighbour, tries: 0, taken, answered }
    }

    pub(crate) fn secret(&self) -> String {
        self.server.admin.secret.clone()
    }

    /// Sends these bytes over a connection of their own, with the number of this try in them, and gives what they were
    /// answered with.
    pub(crate) async fn pass(&mut self, request: &str) -> Vec<u16> {
        self.tries += 1;
        let number = format!("{:05}", self.tries);
        let mut stream = connected(self.front.address(), Some(source(self.tries))).await;
        let client = stream.local_addr().expect("it is connected").to_string();
        // HAProxy takes one of its old connections to the server for the second request of a client, and not for the first.
        question(&mut stream, &format!("w-{number}")).await;
        let said = exchange(stream, request.replace(NUMBER, &number)).await;
        let shown: String = request.chars().take(900).collect();
        let mut ids = vec![Some(format!("w-{number}"))];
        let mut statuses = Vec::new();
        // That a body may come is no answer yet.
        for answer in answers(&said).filter(|answer| !answer.starts_with("100 ")) {
            statuses.push(status(answer));
            let id = request_id(answer);
            let is_own = id.iter().all(|id| id.starts_with("req_") || id.ends_with(&number));
            assert!(is_own, "another's answer: {shown:?} got {said:?}");
            ids.push(id);
            if status(answer) == 201 {
                let customer = customer(answer);
                assert!(customer.ends_with(&number), "another's order: {shown:?} got {said:?}");
                self.taken.insert(customer);
            }
        }
        assert!(self.answered.insert(client, ids).is_none(), "each connection has an address of its own");
        for _ in 0..QUESTIONS {
            let answered = self.neighbour.ask(self.front.address()).await;
            assert!(answered.is_ok(), "behind {shown:?}, which got {said:?}, the neighbour got {answered:?}");
        }
        statuses
    }

    /// The orders that exist are those that were answered, and each answer was given to the request that the proxy saw.
    pub(crate) async fn close(self) {
        let Self { folder, server, front, taken, answered, .. } = self;
        let mut made = server.admin.orders().await;
        made.sort();
        assert_eq!(made, Vec::from_iter(taken), "the orders that exist, and those that were answered");
        until("the proxy has seen a request for each answer", async || {
            let seen = front.requests();
            // A line of the log may come behind the answer.
            answered.iter().all(|(client, ids)| seen.get(client).is_some_and(|requests| requests.len() >= ids.len()))
        })
        .await;
        let seen = front.requests();
        for (client, ids) in answered {
            for (id, request) in ids.iter().zip(&seen[&client]) {
                assert!(belongs(id.as_deref(), request), "the answer with {id:?} was given to {request:?}, in {ids:?}");
            }
        }
        server.stop().await;
        folder.check().await;
    }
}

/// Whether an answer with this id may be that to a request that a proxy has seen. Most requests name theirs in their target.
fn belongs(id: Option<&str>, request: &str) -> bool {
    let named = request.split_once('?').and_then(|(_, rest)| rest.split(' ').next()).filter(|name| name.contains('-'));
    match (id, named) {
        (Some(id), Some(named)) => id == named,
        // One that the server made up is that of a request without.
        (Some(id), None) => id.starts_with("req_"),
        (None, _) => true,
    }
}

impl Neighbour {
    async fn ask(&mut self, front: SocketAddr) -> Result<(), String> {
        self.asked += 1;
        let said = question(&mut self.stream, &format!("n-{}", self.asked)).await;
        let is_own =
            request_id(said.strip_prefix("HTTP/1.1 ").unwrap_or_default()) == Some(format!("n-{}", self.asked));
        if !said.starts_with("HTTP/1.1 204 ") || !is_own {
            return Err(said);
        }
        // A proxy ends a connection after very many requests, and says so.
        if said.to_lowercase().contains("\r\nconnection: close\r\n") {
            self.stream = connected(front, None).await;
        }
        Ok(())
    }
}

/// An address of this machine for each try: a port may come again.
fn source(number: usize) -> IpAddr {
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 0));
    let number = u32::try_from(number).expect("tries are few");
    IpAddr::V4(Ipv4Addr::from(first + number))
}

/// A connection from one of the addresses of this machine.
pub(crate) async fn connected(to: SocketAddr, from: Option<IpAddr>) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0)).expect("it is an address of this machine");
    }
    socket.connect(to).await.expect("the proxy listens")
}

/// Sends this to whoever is there, and gives all that comes until they close; nothing where nobody is.
pub(crate) async fn ask(to: SocketAddr, request: &str) -> String {
    let Ok(stream) = TcpStream::connect(to).await else { return String::new() };
    exchange(stream, request.to_owned()).await
}

/// Sends this, and reads until the other side closes, which it must do in time.
pub(crate) async fn exchange(stream: TcpStream, request: String) -> String {
    let (mut reader, mut writer) = stream.into_split();
    let shown: String = request.chars().take(900).collect();
    // A proxy that answers early may close before everything is sent.
    let sending = tokio::spawn(async move {
        let _sent = writer.write_all(request.as_bytes()).await;
        writer
    });
    let mut said = Vec::new();
    let read = timeout(PATIENCE, reader.read_to_end(&mut said)).await;
    sending.abort();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(read.is_ok(), "the connection stays open: {shown:?} got {said:?}");
    said
}

/// Asks for nothing under this id, and gives the head of the answer.
async fn question(stream: &mut TcpStream, id: &str) -> String {
    let request = format!("GET /livez?{id} HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\n\r\n");
    let mut said = Vec::new();
    let reading = async {
        let _sent = stream.write_all(request.as_bytes()).await;
        while !said.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            said.push(byte);
        }
    };
    let _late = timeout(PATIENCE, reading).await;
    String::from_utf8_lossy(&said).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// The id of an answer; those that a proxy gives of itself have none.
fn request_id(answer: &str) -> Option<String> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    head.lines().find_map(|line| line.to_lowercase().strip_prefix("x-request-id: ").map(str::to_owned))
}

/// Whose order it says was made.
fn customer(answer: &str) -> String {
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let mut orders = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    let order = orders.next().and_then(Result::ok).unwrap_or_else(|| panic!("no order in {answer:?}"));
    order["customer_id"].as_str().unwrap_or_else(|| panic!("nobody's order: {answer:?}")).to_owned()
}
