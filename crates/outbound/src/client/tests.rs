use std::net::{Ipv4Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolving};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::{Http, Ports, Purpose};

/// A resolver that looks at nothing: as if somebody had gone around ours.
struct Unchecked;

impl Resolve for Unchecked {
    fn resolve(&self, _: Name) -> Resolving {
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        Box::pin(std::future::ready(Ok(Box::new(std::iter::once(here)) as Addrs)))
    }
}

fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.unwrap().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

#[tokio::test]
async fn who_answers_from_a_closed_address_is_not_listened_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _read = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await.unwrap();
    });
    let policy = Policy::strangers().with_http(Http::Called).with_ports(Ports::Web);
    let client = Client::assemble(Arc::new(policy), Limits::default(), tls(), Unchecked).unwrap();
    let url = format!("http://shop.example:{port}/a").parse().unwrap();
    let answer =
        client.send(Call { method: Method::GET, url, headers: HeaderMap::new(), body: Vec::new() }).await.unwrap_err();
    let address = Ipv4Addr::LOCALHOST.into();
    let host = "shop.example".to_owned();
    let refusal = Refusal::Closed { host: host.clone(), address, purpose: Purpose::Loopback };
    assert_eq!(answer, Failure::Astray { host, refusal }, "it was sent");
    server.await.unwrap();
}
