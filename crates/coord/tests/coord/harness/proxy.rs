//! Owns a network between a client and a server that loses what a test wants lost.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::PASSWORD;

/// Passes all on, until it is told otherwise.
pub struct Proxy {
    port: u16,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    /// Connections that were made before this many others hear and say nothing more.
    silent_below: AtomicU64,
    made: AtomicU64,
    /// The next answer is lost, and its connection with it.
    cut: AtomicBool,
}

impl Proxy {
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, to, Arc::clone(&shared)));
            }
        });
        Self { port, faults }
    }

    /// The server's address behind it.
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// The connections of now stay open, and nothing comes through them any more; new ones work.
    pub fn silence(&self) {
        self.faults.silent_below.store(self.faults.made.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// The next question is passed on and done; instead of its answer the connection ends.
    pub fn cut_next_answer(&self) {
        self.faults.cut.store(true, Ordering::SeqCst);
    }

    /// Whether that has happened.
    pub fn has_cut(&self) -> bool {
        !self.faults.cut.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, to: u16, faults: Arc<Faults>) {
    let number = faults.made.fetch_add(1, Ordering::SeqCst);
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.expect("the server is there");
    let (mut asked, mut answered) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        let is_silent = || number < faults.silent_below.load(Ordering::SeqCst);
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length) if length > 0 => if !is_silent() && server.write_all(&asked[..length]).await.is_err() { return },
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(length) if length > 0 => {
                    if faults.cut.swap(false, Ordering::SeqCst) {
                        return;
                    }
                    if !is_silent() && client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}
