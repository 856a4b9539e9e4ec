//! Owns a proxy before a server: started from the file that users copy, in a folder and at a port of its own, without any right,
//! and killed with the test.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use ports::Port;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::street::ask;
use crate::harness::PATIENCE;

const HAPROXY: &str = include_str!("../../../../../docs/examples/haproxy.cfg");
const NGINX: &str = include_str!("../../../../../docs/examples/nginx.conf");

/// Where both files say that the server is.
const SERVER: &str = "127.0.0.1:8080";
/// In the folder: one line for each request as the proxy read it, which begins with the client's address and port.
const LOG: &str = "requests.log";
const ERRORS: &str = "errors.log";
const SETTINGS: &str = "settings";

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Haproxy,
    Nginx,
}

/// A proxy that runs.
pub(crate) struct Front {
    kind: Kind,
    folder: TempDir,
    child: Child,
    port: Port,
}

impl Front {
    /// One before this server, and ready.
    pub(crate) async fn before(server: SocketAddr, kind: Kind) -> Self {
        Self::changed(server, kind, &[]).await
    }

    /// The same, with these texts of its file replaced, each of which stands there once.
    pub(crate) async fn changed(server: SocketAddr, kind: Kind, changes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = Port::reserve().expect("a free port");
        let (text, listens) = match kind {
            Kind::Haproxy => (HAPROXY, ["bind :80\n".to_owned(), format!("bind {}\n", port.address())]),
            Kind::Nginx => (NGINX, ["listen 80;".to_owned(), format!("listen {};", port.address())]),
        };
        let mut text = swapped(text, &listens[0], &listens[1]);
        text =
            swapped(&text, &format!("{SERVER}{}", kind.end_of_a_line()), &format!("{server}{}", kind.end_of_a_line()));
        text = changes.iter().fold(text, |text, (from, to)| swapped(&text, from, to));
        fs::write(folder.path().join(SETTINGS), text).expect("the file is written");
        let child = kind.command(&folder).kill_on_drop(true).spawn().expect("the proxy runs");
        let mut front = Self { kind, folder, child, port };
        front.is_ready().await;
        front
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The requests that it says to have read, by the address and port of the client, in order.
    pub(crate) fn requests(&self) -> BTreeMap<String, Vec<String>> {
        let log = fs::read_to_string(self.folder.path().join(LOG)).expect("there is a log");
        let mut requests = BTreeMap::<_, Vec<_>>::new();
        for (client, request) in log.lines().filter_map(|line| line.split_once(' ')) {
            requests.entry(client.to_owned()).or_default().push(request.to_owned());
        }
        requests
    }

    /// What it said of itself.
    pub(crate) fn said(&self) -> String {
        [ERRORS, LOG].map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()).concat()
    }

    /// Waits until it passes a question on.
    async fn is_ready(&mut self) {
        let ready = async {
            while matches!(self.child.try_wait(), Ok(None)) {
                let asked = ask(self.address(), "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
                if asked.starts_with("HTTP/1.1 204") {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            false
        };
        let ready = timeout(PATIENCE, ready).await;
        assert!(matches!(ready, Ok(true)), "{:?} does not start: {}", self.kind, self.said());
    }
}

impl Kind {
    /// Both in the foreground and as one process, which then leaves nobody behind when it is killed.
    fn command(self, folder: &TempDir) -> Command {
        let at = |name: &str| folder.path().join(name);
        let file = |name: &str| File::create(at(name)).expect("a file in the folder");
        let mut command = Command::new(self.program());
        command.current_dir(folder.path()).stdin(Stdio::null()).stderr(file(ERRORS));
        match self {
            Self::Haproxy => command.arg("-db").arg("-f").arg(at(SETTINGS)).stdout(file(LOG)),
            Self::Nginx => {
                fs::write(at("nginx.conf"), around(folder)).expect("the file is written");
                let (around, errors) = (at("nginx.conf"), at("nginx-errors.log"));
                command.arg("-e").arg(errors).arg("-p").arg(folder.path()).arg("-c").arg(around).stdout(Stdio::null())
            }
        };
        command
    }

    fn program(self) -> OsString {
        let (variable, name) = match self {
            Self::Haproxy => ("TEST_HAPROXY", "haproxy"),
            Self::Nginx => ("TEST_NGINX", "nginx"),
        };
        std::env::var_os(variable).unwrap_or_else(|| name.into())
    }

    /// The server's address stands in a line alone, and in a comment perhaps.
    const fn end_of_a_line(self) -> &'static str {
        match self {
            Self::Haproxy => "\n",
            Self::Nginx => ";\n",
        }
    }
}

/// What a distribution has around a file for /etc/nginx/conf.d, with its paths in the test's folder.
fn around(folder: &TempDir) -> String {
    let here = folder.path().display();
    let paths: Vec<_> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {here}/{name};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/{ERRORS} info;\nevents {{}}\nhttp {{\n\
         log_format asked '$remote_addr:$remote_port $status \"$request\"';\naccess_log {here}/{LOG} asked;\n\
         {}include {here}/{SETTINGS};\n}}\n",
        paths.concat()
    )
}

/// The text with one in the place of another, which stands there once.
fn swapped(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} stands once in the example:\n{text}");
    text.replace(from, to)
}
