//! Owns a place between a client and a directory: it passes everything on, and keeps what the client said.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::PATIENCE;

/// Passes on until this is dropped.
pub struct Recorder {
    pub port: u16,
    heard: Arc<Heard>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Heard {
    said: Mutex<Vec<Vec<u8>>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Heard {
    /// What came on a connection; nothing where all was forgotten meanwhile.
    fn keep(&self, at: usize, piece: &[u8]) {
        if let Some(said) = self.said.lock().expect("nobody panics with it").get_mut(at) {
            said.extend_from_slice(piece);
        }
    }
}

impl Recorder {
    /// In front of a port of this machine.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a port");
        let own = listener.local_addr().expect("it has an address").port();
        let heard = Arc::new(Heard::default());
        let mut tasks = JoinSet::new();
        let hearing = Arc::clone(&heard);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, port, Arc::clone(&hearing)));
            }
        });
        Self { port: own, heard, _tasks: tasks }
    }

    /// All that clients said, one entry for each connection.
    pub fn said(&self) -> Vec<Vec<u8>> {
        self.heard.said.lock().expect("nobody panics with it").clone()
    }

    /// Forgets it.
    pub fn forget(&self) {
        self.heard.said.lock().expect("nobody panics with it").clear();
    }

    /// How many connections there were at the same time.
    pub fn most_open(&self) -> usize {
        self.heard.most_open.load(Ordering::SeqCst)
    }

    /// The kinds of requests of the only connection, once it has said goodbye: RFC 4511 numbers a bind with 0, the goodbye
    /// with 2, a search with 3.
    pub async fn requests(&self) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.said();
            let [said] = &said[..] else { panic!("there were {} connections", said.len()) };
            let requests = requests(said);
            if requests.last() == Some(&2) {
                return requests;
            }
            assert!(Instant::now() < deadline, "it does not say goodbye: {requests:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn requests(mut said: &[u8]) -> Vec<u8> {
    let mut requests = Vec::new();
    while !said.is_empty() {
        let mut inside = value(&mut said);
        let _number = value(&mut inside);
        requests.push(inside[0] & 0x1f);
    }
    requests
}

/// The contents of what begins here, in the Basic Encoding Rules; moves behind it.
fn value<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, head) = match rest[1] {
        short @ 0..0x80 => (usize::from(short), 2),
        long => {
            let octets = usize::from(long & 0x7f);
            (rest[2..2 + octets].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), 2 + octets)
        }
    };
    let contents = &rest[head..head + length];
    *rest = &rest[head + length..];
    contents
}

async fn pass(mut client: TcpStream, port: u16, heard: Arc<Heard>) {
    let open = heard.open.fetch_add(1, Ordering::SeqCst) + 1;
    heard.most_open.fetch_max(open, Ordering::SeqCst);
    let at = {
        let mut said = heard.said.lock().expect("nobody panics with it");
        said.push(Vec::new());
        said.len() - 1
    };
    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let there = async {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = from_client.read(&mut piece).await {
                heard.keep(at, &piece[..length]);
                if to_server.write_all(&piece[..length]).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = there => {}
            _ = copy(&mut from_server, &mut to_client) => {}
        }
    }
    heard.open.fetch_sub(1, Ordering::SeqCst);
}
