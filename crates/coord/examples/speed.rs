//! Measures what a coordinator costs beside what it is compared with, in one run:
//! `speed gcra`, `speed striped-lock`, `speed redis-lock redis://[user:password@]host:port`. It prints one line of JSON; a
//! run is one round.

use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use coord::limit::{LocalLimit, Rate};
use coord::lock::{Lock, RedisLock, StripedLock, Terms};
use coord::redis::Timeouts;
use coord::{Limit, Redis};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Tasks that want a lock at once, each again when it has given it back; connections of redis-benchmark.
const TASKS: usize = 64;
const KEYS: usize = 16;
/// As long as a statement of a database may take.
const WORK: Duration = Duration::from_millis(1);
/// For each side of a round.
const TIME: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let figures = match arguments[..] {
        ["gcra"] => limits().await,
        ["striped-lock"] => stripes().await,
        ["redis-lock", url] => on_redis(url).await,
        _ => panic!("say gcra, striped-lock, or redis-lock and the address of a Redis"),
    };
    println!("{figures}");
}

/// Nanoseconds of a check, by itself and behind the trait.
async fn limits() -> Value {
    const CHECKS: u32 = 5_000_000;
    let limit = LocalLimit::new(100_000);
    let dynamic: &dyn Limit = &limit;
    let rate = Rate::new(NonZeroU32::new(1_000).expect("more than none"), Duration::from_secs(1));
    let names: Vec<_> = (0..1_000).map(|number| format!("tenant-{number}:POST /orders")).collect();
    let began_at = Instant::now();
    for at in 0..CHECKS {
        limit.check_now(&names[at as usize % names.len()], rate, 1).expect("there is room");
    }
    let direct = began_at.elapsed();
    let began_at = Instant::now();
    for at in 0..CHECKS {
        dynamic.check(&names[at as usize % names.len()], rate, 1).await.expect("there is room");
    }
    let each_ns = |took: Duration| took.as_secs_f64() * 1e9 / f64::from(CHECKS);
    json!({ "direct_ns": each_ns(direct), "dynamic_ns": each_ns(began_at.elapsed()) })
}

/// Turns a second under the lock of a key, and under one mutex for all keys.
async fn stripes() -> Value {
    let mutex = Arc::new(Mutex::new(()));
    let global = turns(move |_| {
        let mutex = Arc::clone(&mutex);
        async move {
            let _guard = mutex.lock().await;
            sleep(WORK).await;
        }
    })
    .await;
    let lock = StripedLock::new();
    let striped = turns(move |task| {
        let lock = lock.clone();
        async move {
            let terms = Terms { wait: Duration::from_mins(1), ..Terms::default() };
            let _guard = lock.acquire(&format!("key-{}", task % KEYS), terms).await.expect("in time");
            sleep(WORK).await;
        }
    })
    .await;
    json!({ "striped": striped, "global": global })
}

/// How many turns a second all tasks take together.
async fn turns<F: Future<Output = ()> + Send>(turn: impl Fn(usize) -> F + Clone + Send + 'static) -> f64 {
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

/// Locks taken and given back in a second: with a connection for each task, so that no question travels with another one,
/// and with one for all, as a server has it; and redis-benchmark's questions a second.
async fn on_redis(url: &str) -> Value {
    let asked = url.to_owned();
    let scripts = tokio::task::spawn_blocking(move || script_rate(&asked)).await.expect("it has no fault");
    let alone = pairs((0..TASKS).map(|_| lock(url)).collect()).await;
    let shared = pairs(vec![lock(url); TASKS]).await;
    json!({ "alone": alone, "shared": shared, "scripts": scripts })
}

fn lock(url: &str) -> Arc<RedisLock> {
    let timeouts = Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(5) };
    let address = url.parse().expect("an address of one server");
    Arc::new(RedisLock::on(Redis::open(address, timeouts), "speed:"))
}

async fn pairs(locks: Vec<Arc<RedisLock>>) -> f64 {
    for lock in &locks {
        // Connections are made before it is measured.
        lock.try_acquire("first", Terms::default()).await.expect("it is free").release().await.expect("it answers");
    }
    let locks = Arc::new(locks);
    turns(move |task| {
        let lock = Arc::clone(&locks[task]);
        async move {
            let guard = lock.try_acquire(&format!("key-{task}"), Terms::default()).await.expect("it is free");
            guard.release().await.expect("it answers");
        }
    })
    .await
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
        .args(["-c", &clients, "-P", "1", "-n", "150000", "--csv"])
        .args(["EVALSHA", sum.trim(), "1", "speed:other", "value", "1000"])
        .output()
        .expect("redis-benchmark runs");
    let text = String::from_utf8(asked.stdout).expect("it is text");
    let line = text.lines().find(|line| line.contains("EVALSHA")).unwrap_or_else(|| panic!("no result in: {text}"));
    let rate = line.rsplit_once("\",\"").map(|_| line.split("\",\"").nth(1).unwrap_or_default().trim_matches('"'));
    rate.and_then(|rate| rate.parse().ok()).unwrap_or_else(|| panic!("no rate in: {line}"))
}
