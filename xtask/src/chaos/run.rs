//! Owns one run from its start to its verdict: quiet, faults, healing, quiet, audit.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::audit;
use super::client::Http;
use super::database::Database;
use super::inquiry;
use super::ledger::Entry;
use super::load::Load;
use super::log::Log;
use super::meter::Meter;
use super::money;
use super::plan::{Fault, Plan, Step};
use super::proxy::Hits;
use super::report::{Counts, Report, Speed};
use super::scene::Scene;
use crate::clock::{self, Stopwatch, Took};
use crate::shell::Command;

/// How long servers may take to be ready when all is healed; and, from then, to be as fast as before.
const BACK_MAX: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);
/// Each client rests so long behind a wish while its speed is measured: nearly as fast as the servers can, and not so
/// much faster than the audit, which sends everything again.
const REST_MEASURED: Duration = Duration::from_millis(8);
/// And so long while things break.
const REST: Duration = Duration::from_millis(40);
/// Enough for what so long a run writes, and for what the database puts there before.
const DISK_MB: u64 = 768;
const DISK_MB_PER_MINUTE: u64 = 192;

const COMMITS: &str = "COMMITs seen";
const BLIND: &str = "BLIND: no COMMIT was recognised on the way to the database, so none was hurt";

/// What to do.
pub(super) struct Run<'a> {
    pub(super) binary: &'a Path,
    pub(super) database: Database,
    pub(super) whole: Duration,
    pub(super) seed: u64,
}

/// A run that is going on.
struct Course {
    scene: Scene,
    load: Load,
    meter: Meter,
    since: Stopwatch,
}

impl Run<'_> {
    /// All of it; logs go to the folder.
    pub(super) fn run(&self, folder: &Path) -> Result<Report> {
        let plan = Plan::new(self.seed, self.whole, self.database);
        let _old = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let disk_mb = DISK_MB + DISK_MB_PER_MINUTE * self.whole.as_secs().div_ceil(60);
        let scene = Scene::start(self.database, self.binary, folder, disk_mb)?;
        println!("\nchaos: {}, seed {}, {} faults", scene.title(), self.seed, plan.steps.len());
        let since = Stopwatch::start();
        let log = Arc::new(Log::create(&folder.join("tries.jsonl"))?);
        let load = Load::start(&scene.fleet.addresses(), &log, self.seed)?;
        let mut course = Course { scene, load, meter: Meter::default(), since };
        let speed = course.play(&plan)?;
        let Course { scene, load, .. } = course;
        let entries = load.finish()?;
        let (counts, mut violations) = examine(&scene, &log, entries)?;
        violations.extend(check(&scene, self.binary, folder)?);
        violations.extend(scene.fleet.panics());
        violations.extend(scene.surprises.iter().cloned());
        let hits = hits(&scene);
        violations.extend(hits.iter().filter(|hit| **hit == (COMMITS, 0)).map(|_| BLIND.to_owned()));
        if speed.back_after.is_none() {
            violations.push(format!("SLOW: {speed}"));
        }
        fs::write(folder.join("violations.txt"), violations.join("\n")).context("writing the violations")?;
        Ok(Report {
            database: self.database,
            title: scene.title(),
            seed: self.seed,
            took: since.elapsed(),
            hits,
            injected: scene.injected.clone(),
            classes: log.finish(),
            counts,
            speed,
            violations,
        })
    }
}

impl Course {
    /// The plan, and the healing behind it.
    fn play(&mut self, plan: &Plan) -> Result<Speed> {
        self.load.rest(REST_MEASURED);
        self.pass_until(plan.warm_up, None)?;
        let from = self.since.elapsed();
        self.pass_until(from + plan.before, None)?;
        let before = self.meter.median(from, self.since.elapsed()).context("nothing was measured")?;
        self.say(&format!("{before:.0} answers a second; now the faults"));
        self.load.rest(REST);
        let begin = self.since.elapsed();
        for step in plan.steps.iter().filter(|step| self.scene.can(step.fault)).cloned().collect::<Vec<_>>() {
            self.pass_until(begin + step.begins, None)?;
            self.say(&format!("{} ({}) for {:.1} s", step.fault, step.target, step.lasts.as_secs_f64()));
            self.scene.begin(&step)?;
            let until = self.since.elapsed() + step.lasts;
            self.pass_until(until, Some(&step))?;
            self.scene.end(&step)?;
        }
        self.heal(Speed { before, ..Speed::default() })
    }

