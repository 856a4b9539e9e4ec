//! Measures what a coordinator costs, each beside what it is compared with, in one run:
//! `cargo run --release -p coord --example speed -- redis://[user:password@]host:port`. Without an address only what is
//! within the process is measured.

use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use coord::limit::{LocalLimit, Rate};
use coord::lock::{Lock, RedisLock, StripedLock, Terms};
use coord::redis::Timeouts;
use coord::{Limit, Redis};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const TASKS: usize = 64;
const KEYS: usize = 16;
/// As long as a statement of a database may take.
const WORK: Duration = Duration::from_millis(1);
const ROUNDS: usize = 5;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    limits().await;
    stripes().await;
    if let Some(url) = std::env::args().nth(1) {
        on_redis(&url).await;
    }
}

async fn limits() {
    const CHECKS: u32 = 2_000_000;
    let limit = LocalLimit::new(100_000);
    let dynamic: &dyn Limit = &limit;
    let rate = Rate::new(NonZeroU32::new(1_000).expect("more than none"), Duration::from_secs(1));
    let names: Vec<_> = (0..1_000).map(|number| format!("tenant-{number}:POST /orders")).collect();
    let mut best = [f64::MAX; 2];
    for _ in 0..ROUNDS {
        let began_at = Instant::now();
        for at in 0..CHECKS {
            limit.check_now(&names[at as usize % names.len()], rate, 1).expect("there is room");
        }
        best[0] = best[0].min(began_at.elapsed().as_secs_f64() * 1e9 / f64::from(CHECKS));
        let began_at = Instant::now();
        for at in 0..CHECKS {
            dynamic.check(&names[at as usize % names.len()], rate, 1).await.expect("there is room");
        }
        best[1] = best[1].min(began_at.elapsed().as_secs_f64() * 1e9 / f64::from(CHECKS));
    }
    println!("limit, in the process, 1,000 names: {:.0} ns a check, {:.0} ns through the trait", best[0], best[1]);
}

async fn stripes() {
    let mut global = Vec::new();
    let mut striped = Vec::new();
    for _ in 0..ROUNDS {
        let mutex = Arc::new(Mutex::new(()));
        global.push(
            turns(move |_| {
                let mutex = Arc::clone(&mutex);
                async move {
                    let _guard = mutex.lock().await;
                    sleep(WORK).await;
                }
            })
            .await,
        );
        let lock = StripedLock::new();
        striped.push(
            turns(move |task| {
                let lock = lock.clone();
                async move {
                    let terms = Terms { wait: Duration::from_mins(1), ..Terms::default() };
                    let _guard = lock.acquire(&format!("key-{}", task % KEYS), terms).await.expect("in time");
                    sleep(WORK).await;
                }
            })
            .await,
        );
    }
    let (global, striped) = (middle(global), middle(striped));
    println!(
        "{TASKS} tasks, 1 ms of work: one mutex {global:.0}/s, striped over {KEYS} keys {striped:.0}/s: {:.1} times",
        striped / global
    );
}

/// How many turns a second all tasks take together.
async fn turns<F: Future<Output = ()> + Send>(turn: impl Fn(usize) -> F + Clone + Send + 'static) -> f64 {
    const TIME: Duration = Duration::from_secs(1);
    let began_at = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let turn = turn.clone();
        tasks.spawn(async move {
            let mut turns = 0_u32;
            while began_at.elapsed() < TIME {
                turn(task).await;
                turns += 1;
            }
            turns
        });
    }
    let turns: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(turns) / began_at.elapsed().as_secs_f64()
}

async fn on_redis(url: &str) {
    let timeouts = Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(5) };
    let address = url.parse().expect("an address of one server");
    let lock = Arc::new(RedisLock::on(Redis::open(address, timeouts), "speed:"));
    let mut scripts = Vec::new();
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let asked = url.to_owned();
        scripts.push(tokio::task::spawn_blocking(move || script_rate(&asked)).await.expect("it has no fault"));
        let lock = Arc::clone(&lock);
        pairs.push(
            turns(move |task| {
                let lock = Arc::clone(&lock);
                async move {
                    let guard = lock.try_acquire(&format!("key-{task}"), Terms::default()).await.expect("it is free");
                    guard.release().await.expect("it answers");
                }
            })
            .await,
        );
    }
    let (scripts, pairs) = (middle(scripts), middle(pairs));
    println!(
        "{TASKS} at once: EVALSHA by redis-benchmark {scripts:.0}/s, lock and unlock {pairs:.0}/s: {:.2} of half",
        pairs / (scripts / 2.0)
    );
}

/// What redis-benchmark does, not pipelined, with a script that takes a lock which its caller has.
fn script_rate(url: &str) -> f64 {
    let script = "return redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";
    let tool = |name: &str| {
        let mut command = Command::new(name);
        command.args(["-u", url]);
        command
    };
    let sum = tool("redis-cli").args(["--no-auth-warning", "SCRIPT", "LOAD", script]).output().expect("redis-cli runs");
    let sum = String::from_utf8(sum.stdout).expect("it is text");
    let clients = TASKS.to_string();
    let asked = tool("redis-benchmark")
        .args(["-c", &clients, "-n", "100000", "--csv", "EVALSHA", sum.trim(), "1", "speed:other", "value", "1000"])
        .output()
        .expect("redis-benchmark runs");
    let text = String::from_utf8(asked.stdout).expect("it is text");
    let line = text.lines().find(|line| line.contains("EVALSHA")).unwrap_or_else(|| panic!("no result in: {text}"));
    let rate = line.rsplit_once("\",\"").map(|_| line.split("\",\"").nth(1).unwrap_or_default().trim_matches('"'));
    rate.and_then(|rate| rate.parse().ok()).unwrap_or_else(|| panic!("no rate in: {line}"))
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
