//! Owns `mideng conform`: the command line of the conformance program. What is asked, and how, is the crate's business.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::conform::{Outcome, Profile, Report, Verdict};
use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::terminal;

/// Ask a service that holds idempotency keys everything it must do. Exit code 1 if a row failed.
///
/// A row whose means are missing is told as not applicable. Bodies are JSON or `@FILE`; `{{n}}` becomes a new number and
/// `{{random}}` a new word.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A JSON file of these settings, by their names with underscores; flags stand over it
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Write the result as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    flags: Box<Flags>,
}

/// Members of a profile.
#[derive(clap::Args, Serialize)]
struct Flags {
    /// Where the service is
    #[arg(long)]
    url: Option<String>,
    /// Another node of it; repeatable
    #[arg(long = "node", value_name = "URL")]
    more_urls: Option<Vec<String>>,
    /// The method of the route [default: POST]
    #[arg(long)]
    method: Option<String>,
    /// A path where a key is required
    #[arg(long)]
    route: Option<String>,
    /// A header of every request, 'Authorization: Bearer …'; repeatable
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Option<Vec<String>>,
    /// A header of a second caller's requests, in place of the first one's; repeatable
    #[arg(long = "other-header", value_name = "NAME: VALUE")]
    other_headers: Option<Vec<String>>,
    /// What the bodies are [default: application/json]
    #[arg(long)]
    content_type: Option<String>,
    /// The body of a request that succeeds
    #[arg(long)]
    body: Option<String>,
    /// The body of another request that succeeds
    #[arg(long)]
    other_body: Option<String>,
    /// In place of the other body: where the body is changed
    #[arg(long, value_name = "POINTER")]
    vary: Option<String>,
    /// A member that the service leaves out of its comparison
    #[arg(long, value_name = "POINTER")]
    excluded: Option<String>,
    /// What names the thing that was made, in the answer [default: the header Location]
    #[arg(long, value_name = "POINTER")]
    identity: Option<String>,
    /// A path that counts effects
    #[arg(long, value_name = "PATH")]
    effects: Option<String>,
    /// Where the count stands: a number, or an array
    #[arg(long, value_name = "POINTER")]
    effects_pointer: Option<String>,
    /// A path where a key may be missing
    #[arg(long, value_name = "PATH")]
    optional_route: Option<String>,
    /// The body there
    #[arg(long)]
    optional_body: Option<String>,
    /// A path that is only read
    #[arg(long, value_name = "PATH")]
    get_route: Option<String>,
    /// The body of a request that the business refuses for good
    #[arg(long)]
    refused_body: Option<String>,
    /// The body of a request that is refused before anything is done
    #[arg(long)]
    invalid_body: Option<String>,
    /// The body of a request whose answer is longer than what the service keeps
    #[arg(long)]
    large_body: Option<String>,
    /// So many bytes are too many
    #[arg(long, value_name = "N")]
    big_body_bytes: Option<usize>,
    /// The body of a request that takes its time
    #[arg(long)]
    slow_body: Option<String>,
    /// A header that makes a request take its time
    #[arg(long, value_name = "NAME: VALUE")]
    slow_header: Option<String>,
    /// A header that makes it take longer than a duplicate waits
    #[arg(long, value_name = "NAME: VALUE")]
    slower_header: Option<String>,
    /// A header that makes the handler panic
    #[arg(long, value_name = "NAME: VALUE")]
    panic_header: Option<String>,
    /// So long after it was sent, a slow request is being worked on [default: 150]
    #[arg(long, value_name = "MS")]
    in_flight_ms: Option<u64>,
    /// A key that is too easy to guess for the service
    #[arg(long, value_name = "KEY")]
    weak_key: Option<String>,
    /// A path that takes the body's members as a form of several parts
    #[arg(long, value_name = "PATH")]
    multipart_route: Option<String>,
    /// A path that answers without a body
    #[arg(long, value_name = "PATH")]
    empty_route: Option<String>,
    /// A path of the same method where the key is another request's
    #[arg(long, value_name = "PATH")]
    other_route: Option<String>,
    /// Another method of the route
    #[arg(long, value_name = "METHOD")]
    other_method: Option<String>,
    /// A key must be a quoted string
    #[arg(long)]
    #[serde(skip_serializing_if = "is_not_said")]
    strict: bool,
    /// What must happen to a duplicate in flight: attach or reject
    #[arg(long)]
    mode: Option<String>,
    /// A line of the shell that starts the service and stays with it
    #[arg(long, value_name = "LINE")]
    start: Option<String>,
    /// A line of the shell that kills it, in place of SIGKILL
    #[arg(long, value_name = "LINE")]
    kill: Option<String>,
    /// How often it is killed [default: 3]
    #[arg(long, value_name = "N")]
    kills: Option<u32>,
    /// A line of the shell that takes the store of keys away
    #[arg(long, value_name = "LINE")]
    store_down: Option<String>,
    /// A line of the shell that gives it back
    #[arg(long, value_name = "LINE")]
    store_up: Option<String>,
    /// A line of the shell that empties what is in front of the store
    #[arg(long, value_name = "LINE")]
    forget: Option<String>,
    /// So many requests at once [default: 100]
    #[arg(long, value_name = "N")]
    parallel: Option<usize>,
    /// The rows to ask, such as H,B-02
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// The rows not to ask
    #[arg(long, value_delimiter = ',')]
    except: Option<Vec<String>>,
    /// How long an answer may take [default: 10]
    #[arg(long = "timeout", value_name = "SECONDS")]
    timeout_s: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_not_said(flag: &bool) -> bool {
    !*flag
}

/// `mideng conform`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let profile = profile(&args)?;
    let report = tokio::select! {
        report = ::conform::run(&profile, &line) => report?,
        // Dropped in the middle, it kills what it started.
        _interrupted = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    };
    println!("{}", sum(&report));
    if let Some(file) = &args.junit {
        std::fs::write(file, report.junit()).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(if report.failed().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The profile with the flags over it, and the files of bodies read: those of a profile stand beside it.
fn profile(args: &Args) -> anyhow::Result<Profile> {
    let mut members = Map::new();
    if let Some(file) = &args.profile {
        members = serde_json::from_str(&text(file)?).with_context(|| format!("reading {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        read_bodies(&mut members, folder)?;
    }
    let Value::Object(mut flags) = serde_json::to_value(&args.flags)? else { unreachable!("flags have names") };
    flags.retain(|_, value| !value.is_null());
    read_bodies(&mut flags, Path::new("."))?;
    members.extend(flags);
    Ok(Profile::from_value(Value::Object(members))?)
}

fn read_bodies(members: &mut Map<String, Value>, folder: &Path) -> anyhow::Result<()> {
    for (_, value) in members.iter_mut().filter(|(name, _)| name.ends_with("body")) {
        if let Some(name) = value.as_str().and_then(|text| text.strip_prefix('@')) {
            *value = Value::String(text(&folder.join(name))?);
        }
    }
    Ok(())
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

/// A row as soon as it is known: what is wrong stands below it.
fn line(outcome: &Outcome) {
    let head = |word: &str| format!("{}  {:<40}  {word}", outcome.id, outcome.title);
    match &outcome.verdict {
        Verdict::Passed { seen } if seen.is_empty() => println!("{}", head(&terminal::good("passed"))),
        Verdict::Passed { seen } => println!("{}  {}", head(&terminal::good("passed")), terminal::dim(seen)),
        Verdict::NotApplicable { why } => println!("{}", head(&terminal::dim(&format!("not applicable: {why}")))),
        Verdict::Failed { expected, seen } => {
            println!("{}", head(&terminal::bad("FAILED")));
            println!("        expected  {expected}\n        seen      {seen}");
        }
    }
}

fn sum(report: &Report) -> String {
    let counts = [report.passed().count(), report.failed().count(), report.not_applicable().count()];
    let sum = format!("{} passed, {} failed, {} not applicable", counts[0], counts[1], counts[2]);
    if counts[1] == 0 { terminal::bold(&sum) } else { terminal::bad(&sum) }
}
