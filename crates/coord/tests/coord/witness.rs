//! Owns the competition with locks of other authors for one key of one Redis: npm's redlock, redis-py's own lock, and
//! python-redis-lock.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use coord::lock::{Keep, Lock, NotAcquired, RedisLock, Released, Terms};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::contract::{AT_ONCE, PATIENT};
use crate::harness::{PATIENCE, Server, client, variable};

const LIBRARIES: [&str; 3] = ["redlock", "redis-py", "python-redis-lock"];
const RESOURCE: &str = "lock:order-7";
const LOG: &str = "turns";
const OURS: usize = 2;

/// Asks a library; it gives up by itself.
async fn ask(server: &Server, library: &str, task: &str, seconds: u64) -> Value {
    let (interpreter, script) = match library {
        "redlock" => (variable("TEST_WITNESS_NODE"), "redlock.cjs"),
        _ => (variable("TEST_WITNESS_PYTHON"), "locks.py"),
    };
    let question = json!({
        "url": server.url(), "library": library, "task": task, "resource": RESOURCE, "log": LOG, "seconds": seconds,
    });
    let mut command = Command::new(interpreter);
    command.arg(format!("{}/tests/witness/{script}", env!("CARGO_MANIFEST_DIR")));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("the interpreter is there");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(question.to_string().as_bytes()).await.expect("it reads");
    drop(input);
    let most = PATIENCE * 3 + Duration::from_secs(seconds);
    let output = timeout(most, child.wait_with_output()).await.expect("it answers in time").expect("it ends");
    assert!(output.status.success(), "{library} failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("it answers JSON")
}

/// Takes turns like the others, and writes them down.
async fn compete(lock: Arc<RedisLock>, url: String, number: usize, seconds: u64) {
    let connection = redis::Client::open(url).expect("an address");
    let mut redis = connection.get_multiplexed_async_connection().await.expect("it is there");
    let began_at = Instant::now();
    let mut turn = 0;
    while began_at.elapsed() < Duration::from_secs(seconds) {
        let terms = Terms { lease: Duration::from_secs(10), wait: PATIENCE * 3, ..PATIENT };
        let guard = lock.acquire(RESOURCE, terms).await.expect("it comes to everybody");
        for what in ["begin", "end"] {
            let line = format!("{what} coord-{number}-{turn}");
            let _length: i64 =
                redis::cmd("RPUSH").arg(LOG).arg(line).query_async(&mut redis).await.expect("it answers");
        }
        assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
        turn += 1;
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_of_four_authors_never_have_two_holders() {
    let seconds = if std::env::var_os("MIDENG_LONG").is_some() { 60 } else { 6 };
    let server = Server::start().await;
    let ours: Vec<_> = (0..OURS)
        .map(|number| {
            let lock = Arc::new(RedisLock::on(client(&server.url()), ""));
            tokio::spawn(compete(lock, server.url(), number, seconds))
        })
        .collect();
    let theirs = LIBRARIES.map(|library| ask(&server, library, "compete", seconds));
    let [redlock, own, package] = theirs;
    let answers = tokio::join!(redlock, own, package);
    for task in ours {
        task.await.expect("it had no fault");
    }
    let log: Vec<String> = server.ask(&format!("LRANGE {LOG} 0 -1")).await.expect("it answers");
    let turns = turns_of(&log);
    println!("{turns:?} in {seconds} s");
    for (library, answer) in LIBRARIES.iter().zip([answers.0, answers.1, answers.2]) {
        assert_eq!(answer["turns"].as_u64(), turns.get(*library).copied(), "{library}: {answer}");
    }
    // Nobody was kept out, so that each was a rival.
    for who in LIBRARIES.iter().chain(&["coord"]) {
        assert!(turns.get(*who).is_some_and(|&turns| turns >= 10), "{who} hardly had a turn: {turns:?}");
    }
}

/// How many each had; it fails where one begins before the last has ended.
fn turns_of(log: &[String]) -> BTreeMap<&str, u64> {
    let mut turns = BTreeMap::new();
    assert_eq!(log.len() % 2, 0, "the last did not end");
    for pair in log.chunks(2) {
        let began = pair[0].strip_prefix("begin ").unwrap_or_else(|| panic!("two hold it: {pair:?}"));
        assert_eq!(pair[1].strip_prefix("end "), Some(began), "two hold it: {pair:?}");
        let library =
            ["redlock", "redis-py", "python-redis-lock", "coord"].into_iter().find(|it| began.starts_with(it));
        *turns.entry(library.expect("it says who")).or_default() += 1;
    }
    turns
}

#[test]
fn turns_that_overlap_are_found() {
    let log = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let fine = log("begin redlock-1, end redlock-1, begin coord-0-1, end coord-0-1");
    assert_eq!(turns_of(&fine), BTreeMap::from([("coord", 1), ("redlock", 1)]));
    let overlap = log("begin redlock-1, begin coord-0-1, end redlock-1, end coord-0-1");
    std::panic::catch_unwind(|| turns_of(&overlap)).expect_err("two hold it");
}

#[tokio::test]
async fn their_scripts_cannot_release_ours() {
    let server = Server::start().await;
    let lock = RedisLock::on(client(&server.url()), "");
    let terms = Terms { lease: Duration::from_mins(1), ..AT_ONCE };
    let guard = lock.try_acquire(RESOURCE, terms).await.expect("it is free");
    for library in LIBRARIES {
        let answer = ask(&server, library, "steal", 0).await;
        assert_eq!(answer, json!({ "refused": true, "held": true }), "{library}");
        assert!(matches!(lock.try_acquire(RESOURCE, AT_ONCE).await, Err(NotAcquired::Held)), "{library}");
    }
    assert_eq!(guard.release().await.expect("it answers"), Released::Freed);
}

#[tokio::test]
async fn ours_cannot_release_theirs() {
    for library in LIBRARIES {
        let server = Server::start().await;
        let lock = RedisLock::on(client(&server.url()), "");
        let old = lock.try_acquire(RESOURCE, Terms { keep: Keep::OneLease, ..AT_ONCE }).await.expect("it is free");
        let taken = ask(&server, library, "take", 0).await;
        assert_eq!(old.release().await.expect("it answers"), Released::Lost, "{library}");
        let kept: String = server.ask(&format!("GET {RESOURCE}")).await.expect("it is there");
        assert_eq!(taken["value"], kept, "{library}");
        assert!(matches!(lock.try_acquire(RESOURCE, AT_ONCE).await, Err(NotAcquired::Held)), "{library}");
    }
}
