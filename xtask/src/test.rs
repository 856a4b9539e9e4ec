//! Owns the test command: its steps, their order and what each of them runs.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::clock::{self, Stopwatch, Took};
use crate::services::Services;
use crate::shell::{self, Command};
use crate::{chaos, openapi, simulate, witnesses};

/// Seeds that every run repeats, and new ones.
const SEEDS_FIXED: u64 = 500;
const SEEDS_NEW: u64 = 500;
const SEEDS_LONG: u64 = 20_000;
/// Each of these lives some hundred times, once for each place to die.
const SEEDS_CRASHED: u64 = 5;
const SEEDS_CRASHED_LONG: u64 = 200;

/// Five days of a real shop. They are beside the clone where the project is made, and not everywhere.
const REAL_DAYS: &str = "../shared/data/online-retail";
const REAL_ORDERS: u64 = 527;
const REAL_REVENUE_MINOR: i64 = 24_025_829;
/// A small file in the same format, which the project ships.
const SAMPLE: &str = "crates/app/tests/fixtures/invoices.csv";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Many more seeds and cases, and the licences; for a night
    #[arg(long)]
    long: bool,
}

struct Context {
    root: PathBuf,
    long: bool,
    binary: OnceCell<PathBuf>,
    services: OnceCell<Services>,
}

struct Step {
    title: &'static str,
    run: fn(&Context) -> Result<()>,
}

/// What is quick stands first. The feature sets are equal wherever that saves building the same twice: clippy and the
/// documentation share what they check, unit and documentation tests what they link, and the rest uses one release
/// build.
const STEPS: &[Step] = &[
    Step { title: "format", run: |it| it.cargo("fmt --all --check") },
    Step { title: "tidy: edges, sizes, names, words", run: |it| it.cargo("test --quiet -p xtask") },
    Step { title: "lints", run: |it| it.cargo("clippy --workspace --all-targets --all-features -- -D warnings") },
    Step { title: "tests: unit, property, storage, API", run: Context::tests },
    Step {
        title: "tests in the documentation",
        run: |it| it.cargo("test --doc --workspace --exclude xtask --all-features"),
    },
    Step { title: "simulator", run: |_| Context::simulator() },
    Step { title: "documentation", run: Context::documentation },
    Step { title: "release build", run: |it| it.binary().map(|_| ()) },
    Step { title: "openapi.json is up to date", run: |it| openapi::check_with(&it.root, it.binary()?) },
    Step { title: "replay of invoices in a storm", run: Context::replay },
    Step { title: "demo", run: Context::demo },
    Step { title: "chaos, two minutes", run: |it| chaos::short(&it.root, it.binary()?) },
];

const LONG_STEPS: &[Step] = &[
    Step { title: "simulator, long", run: |_| Context::simulator_long() },
    Step { title: "bans, licences and sources of dependencies", run: Context::deny },
    Step { title: "dependencies that nobody uses", run: Context::machete },
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let context = Context { root: crate::root(), long: args.long, binary: OnceCell::new(), services: OnceCell::new() };
    let steps: Vec<_> = STEPS.iter().chain(if args.long { LONG_STEPS } else { &[] }).collect();
    let whole = Stopwatch::start();
    for (at, step) in steps.iter().enumerate() {
        let title = format!("step {}/{}: {}", at + 1, steps.len(), step.title);
        println!("\n=== {title}");
        let stopwatch = Stopwatch::start();
        (step.run)(&context).with_context(|| format!("FAILED at {title}"))?;
        println!("=== passed in {}", Took(stopwatch.elapsed()));
    }
    println!("\ncargo xtask test: {} steps passed, 0 failed, in {}", steps.len(), Took(whole.elapsed()));
    Ok(())
}

impl Context {
    fn cargo(&self, line: &str) -> Result<()> {
        self.command(&format!("cargo {line}")).run_in(&self.root)
    }

    /// Snapshots are compared and never written here.
    fn command(&self, line: &str) -> Command {
        println!("$ {line}");
        let command = Command::new(line).env("INSTA_UPDATE", "no");
        if self.long { command.env("PROPTEST_CASES", "4096") } else { command }
    }

