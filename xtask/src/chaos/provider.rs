//! Owns the payment provider of a run: a process with a book of its own, which misbehaves, is killed, and in the end is the
//! judge of what was moved.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;

use crate::clock::{self, Stopwatch};
use crate::shell::Command;

const START_MAX: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How much faster than a real one it repeats callbacks: four minutes are two seconds.
const TIME_SCALE: u32 = 120;

/// A provider.
pub(super) struct Provider {
    binary: PathBuf,
    /// Where its own folder and its log are.
    folder: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
    agent: Agent,
}

/// What its book says that a merchant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) charged: i64,
    pub(super) refunded: i64,
}

#[derive(Deserialize)]
struct Ledger {
    sums: Vec<Sum>,
}

#[derive(Deserialize)]
struct Sum {
    charged: i64,
    refunded: i64,
}

impl Provider {
    /// Starts one, which pays each charge at once.
    pub(super) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
        let address = listener.local_addr()?;
        drop(listener);
        let agent = Agent::new_with_config(Agent::config_builder().proxy(None).build());
        let (binary, folder) = (binary.to_owned(), folder.to_owned());
        let mut provider = Self { binary, folder, address, process: None, agent };
        provider.run()?;
        Ok(provider)
    }

    /// Starts it where it is not running, with its book, and tells it how to misbehave.
    pub(super) fn run(&mut self) -> Result<()> {
        if self.process.is_some() {
            return Ok(());
        }
        let log = File::options().create(true).append(true).open(self.folder.join("provider.log"));
        let log = log.context("opening the provider's log")?;
        let errors = log.try_clone().context("sharing a log")?;
        let words =
            format!("psp-sim --auto-pay-ms 0 --time-scale {TIME_SCALE} --listen {} --folder psp-sim", self.address);
        let command = Command::new("setpriv --pdeathsig=KILL").path(&self.binary).words(&words).bare();
        self.process = Some(command.start_in(&self.folder, log.into(), errors.into())?);
        let stopwatch = Stopwatch::start();
        while TcpStream::connect(self.address).is_err() {
            if self.has_fallen() || stopwatch.elapsed() > START_MAX {
                bail!("the payment provider does not start; see {}", self.folder.join("provider.log").display());
            }
            clock::pause(LOOK_AGAIN);
        }
        self.put("/sim/mischief", &mischief())
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ended = (process.kill(), process.wait());
        }
    }

    /// Whether it ended though nobody ended it.
    pub(super) fn has_fallen(&mut self) -> bool {
        let ended = self.process.as_mut().is_some_and(|process| !matches!(process.try_wait(), Ok(None)));
        if ended {
            self.process = None;
        }
        ended
    }

    /// The merchant's side of an account, as a file.
    pub(super) fn settings(&self) -> PathBuf {
        self.folder.join("psp-sim/merchant/sandbox.json")
    }

    /// Does from now on what it should.
    pub(super) fn behave(&self) -> Result<()> {
        self.put("/sim/mischief", &json!([]))
    }

    /// What its book says.
    pub(super) fn sums(&self) -> Result<Sums> {
        let mut answer = self.agent.get(self.url("/sim/ledger")).call().context("asking the provider for its book")?;
        // A long run's book is long.
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string()?;
        let ledger: Ledger = serde_json::from_str(&text).context("reading the provider's book")?;
        Ok(ledger.sums.iter().fold(Sums::default(), |sums, sum| Sums {
            charged: sums.charged + sum.charged,
            refunded: sums.refunded + sum.refunded,
        }))
    }

    fn put(&self, path: &str, body: &Value) -> Result<()> {
        let request = self.agent.put(self.url(path)).header("Content-Type", "application/json");
        request.send(body.to_string()).with_context(|| format!("PUT {path} to the payment provider")).map(drop)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Now and then a call is done and its reply lost, or it fails on its way; now and then a callback is on its way before the
/// answer, or never comes; all others come several times. Never so often that the provider is taken for one that is away.
fn mischief() -> Value {
    json!([
        {"on": "charge", "every": 7, "do": "drop_after"},
        {"on": "charge", "every": 9, "do": "error_before"},
        {"on": "refund", "every": 5, "do": "drop_after"},
        {"on": "query", "every": 8, "do": "error_after"},
        {"on": "close", "every": 6, "do": "drop_after"},
        {"on": "callback", "every": 5, "do": "before_answer"},
        {"on": "callback", "every": 6, "do": "none"},
        {"on": "callback", "do": {"repeat": {"times": 1}}},
        {"on": "callback", "do": {"parallel": {"times": 2}}},
    ])
}
