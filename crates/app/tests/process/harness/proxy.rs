//! Owns a network between a server and its database that loses the answer to a COMMIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the network does.
#[derive(Default)]
struct State {
    /// True: the next COMMIT arrives, and its connection breaks before the answer comes back.
    armed: AtomicBool,
    /// How many were lost so.
    lost: AtomicUsize,
}

/// A network in front of a database.
pub(crate) struct Proxy {
    state: Arc<State>,
    /// The database's address by way of this network.
    pub(crate) url: String,
}

impl Proxy {
    /// In front of the database that this address names.
    pub(crate) async fn new(url: &str) -> Self {
        let (before, rest) = url.split_once('@').expect("an account");
        let (host, database) = rest.split_once('/').expect("a database");
        let target: SocketAddr = host.parse().expect("a socket address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("it is bound");
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target, shared.clone()));
            }
        });
        Self { state, url: format!("{before}@{here}/{database}") }
    }

    /// Loses the answer to the next COMMIT.
    pub(crate) fn lose_next_commit(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, state: Arc<State>) {
    let Ok(mut database) = TcpStream::connect(target).await else { return };
    let (mut question, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut question) => {
                let Ok(count @ 1..) = read else { return };
                if database.write_all(&question[..count]).await.is_err() {
                    return;
                }
                let commits = question[..count].windows(6).any(|bytes| bytes.eq_ignore_ascii_case(b"commit"));
                if commits && state.armed.swap(false, Ordering::SeqCst) {
                    // The database has committed once it answers; the answer stays here.
                    let _answer = database.read(&mut answer).await;
                    state.lost.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = database.read(&mut answer) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&answer[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
