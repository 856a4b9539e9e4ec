//! Owns the Redis servers of the tests: one, one with TLS, three that know nothing of each other, a master with a replica
//! and a sentinel, and a cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ports::Port;

use super::certificates::Certificates;
use super::find::{self, Wanted};
use super::installed::Installed;
use super::process::{self, As, Server};
use super::{ACCOUNT, PASSWORD, quiet};
use crate::clock::{self, Stopwatch};
use crate::shell::Command;

const REDIS: Wanted = Wanted {
    name: "Redis",
    programs: &[&["redis-server"], &["redis-cli"]],
    folders: &["/usr/bin", "/usr/local/bin"],
    package: "redis-server",
};

/// What the sentinel calls the master.
const SERVICE: &str = "mideng";
/// What a server with data takes, and a sentinel does not: it forgets all when it ends, and replicas are served at once.
const DATA: &str = "save \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n";
const READY_MAX: Duration = Duration::from_mins(1);

/// Servers that belong together, and the one address of them all.
pub(super) struct Group {
    pub(super) servers: Vec<Server>,
    pub(super) url: String,
}

/// One by itself, until this is dropped.
pub(crate) struct Single {
    _server: Server,
    /// Name and version, for people.
    pub(crate) title: String,
    pub(crate) url: String,
}

impl Single {
    /// Makes it in the folder and starts it.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let made = make(folder)?;
        let title = format!("{} {}", made.name, made.version);
        Ok(Self { _server: made.start(process::tied)?, title, url: made.url(made.port.number()) })
    }
}

/// Makes one in the folder, which may hold several: each has its port in its name.
pub(super) fn make(folder: &Path) -> Result<Installed> {
    made(folder, "")
}

/// The same, and it speaks TLS only.
pub(super) fn make_with_tls(folder: &Path, certificates: &Certificates) -> Result<Installed> {
    let port = process::port()?;
    let text = format!(
        "{DATA}port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
        certificates.certificate.display(),
        certificates.key.display(),
        certificates.certificate.display(),
    );
    let installed = made_at(folder, port, &text)?;
    Ok(Installed { scheme: "rediss", certificates: Some(certificates.clone()), ..installed })
}

/// The program, for tests that start servers of their own.
pub(super) fn program() -> Result<PathBuf> {
    find::programs(&REDIS)?.first().cloned().context("one was wanted")
}

/// Three that know nothing of each other.
pub(super) fn three(folder: &Path, run: As) -> Result<Group> {
    let mut group = Group { servers: Vec::new(), url: String::new() };
    for _ in 0..3 {
        let node = make(folder)?;
        group.servers.push(node.start(run)?);
        let comma = if group.url.is_empty() { "" } else { "," };
        group.url = format!("{}{comma}{}", group.url, node.url(node.port.number()));
    }
    Ok(group)
}

/// A master, its replica, and one sentinel that decides alone and soon.
pub(super) fn watched(folder: &Path, run: As) -> Result<Group> {
    let master = make(folder)?;
    let replica = made(folder, &format!("replicaof 127.0.0.1 {}\n", master.port))?;
    let port = process::port()?;
    let text = format!(
        "port {port}\nsentinel monitor {SERVICE} 127.0.0.1 {} 1\nsentinel auth-user {SERVICE} {ACCOUNT}\n\
         sentinel auth-pass {SERVICE} {PASSWORD}\nsentinel down-after-milliseconds {SERVICE} 500\n\
         sentinel failover-timeout {SERVICE} 2000\n",
        master.port
    );
    let sentinel = Installed { arguments: sentinel_arguments, ..made_at(folder, port, &text)? };
    let mut servers = Vec::new();
    for node in [&master, &replica, &sentinel] {
        servers.push(node.start(run)?);
    }
    let url =
        format!("redis+sentinel://{ACCOUNT}:{PASSWORD}@127.0.0.1:{}/{SERVICE}/0?{}", sentinel.port, sentinel_account());
    wait(&master, "info replication", "state=online")?;
    wait(&sentinel, &format!("sentinel replicas {SERVICE}"), "127.0.0.1")?;
    Ok(Group { servers, url })
}

/// Three masters that share the slots.
pub(super) fn cluster(folder: &Path, run: As) -> Result<Group> {
    let mut nodes = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..3 {
        // By itself it takes the port plus ten thousand, which may be none.
        let bus = process::port()?;
        let text = format!("cluster-enabled yes\ncluster-port {bus}\n");
        let node = made(folder, &text)?;
        servers.push(node.start(run)?);
        nodes.push(node);
    }
    let places: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port.number())).collect();
    let words = format!("--no-auth-warning --cluster create {} --cluster-yes", places.join(" "));
    quiet(Command::of(&nodes[0].client).words(&words).env("REDISCLI_AUTH", PASSWORD), folder)?;
    for node in &nodes {
        wait(node, "cluster info", "cluster_state:ok")?;
    }
    Ok(Group { servers, url: format!("redis+cluster://{ACCOUNT}:{PASSWORD}@{}", places.join(",")) })
}

fn made(folder: &Path, text: &str) -> Result<Installed> {
    let port = process::port()?;
    let text = format!("port {port}\n{DATA}masterauth {PASSWORD}\n{text}");
    made_at(folder, port, &text)
}

fn made_at(folder: &Path, port: Port, text: &str) -> Result<Installed> {
    let programs = find::programs(&REDIS)?;
    let [redis, client] = &programs[..] else { bail!("two programs were wanted") };
    let home = folder.join(format!("redis-{port}"));
    process::folder(&home)?;
    let settings = home.join("redis.conf");
    let text = format!(
        "bind 127.0.0.1\ndir {}\nrequirepass {PASSWORD}\nuser {ACCOUNT} on >{PASSWORD} ~* &* +@all\n{text}",
        home.display()
    );
    fs::write(&settings, text).context("writing the settings of a Redis")?;
    // A sentinel writes what it learns into them.
    process::give(&settings)?;
    Ok(Installed {
        name: REDIS.name,
        version: version(redis)?,
        scheme: "redis",
        port,
        log: home.join("log"),
        home,
        program: redis.clone(),
        client: client.clone(),
        certificates: None,
        arguments,
    })
}

fn sentinel_account() -> String {
    format!("sentinel_user={ACCOUNT}&sentinel_password={PASSWORD}")
}

fn arguments(it: &Installed, command: Command) -> Command {
    command.path(&it.home.join("redis.conf"))
}

fn sentinel_arguments(it: &Installed, command: Command) -> Command {
    arguments(it, command).words("--sentinel")
}

/// Asks until the answer contains the text.
fn wait(node: &Installed, question: &str, text: &str) -> Result<()> {
    let stopwatch = Stopwatch::start();
    loop {
        let words = format!("--no-auth-warning -p {} {question}", node.port.number());
        let asked = Command::of(&node.client).words(&words).env("REDISCLI_AUTH", PASSWORD);
        let (answer, _) = asked.captured_in(Path::new("/"))?;
        if answer.contains(text) {
            return Ok(());
        }
        if stopwatch.elapsed() > READY_MAX {
            bail!("a Redis does not come to `{text}` by `{question}`:\n{answer}");
        }
        clock::pause(Duration::from_millis(100));
    }
}

/// `Redis server v=7.0.15 sha=…` without what everybody knows.
fn version(redis: &Path) -> Result<String> {
    let text = Command::of(redis).words("--version").output_in(Path::new("/"))?;
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v="));
    Ok(version.unwrap_or_default().to_owned())
}
