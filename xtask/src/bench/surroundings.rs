//! Owns saying where and when something was measured: machine, disk, toolchain, commit, day.

use std::fs::{self, File};
use std::io::Write;

use anyhow::{Context, Result};

use super::Bench;
use super::report::median;
use crate::clock::Stopwatch;
use crate::shell::Command;

const FLUSHES: u32 = 200;

/// One sentence.
pub(super) fn look(bench: &Bench) -> Result<String> {
    let say = |line: &str| Command::new(line).output_in(&bench.root).map(|text| text.trim().to_owned());
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(": ").map(|(_, name)| name.to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let changed = if say("git status --porcelain --untracked-files=no")?.is_empty() { "" } else { ", with changes" };
    Ok(format!(
        "{} with {cores} cores, {}, a flush of 4 KiB to disk {:.0} µs, {}, commit {}{changed}, {}",
        processor.unwrap_or_else(|| "an unnamed processor".to_owned()),
        say("uname -sr")?,
        flush_us(bench)?,
        say("rustc --version")?,
        say("git rev-parse --short HEAD")?,
        say("date -u +%F")?,
    ))
}

/// Says so where something else is running: a ratio between two sides bears that, but not well.
pub(super) fn warn_if_busy() {
    let Ok(text) = fs::read_to_string("/proc/loadavg") else { return };
    let load: f64 = text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default();
    if load > 0.5 {
        println!("WARNING: this machine is busy, its load average is {load}; figures from a quiet one are better");
    }
}

/// How long the disk takes to say that 4 KiB are safe: what a commit cannot be faster than.
fn flush_us(bench: &Bench) -> Result<f64> {
    let path = bench.folder.join("flush");
    let mut file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    let times = (0..FLUSHES)
        .map(|_| {
            let stopwatch = Stopwatch::start();
            file.write_all(&[0; 4_096])?;
            file.sync_data()?;
            Ok(stopwatch.elapsed().as_secs_f64() * 1e6)
        })
        .collect::<Result<Vec<_>>>()?;
    fs::remove_file(&path)?;
    Ok(median(&times))
}
