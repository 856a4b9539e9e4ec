//! Owns servers that work together: a sentinel over a master, and a cluster.

use std::process::Child;

use ports::Port;
use tempfile::TempDir;

use super::process::{client, spawn};
use super::wire::{Wire, authority};
use super::{PASSWORD, Server, until};

/// A sentinel that watches one master, decides alone, and soon.
pub struct Sentinel {
    process: Child,
    _folder: TempDir,
    wire: Wire,
    port: Port,
}

impl Sentinel {
    /// It is there when it knows the master's replica.
    pub async fn start(wire: Wire, master: &Server) -> Self {
        let (folder, port) = (TempDir::new().expect("a folder for a server"), Port::reserve().expect("a port is free"));
        let mut text = format!(
            "bind 127.0.0.1\ntls-replication {}\nsentinel monitor shop 127.0.0.1 {} 1\n\
             sentinel auth-pass shop {PASSWORD}\nsentinel down-after-milliseconds shop 500\n\
             sentinel failover-timeout shop 3000\n",
            wire.yes(),
            master.port()
        );
        for (name, value) in wire.settings(port.number()) {
            text = format!("{text}{name} {value}\n");
        }
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, text).expect("it can be written");
        let process = spawn(&[file.display().to_string(), "--sentinel".to_owned()], &folder);
        let sentinel = Self { process, _folder: folder, wire, port };
        until("the sentinel knows the replica", || async {
            let known = wire.ask::<redis::Value>(sentinel.port.number(), None, "SENTINEL REPLICAS shop").await;
            known.is_ok_and(|known| format!("{known:?}").contains("127"))
        })
        .await;
        sentinel
    }

    /// `SENTINEL` and these words.
    pub async fn ask(&self, words: &str) {
        let command = format!("SENTINEL {words}");
        let _done: redis::Value = self.wire.ask(self.port.number(), None, &command).await.expect("it answers");
    }

    pub fn url(&self) -> String {
        self.wire.url("+sentinel", &format!(":{PASSWORD}@127.0.0.1:{}/shop", self.port))
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ended = (self.process.kill(), self.process.wait());
    }
}

/// Three masters that share the slots. Those that are left serve theirs when one is away.
pub struct Cluster {
    pub nodes: Vec<Server>,
    wire: Wire,
}

impl Cluster {
    pub async fn start(wire: Wire) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            // By itself it takes the port plus ten thousand, which may be none.
            let bus = Port::reserve().expect("a port is free");
            let number = bus.to_string();
            let own = ["--cluster-enabled", "yes", "--cluster-port", &number, "--cluster-node-timeout", "1000"];
            let own = [&own[..], &["--cluster-require-full-coverage", "no", "--tls-cluster", wire.yes()]].concat();
            nodes.push(Server::start_with(wire, &own).await);
        }
        let places: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let places: Vec<_> = places.iter().map(String::as_str).collect();
        let authority = if wire == Wire::Tls { authority() } else { String::new() };
        let tls: &[&str] = if wire == Wire::Tls { &["--tls", "--cacert", &authority] } else { &[] };
        let create = ["--no-auth-warning", "-a", PASSWORD, "--cluster", "create"];
        client(&[&create[..], &places, &["--cluster-yes"], tls].concat());
        let cluster = Self { nodes, wire };
        for node in &cluster.nodes {
            until("the cluster is whole", || async {
                node.ask::<String>("CLUSTER INFO").await.is_ok_and(|text| text.contains("cluster_state:ok"))
            })
            .await;
        }
        cluster
    }

    pub fn url(&self) -> String {
        let places: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        self.wire.url("+cluster", &format!(":{PASSWORD}@{}", places.join(",")))
    }
}
