//! Owns servers that say what a test tells them to, byte by byte, and names that lead where it says.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use outbound::{Answer, Call, Client, Failure, Http, Limits, Method, Names, Policy, Ports, header::HeaderMap};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Listens until it is dropped.
pub struct Place {
    pub at: SocketAddr,
    came: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

/// Names that lead to one answer after the other; the last one stays.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<VecDeque<Vec<IpAddr>>>>, Arc<AtomicUsize>);

impl Place {
    /// Reads the head of each request, and leaves the rest to `answer`.
    pub async fn open<F: Future<Output = ()> + Send + 'static>(
        at: &str,
        answer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at).await.expect("there is a port");
        let at = listener.local_addr().expect("it has an address");
        let came = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&came);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut answers = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = Vec::new();
                // What begins with 22 is TLS, and has no end of that kind.
                while !head.ends_with(b"\r\n\r\n") && !head.starts_with(&[22]) {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                answers.spawn(answer(stream));
            }
        });
        Self { at, came, _server: server }
    }

    /// How many connections came.
    pub fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

impl Told {
    /// Leads there: first to the first.
    pub fn leading(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|it| it.parse().expect("an address")).collect();
        Self(Arc::new(Mutex::new(answers.iter().map(parse).collect())), Arc::default())
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Names for Told {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.0.lock().expect("nobody panics with it");
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.ok_or_else(|| io::Error::other("nobody knows the name"))
    }
}

/// As strangers are called, but over http and at any port; and these networks are open.
pub fn open_to(networks: &[&str]) -> Policy {
    let networks = networks.iter().map(|it| it.parse().expect("a network"));
    Policy::strangers().with_http(Http::Called).with_ports(Ports::Web).with_networks(networks)
}

/// A client without certificates.
pub fn client(policy: Policy, names: &Told) -> Client {
    Client::with_names(policy, limits(), tls(), Arc::new(names.clone())).expect("a client")
}

/// Short ones.
pub fn limits() -> Limits {
    Limits { answer_max: Duration::from_millis(700), answer_bytes_max: 64 * 1024, ..Limits::default() }
}

/// Trusts nobody.
pub fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.expect("ring has them").with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

/// Asks for a page, without looking at its address beforehand.
pub async fn get(client: &Client, url: &str) -> Result<Answer, Failure> {
    let url = url.parse().expect("an address");
    let call = Call { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() };
    tokio::time::timeout(PATIENCE, client.send(call)).await.expect("it is over in time")
}
