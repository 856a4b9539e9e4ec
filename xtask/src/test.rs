//! Owns the test command: its steps, their order and what each of them runs.

mod replay;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use self::replay::Invoices;
use crate::clock::{self, Stopwatch, Took};
use crate::services::Services;
use crate::shell::{self, Command};
use crate::{chaos, described, openapi, simulate, witnesses};

/// Seeds that every run repeats, and new ones.
const SEEDS_FIXED: u64 = 500;
const SEEDS_NEW: u64 = 500;
const SEEDS_LONG: u64 = 20_000;
/// Each of these lives some hundred times, once for each place to die.
const SEEDS_CRASHED: u64 = 5;
const SEEDS_CRASHED_LONG: u64 = 200;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Many more seeds and cases, and the licences; for a night
    #[arg(long)]
    long: bool,
    /// Only steps whose title contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
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
    Step { title: "every route as described", run: Context::described },
    Step { title: "replay of invoices in a storm", run: Context::replay },
    Step { title: "the same while the server is killed", run: Context::replay_killed },
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
    let steps = STEPS.iter().chain(if args.long { LONG_STEPS } else { &[] });
    let steps: Vec<_> =
        steps.filter(|step| args.only.as_ref().is_none_or(|text| step.title.contains(text.as_str()))).collect();
    ensure!(!steps.is_empty(), "no step's title contains {:?}", args.only.as_deref().unwrap_or_default());
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
        if self.long { command.env("PROPTEST_CASES", "4096").env("MIDENG_LONG", "1") } else { command }
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
            self.command("cargo nextest run --no-fail-fast --workspace --exclude xtask --all-features")
        } else {
            self.command("cargo test --no-fail-fast --workspace --exclude xtask --all-features --lib --bins --tests")
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

    fn described(&self) -> Result<()> {
        described::every_role(&self.root, self.binary()?, self.long)
    }

    fn replay(&self) -> Result<()> {
        Invoices::find(&self.root)?.replay(self.binary()?, &self.root)
    }

    fn replay_killed(&self) -> Result<()> {
        Invoices::find(&self.root)?.replay_killed(self.binary()?, &self.root)
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
