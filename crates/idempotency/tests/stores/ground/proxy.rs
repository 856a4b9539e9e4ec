//! Owns a way to a server that loses replies when it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards bytes both ways until it is told to lose what the server says.
pub struct Proxy {
    address: SocketAddr,
    loses: Arc<AtomicBool>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Before a server such as `127.0.0.1:5432`.
    pub async fn open(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let loses = Arc::new(AtomicBool::new(false));
        let (server, told) = (server.to_owned(), loses.clone());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                tokio::spawn(forward(client, server, told.clone()));
            }
        });
        Self { address, loses, listener }
    }

    /// An address with this way instead of the server.
    pub fn instead(&self, url: &str) -> String {
        let (before, _, database) = split(url);
        format!("{before}@{}/{database}", self.address)
    }

    /// From now on each connection ends where the server says something, and nobody hears it.
    pub fn lose(&self, loses: bool) {
        self.loses.store(loses, Ordering::SeqCst);
    }
}

/// The server of an address, as `127.0.0.1:5432`.
pub fn server_of(url: &str) -> &str {
    split(url).1
}

fn split(url: &str) -> (&str, &str, &str) {
    let (before, rest) = url.split_once('@').expect("an address with an account");
    let (server, database) = rest.split_once('/').expect("an address with a database");
    (before, server, database)
}

async fn forward(client: TcpStream, server: TcpStream, loses: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
        if loses.load(Ordering::SeqCst) || to_client.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    there.abort();
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
