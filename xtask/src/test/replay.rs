//! Owns the replay of invoices as a step of the tests: once on a server of the command's own, and once on one that is
//! killed again and again. All orders are paid, and what the provider has in its book is what was owed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ports::Port;
use serde::Deserialize;

use crate::clock;
use crate::running::Running;
use crate::shell::Command;

/// Five days of a real shop. They are beside the clone where the project is made, and not everywhere.
const REAL_DAYS: &str = "../shared/data/online-retail";
const REAL_ORDERS: u64 = 527;
const REAL_REVENUE_MINOR: i64 = 24_025_829;
const REAL_REFUNDED_MINOR: i64 = 60_635;
/// A small file in the same format, which the project ships.
const SAMPLE: &str = "crates/app/tests/fixtures/invoices.csv";

const API_KEY: &str = "mk_replay-on-this-machine-only";
/// How long a server lives until it is killed: five days of orders are paid in some seconds, the sample in one.
const LIFE: Duration = Duration::from_millis(400);
const LIFE_SHORT: Duration = Duration::from_millis(80);

/// The files of invoices.
pub(super) struct Invoices {
    files: Vec<PathBuf>,
    is_real: bool,
}

/// What the replay says.
#[derive(Deserialize)]
struct Replayed {
    invoices: u64,
    orders: u64,
    revenue_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    provider_charged_minor: i64,
    provider_refunded_minor: i64,
}

impl Invoices {
    /// The real days, or the project's own file.
    pub(super) fn find(root: &Path) -> Result<Self> {
        let folder = root.join(REAL_DAYS);
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("the real days are not beside this clone: {SAMPLE} instead");
            return Ok(Self { files: vec![root.join(SAMPLE)], is_real: false });
        };
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "csv"));
        files.sort();
        ensure!(!files.is_empty(), "no CSV file in {}", folder.display());
        Ok(Self { files, is_real: true })
    }

    /// On a server and a provider of the command's own, which asks every invariant, too.
    pub(super) fn replay(&self, binary: &Path, root: &Path) -> Result<()> {
        self.judge(&self.command(binary).output_in(root)?)
    }

    /// On a server that is killed with SIGKILL as long as the replay goes on.
    pub(super) fn replay_killed(&self, binary: &Path, root: &Path) -> Result<()> {
        let folder = root.join("target/replay");
        let _old = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let ports = (Port::reserve()?, Port::reserve()?);
        let (server, provider) = (ports.0.address(), ports.1.address());
        let sim = Command::of(binary).words(&format!("psp-sim --time-scale 120 --listen {provider} --folder psp-sim"));
        let _provider = Running::start(sim, &folder, "psp-sim")?;
        let serve = || {
            let command = Command::of(binary).words(&format!("serve --listen {server} --data data"));
            Running::start(command.env("MIDENG_BOOTSTRAP_API_KEY", API_KEY), &folder, "serve")
        };
        let mut running = serve()?;
        let add = "channel add sandbox --settings psp-sim/merchant/sandbox.json --data data";
        Command::of(binary).words(add).run_in(&folder)?;
        let ways = format!("--url http://{server} --api-key {API_KEY} --psp-sim http://{provider}");
        let output = fs::File::create(folder.join("report.json")).context("making the report's file")?;
        let mut replay = self.command(binary).words(&ways).start_in(root, output.into(), Stdio::inherit())?;
        let mut kills = 0;
        let status = loop {
            clock::pause(if self.is_real { LIFE } else { LIFE_SHORT });
            if let Some(status) = replay.try_wait()? {
                break status;
            }
            drop(running);
            running = serve()?;
            kills += 1;
        };
        println!("the server was killed {kills} times");
        ensure!(status.success(), "the replay failed: {status}; see {}", folder.display());
        ensure!(kills > 1, "the replay was over before the server was killed twice");
        self.judge(&fs::read_to_string(folder.join("report.json")).context("reading the report")?)?;
        drop(running);
        Command::of(binary).words("check --data data").run_in(&folder)
    }

    fn command(&self, binary: &Path) -> Command {
        let command = Command::of(binary).words("replay --storm 5 --pay --json");
        self.files.iter().fold(command, |command, file| command.path(file))
    }

    fn judge(&self, report: &str) -> Result<()> {
        let replayed: Replayed = serde_json::from_str(report).context("reading the output of `mideng replay`")?;
        let Replayed { invoices, orders, revenue_minor, captured_minor, refunded_minor, .. } = replayed;
        let book = (replayed.provider_charged_minor, replayed.provider_refunded_minor);
        println!(
            "{orders} orders, {captured_minor} captured, {refunded_minor} refunded; the provider's book: {book:?}"
        );
        ensure!(orders == invoices && orders > 0, "{invoices} invoices became {orders} orders");
        ensure!(captured_minor == revenue_minor, "{captured_minor} was captured for {revenue_minor} of revenue");
        ensure!(book == (captured_minor, refunded_minor), "the provider's book has {book:?}");
        ensure!(refunded_minor > 0, "nothing was refunded");
        let (found, wanted) =
            ((orders, revenue_minor, refunded_minor), (REAL_ORDERS, REAL_REVENUE_MINOR, REAL_REFUNDED_MINOR));
        ensure!(!self.is_real || found == wanted, "orders, revenue and refunds are {found:?} and not {wanted:?}");
        Ok(())
    }
}
