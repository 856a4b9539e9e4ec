//! Owns a network between a server and its database that loses the answer to a COMMIT, is not there, or breaks.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the network does.
#[derive(Default)]
struct State {
    /// True: the next COMMIT arrives, and its connection breaks before the answer comes back.
    armed: AtomicBool,
    /// How many were lost so.
    lost: AtomicUsize,
    /// True: nobody gets through.
    shut: AtomicBool,
    /// How many came while it was shut.
    refused: AtomicUsize,
    /// So many connections break, each behind more pieces than the one before.
    to_break: AtomicUsize,
    /// How many did.
    broken: AtomicUsize,
    /// True: nothing passes, and nothing is closed.
    hushed: AtomicBool,
    /// Behind so many pieces the next connections fall silent for good, the last of these first.
    to_silence: Mutex<Vec<usize>>,
    /// How many did.
    silenced: AtomicUsize,
    /// True: those that fell silent are closed.
    let_go: AtomicBool,
    /// How many pieces came from the server, on all connections.
    pieces: AtomicUsize,
    /// The piece that never arrives, and with which all connections break; none if 0.
    fatal: AtomicUsize,
    /// Told when they break.
    torn: watch::Sender<()>,
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
                if shared.shut.load(Ordering::SeqCst) {
                    shared.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                tokio::spawn(forward(client, target, shared.clone()));
            }
        });
        Self { state, url: format!("{before}@{here}/{database}") }
    }

    /// Loses the answer to the next COMMIT.
    pub(crate) fn lose_next_commit(&self) {
        self.state.armed.store(true, Ordering::SeqCst);
    }

    /// Lets nobody through, or everybody.
    pub(crate) fn shut(&self, shut: bool) {
        self.state.shut.store(shut, Ordering::SeqCst);
    }

    /// How many connections were not let through.
    pub(crate) fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Breaks the next connections, each a piece later than the one before.
    pub(crate) fn break_connections(&self, count: usize) {
        self.state.to_break.store(count, Ordering::SeqCst);
    }

    /// Lets nothing pass any more, or everything again, what was held back first.
    pub(crate) fn hush(&self, hushed: bool) {
        self.state.hushed.store(hushed, Ordering::SeqCst);
    }

    /// Lets the next connections fall silent for good, each behind so many pieces.
    pub(crate) fn silence_connections(&self, pieces: &[usize]) {
        *self.state.to_silence.lock().expect("nobody panicked") = pieces.iter().rev().copied().collect();
    }

    /// Closes those that fell silent: PostgreSQL removes no database while somebody is about to say who they are.
    pub(crate) fn let_go(&self) {
        self.state.let_go.store(true, Ordering::SeqCst);
    }

    /// How many pieces came so far from the server.
    pub(crate) fn pieces(&self) -> usize {
        self.state.pieces.load(Ordering::SeqCst)
    }

    /// Breaks all connections there are when so many pieces have come, as when the database is killed: the last of them
    /// does not arrive.
    pub(crate) fn break_all_at(&self, piece: usize) {
        self.state.fatal.store(piece, Ordering::SeqCst);
    }

    /// How many connections fell silent.
    pub(crate) fn silenced(&self) -> usize {
        self.state.silenced.load(Ordering::SeqCst)
    }

    /// How many connections broke.
    pub(crate) fn broken(&self) -> usize {
        self.state.broken.load(Ordering::SeqCst)
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, state: Arc<State>) {
    let Ok(mut database) = TcpStream::connect(target).await else { return };
    let (mut question, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let breaks = state.to_break.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    let mut until_silent = state.to_silence.lock().expect("nobody panicked").pop().unwrap_or(usize::MAX);
    let mut left = if breaks { state.broken.load(Ordering::SeqCst) + 1 } else { usize::MAX };
    let mut torn = state.torn.subscribe();
    loop {
        while state.hushed.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::select! {
            _ = torn.changed() => return,
            read = client.read(&mut question) => {
                let Ok(count @ 1..) = read else { return };
                if state.pieces.fetch_add(1, Ordering::SeqCst) + 1 == state.fatal.load(Ordering::SeqCst) {
                    state.torn.send_replace(());
                    return;
                }
                until_silent -= 1;
                if until_silent == 0 {
                    state.silenced.fetch_add(1, Ordering::SeqCst);
                    while !state.let_go.load(Ordering::SeqCst) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    return;
                }
                left -= 1;
                if left == 0 {
                    state.broken.fetch_add(1, Ordering::SeqCst);
                    return;
                }
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
