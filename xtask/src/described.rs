//! Owns the requests that are made from the API's own description: a server, a provider and a role for each run of
//! Schemathesis, and what is said of it. What is asked and checked stands in the folder `described`, in Python.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use ports::Port;
use serde_json::json;

use crate::clock::{Stopwatch, Took};
use crate::running::Running;
use crate::shell::{self, Command};
use crate::witnesses;

/// Whose requests they are: nobody's, those of API keys, of people with access tokens, and of a browser with its cookie. The
/// longest runs first.
const ROLES: [&str; 12] = [
    "person-admin",
    "browser-merchant",
    "key-admin",
    "key-service",
    "person-merchant",
    "person-support",
    "person-shopper",
    "browser-shopper",
    "person-guest",
    "person-auditor",
    "key-auditor",
    "nobody",
];
/// How many requests are made up for each operation and role, besides those for each limit that the description names.
const EXAMPLES: u32 = 5;
const EXAMPLES_LONG: u32 = 200;
const SEED: u64 = 1;
/// Runs beside each other: each takes half of what two cores have, and its server the other half.
const AT_ONCE: usize = 2;
const API_KEY: &str = "mk_described-on-this-machine-only";
const FOLDER: &str = "target/described";
const SCRIPTS: &str = "xtask/src/described";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this role
    #[arg(long, value_name = "ROLE", value_parser = ROLES)]
    role: Option<String>,
    /// Requests made up for each operation and role
    #[arg(long, value_name = "N", default_value_t = EXAMPLES)]
    examples: u32,
    /// Another seed makes up other requests
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Another build of mideng than the release
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// What all runs have in common.
struct Common {
    scripts: PathBuf,
    folder: PathBuf,
    binary: PathBuf,
    python: PathBuf,
    description: PathBuf,
    provider: String,
    examples: u32,
    seed: u64,
}

/// `cargo xtask described`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let binary = match &args.binary {
        Some(binary) => fs::canonicalize(binary).with_context(|| format!("looking for {}", binary.display()))?,
        None => shell::release_binary(&root)?,
    };
    let roles = args.role.as_deref().map_or_else(|| ROLES.to_vec(), |role| vec![role]);
    ask(&root, &binary, &roles, (args.examples, args.seed))
}

/// Every role, the same requests in every run; `long` makes up many more.
pub(crate) fn every_role(root: &Path, binary: &Path, long: bool) -> Result<()> {
    ask(root, binary, &ROLES, (if long { EXAMPLES_LONG } else { EXAMPLES }, SEED))
}

fn ask(root: &Path, binary: &Path, roles: &[&str], (examples, seed): (u32, u64)) -> Result<()> {
    let python = witnesses::python().context("installing Schemathesis")?;
    let folder = root.join(FOLDER);
    let _old = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let description = folder.join("openapi.json");
    fs::write(&description, Command::of(binary).words("openapi").output_in(root)?)
        .context("writing the description")?;
    let port = Port::reserve()?;
    let provider = port.address().to_string();
    let sim = format!("psp-sim --time-scale 1200 --listen {provider} --folder psp-sim");
    let _provider = Running::start(Command::of(binary).words(&sim), &folder, "psp-sim")?;
    let binary = binary.to_owned();
    let scripts = root.join(SCRIPTS);
    let common = Common { scripts, folder, binary, python, description, provider, examples, seed };
    let waiting: Mutex<VecDeque<&str>> = Mutex::new(roles.iter().copied().collect());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let one_after_another = || -> Vec<_> {
        std::iter::from_fn(|| next().map(|role| common.one(role).with_context(|| format!("as {role}")))).collect()
    };
    let ended: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one_after_another)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|_| vec![Err(broken())])).collect()
    });
    let failed: Vec<_> = ended.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

fn broken() -> anyhow::Error {
    anyhow::anyhow!("a thread of this command broke off")
}

impl Common {
    /// Asks every route as one role, on a server of its own.
    fn one(&self, role: &str) -> Result<()> {
        let stopwatch = Stopwatch::start();
        let folder = self.folder.join(role);
        fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        // Everybody logs in from one address here.
        fs::write(folder.join("mideng.yaml"), "logins_per_address: 1000000\n").context("writing the settings")?;
        let port = Port::reserve()?;
        let server = port.address().to_string();
        let serve = format!("serve --listen {server} --public-url http://{server}");
        let serve = Command::of(&self.binary).words(&serve).env("MIDENG_BOOTSTRAP_API_KEY", API_KEY);
        let running = Running::start(serve, &folder, "serve")?;
        let log = folder.join("schemathesis.log");
        let output = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        let errors = output.try_clone().context("sharing a log")?;
        let asking = self.command(role, &server, &folder)?;
        let status = asking.start_in(&folder, output.into(), errors.into())?.wait().context("waiting for its end")?;
        let said = fs::read_to_string(&log).with_context(|| format!("reading {}", log.display()))?;
        let cases = said.lines().rev().find(|line| line.contains(" generated, ")).unwrap_or("  none").trim();
        println!("{role}: {cases}, in {}", Took(stopwatch.elapsed()));
        drop(running);
        if !status.success() {
            bail!("{}\nall of it is in {}", failures(&said), log.display());
        }
        Command::of(&self.binary).words("check").captured_in(&folder).and_then(|(report, is_clean)| {
            ensure!(is_clean, "the invariants do not hold:\n{report}");
            Ok(())
        })
    }