    /// Waits until all is as it was: every server ready, and as fast as before.
    fn heal(&mut self, mut speed: Speed) -> Result<Speed> {
        let healed = self.since.elapsed();
        self.scene.restart_stopped()?;
        self.scene.fleet.wait_until_ready(BACK_MAX)?;
        speed.ready_after = self.since.elapsed().saturating_sub(healed);
        self.say(&format!("healed; ready after {:.1} s", speed.ready_after.as_secs_f64()));
        self.load.rest(REST_MEASURED);
        let full = self.since.elapsed();
        while speed.back_after.is_none() && self.since.elapsed() < healed + BACK_MAX {
            self.pass_until(self.since.elapsed() + TICK, None)?;
            let now = self.since.elapsed();
            if let Some(best) = self.meter.best(full, now) {
                speed.after = best.rate;
                speed.back_after = speed.is_back(best.rate).then(|| best.ends.saturating_sub(healed));
            }
        }
        self.say(&format!("answers a second before and after: {speed}"));
        Ok(speed)
    }

    /// Lets time pass: a fault goes on, throughput is read, and what falls is seen.
    fn pass_until(&mut self, until: Duration, step: Option<&Step>) -> Result<()> {
        let is_disk_full = step.is_some_and(|step| step.fault == Fault::DiskFull);
        let is_down = step.is_some_and(|step| step.fault == Fault::DatabaseKilled);
        loop {
            let now = self.since.elapsed();
            self.meter.read(now, self.load.answered());
            if now >= until {
                return Ok(());
            }
            if let Some(step) = step {
                self.scene.go_on(step);
            }
            self.scene.watch(is_disk_full || is_down)?;
            clock::pause(TICK.min(until.saturating_sub(self.since.elapsed())));
        }
    }

    fn say(&self, text: &str) {
        println!("  {:>11}  {text}", Took(self.since.elapsed()).to_string());
    }
}

/// Asks every key and lists every order; gives what was counted and what is wrong.
fn examine(scene: &Scene, log: &Arc<Log>, entries: Vec<Entry>) -> Result<(Counts, Vec<String>)> {
    println!("  quiet; {} keys are sent again", entries.len());
    let http = Http::new(&scene.fleet.addresses());
    let cases = inquiry::ask_all(&http, log, entries);
    println!("  payments come to an end");
    let (money, wrong) = money::settle(&http, &scene.provider, &cases)?;
    let orders = inquiry::list_all(&http)?;
    let dark = || cases.iter().filter(|case| case.before.dark > 0);
    let counts = Counts {
        keys: cases.len(),
        orders: orders.len(),
        tries: cases.iter().map(|case| u64::from(case.before.tries) + 1).sum(),
        dark: dark().count(),
        explained: dark().filter(|case| case.now.is_ok()).count(),
        money,
    };
    let breaches = audit::judge(&cases, &orders);
    Ok((counts, breaches.iter().map(ToString::to_string).chain(wrong).collect()))
}

/// `mideng check` on the database, past all proxies.
fn check(scene: &Scene, binary: &Path, folder: &Path) -> Result<Option<String>> {
    let (flag, value) = scene.database_flag();
    let command = Command::of(binary).words("check").words(flag).text(&value).bare();
    let (text, is_clean) = command.captured_in(folder)?;
    fs::write(folder.join("check.txt"), &text).context("writing what the check says")?;
    Ok((!is_clean).then(|| format!("CHECK: `mideng check` says\n{text}")))
}

/// What the proxies did, all together.
fn hits(scene: &Scene) -> Vec<(&'static str, u64)> {
    type Count = fn(&Hits) -> &AtomicU64;
    let names: [(&str, Count); 9] = [
        ("connections made", |hits| &hits.connections),
        (COMMITS, |hits| &hits.commits),
        ("COMMITs cut off", |hits| &hits.commits_cut),
        ("replies to COMMIT dropped", |hits| &hits.replies_dropped),
        ("COMMITs late", |hits| &hits.commits_late),
        ("connections cut", |hits| &hits.cut),
        ("connections refused", |hits| &hits.refused),
        ("pieces held back in silence", |hits| &hits.held),
        ("pieces delayed", |hits| &hits.delayed),
    ];
    let sum = |count: Count| scene.proxies.iter().map(|proxy| count(proxy.hits()).load(Ordering::Relaxed)).sum::<u64>();
    if scene.proxies.is_empty() { Vec::new() } else { names.map(|(name, count)| (name, sum(count))).to_vec() }
}
