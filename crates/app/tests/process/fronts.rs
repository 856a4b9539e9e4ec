//! A real HAProxy and a real nginx before a real server, each set up by the file that docs/examples has for it: nothing is
//! smuggled past them, a client's address is their own, and nothing is asked twice that may not be.

mod addresses;
mod corpus;
mod front;
mod lost;
mod street;

use std::fs;

use crate::harness::{Folder, Server};
use front::Kind;
use street::Street;

/// A server that was told of a proxy on this machine.
async fn server(folder: &Folder, more: &str) -> Server {
    let settings = format!("trusted_proxies: [\"127.0.0.1\"]\n{more}");
    fs::write(folder.file("mideng.yaml"), settings).expect("the file is written");
    folder.serve(&[]).await
}

async fn nothing_is_smuggled_through(kind: Kind, changes: &[(&str, &str)]) {
    let mut street = Street::open(kind, changes).await;
    let secret = street.secret();
    // A proxy that refused all would be no proof.
    for plain in corpus::plain(&secret) {
        assert_eq!(street.pass(&plain).await, [201, 201, 204], "{kind:?}: {plain:?}");
    }
    for request in corpus::all(&secret) {
        street.pass(&request).await;
    }
    for plain in corpus::plain(&secret) {
        assert_eq!(street.pass(&plain).await, [201, 201, 204], "{kind:?}: {plain:?}");
    }
    street.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s26_nothing_is_smuggled_through_haproxy() {
    nothing_is_smuggled_through(Kind::Haproxy, &[]).await;
}

/// As set up in the example, a client mostly meets its own connections to the server again. Here all meet the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s26_nothing_is_smuggled_through_an_haproxy_of_few_connections() {
    let changes =
        [("http-reuse safe", "http-reuse always"), ("    maxconn 4000\n", "    maxconn 4000\n    nbthread 1\n")];
    nothing_is_smuggled_through(Kind::Haproxy, &changes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s26_nothing_is_smuggled_through_nginx() {
    nothing_is_smuggled_through(Kind::Nginx, &[]).await;
}