    fn command(&self, role: &str, server: &str, folder: &Path) -> Result<Command> {
        let policy = "policy set --guests on --registration on";
        let (said, is_set) = Command::of(&self.binary).words(policy).captured_in(folder)?;
        ensure!(is_set, "setting the shop's policy failed:\n{said}");
        let settings = self.folder.join("psp-sim/merchant/sandbox.json");
        let account = Command::of(&self.binary).words("channel add sandbox --settings").path(&settings);
        let (said, _) = account.captured_in(folder)?;
        let channel = said.split_whitespace().find(|word| word.starts_with("cha_"));
        let channel = channel.with_context(|| format!("no channel in {said:?}"))?;
        let keys =
            json!({"admin": API_KEY, "service": self.key("service", folder)?, "auditor": self.key("auditor", folder)?});
        let command = Command::of(&self.python).words("-m schemathesis.cli --config-file");
        let command = command.path(&self.scripts.join("schemathesis.toml")).words("run").path(&self.description);
        let (examples, seed) = (self.examples, self.seed);
        let how = format!("--url http://{server} --no-color --max-examples {examples} --seed {seed}");
        Ok(command
            .words(&how)
            .env("PYTHONPATH", &self.scripts.display().to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONHASHSEED", "0")
            .env("DESCRIBED_ROLE", role)
            .env("DESCRIBED_URL", &format!("http://{server}"))
            .env("DESCRIBED_PROVIDER", &format!("http://{}", self.provider))
            .env("DESCRIBED_CHANNEL", channel)
            .env("DESCRIBED_KEYS", &keys.to_string()))
    }

    fn key(&self, role: &str, folder: &Path) -> Result<String> {
        let create = format!("api-key create --account {role} --role {role}");
        let (said, _) = Command::of(&self.binary).words(&create).captured_in(folder)?;
        let key = said.split_whitespace().find(|word| word.starts_with("mk_"));
        key.map(str::to_owned).with_context(|| format!("no key in {said:?}"))
    }
}

/// Which operations failed and why, without the requests and answers, which the log has.
fn failures(said: &str) -> String {
    const LINES_MAX: usize = 200;
    let told = ["= ERRORS =", "= FAILURES ="].iter().filter_map(|opening| said.find(opening)).min();
    let mut is_told = false;
    let lines = said[told.unwrap_or(0)..].lines().skip(1).filter(|line| {
        match line.chars().next() {
            Some('_' | '-') => is_told = true,
            Some('[' | 'R' | '=') => is_told = false,
            _ => {}
        }
        is_told && !line.is_empty()
    });
    lines.take(LINES_MAX).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_and_not_with_what() {
        let said = "dots\n==== FAILURES ====\n__ GET /a __\n1. Test Case ID: x\n\n- ST1 Wrong\n\n    why\n\n[200] OK:\n\n    `{}`\n\n\
                    Reproduce with:\n\n    curl\n\n__ GET /b __\n- ST2 Worse\n==== SUMMARY ====\nmore\n";
        assert_eq!(failures(said), "__ GET /a __\n1. Test Case ID: x\n- ST1 Wrong\n    why\n__ GET /b __\n- ST2 Worse");
        assert_eq!(failures("nothing of that"), "");
    }

    #[test]
    fn every_exclusion_names_a_role_an_operation_and_a_reason() {
        let folder = crate::root().join(SCRIPTS);
        let list = fs::read_to_string(folder.join("excluded.txt")).expect("the list is there");
        let document = fs::read_to_string(crate::root().join("openapi.json")).expect("the document is there");
        let document: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<_> = line.split('|').map(str::trim).collect();
            let [what, role, operation, why] = parts[..] else { panic!("{line:?} has not four parts") };
            assert!(matches!(what, "sent" | "done"), "{line:?}");
            assert!(role == "*" || ROLES.contains(&role), "{line:?} names no role");
            assert!(why.len() > 10, "{line:?} gives no reason");
            let (method, path) = operation.split_once(' ').expect("a method and a path");
            assert!(document["paths"][path][method.to_lowercase()].is_object(), "{line:?} names no operation");
        }
    }
}