    fn binary(&self) -> Result<&Path> {
        if let Some(binary) = self.binary.get() {
            return Ok(binary);
        }
        let binary = shell::release_binary(&self.root)?;
        Ok(self.binary.get_or_init(|| binary))
    }

    /// The database servers that tests need, started when the first of them does; they end with this process.
    fn services(&self) -> Result<&Services> {
        if let Some(services) = self.services.get() {
            return Ok(services);
        }
        let services = Services::start().context("starting the database servers that tests need")?;
        Ok(self.services.get_or_init(|| services))
    }

    /// With nextest where it is there; it does not have to be installed.
    fn tests(&self) -> Result<()> {
        let witnesses = witnesses::ready().context("installing the libraries that check our signatures")?;
        let services = self.services()?;
        let command = if Command::new("cargo nextest --version").is_installed() {
            self.command("cargo nextest run --workspace --exclude xtask --all-features")
        } else {
            self.command("cargo test --workspace --exclude xtask --all-features --lib --bins --tests")
        };
        let command = witnesses.iter().fold(command, |command, (name, program)| command.env(name, program));
        services.tell(command).run_in(&self.root)
    }

    fn documentation(&self) -> Result<()> {
        let command = self.command("cargo doc --no-deps --workspace --all-features");
        command.env("RUSTDOCFLAGS", "-D warnings").run_in(&self.root)
    }

    fn simulator() -> Result<()> {
        simulate::run_seeds(1, SEEDS_FIXED, false)?;
        simulate::run_seeds(clock::seed(), SEEDS_NEW, false)?;
        simulate::run_seeds(1, SEEDS_CRASHED, true)
    }

    fn simulator_long() -> Result<()> {
        simulate::run_seeds(clock::seed(), SEEDS_LONG, false)?;
        simulate::run_seeds(1, SEEDS_CRASHED_LONG, true)
    }

    fn replay(&self) -> Result<()> {
        #[derive(Deserialize)]
        struct Replayed {
            invoices: u64,
            orders: u64,
            revenue_minor: i64,
            captured_minor: i64,
        }
        let (files, real) = self.invoices()?;
        let command = Command::of(self.binary()?).words("replay --storm 5 --pay --json");
        let command = files.iter().fold(command, |command, file| command.path(file));
        let output = command.output_in(&self.root)?;
        print!("{output}");
        let replayed: Replayed = serde_json::from_str(&output).context("reading the output of `mideng replay`")?;
        let Replayed { invoices, orders, revenue_minor, captured_minor } = replayed;
        ensure!(orders == invoices && orders > 0, "{invoices} invoices became {orders} orders");
        ensure!(captured_minor == revenue_minor, "{captured_minor} was captured for {revenue_minor} of revenue");
        if real {
            ensure!(
                (orders, revenue_minor) == (REAL_ORDERS, REAL_REVENUE_MINOR),
                "{orders} orders and {revenue_minor} of revenue and captures, not {REAL_ORDERS} and {REAL_REVENUE_MINOR}"
            );
        }
        Ok(())
    }

    /// The files, and whether they are the real days.
    fn invoices(&self) -> Result<(Vec<PathBuf>, bool)> {
        let folder = self.root.join(REAL_DAYS);
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("the real days are not beside this clone: {SAMPLE} instead");
            return Ok((vec![self.root.join(SAMPLE)], false));
        };
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "csv"));
        files.sort();
        ensure!(!files.is_empty(), "no CSV file in {}", folder.display());
        Ok((files, true))
    }

    fn demo(&self) -> Result<()> {
        let folder = self.root.join("target/demo");
        let command = Command::of(self.binary()?).words("demo --once --listen 127.0.0.1:0 --data");
        command.path(&folder).run_in(&self.root)
    }

    fn deny(&self) -> Result<()> {
        if Command::new("cargo deny --version").is_installed() {
            return self.cargo("deny check bans licenses sources");
        }
        println!("NOT CHECKED: cargo-deny is not installed; `cargo install cargo-deny --locked`");
        Ok(())
    }

    fn machete(&self) -> Result<()> {
        if Command::new("cargo machete --version").is_installed() {
            return self.cargo("machete");
        }
        println!("NOT CHECKED: cargo-machete is not installed; `cargo install cargo-machete --locked`");
        Ok(())
    }
}
