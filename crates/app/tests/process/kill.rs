//! Owns SIGKILL in the middle of a storm: nothing acknowledged is lost, nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::harness::{Answer, Database, Folder, Kind, Server, Shopper, until};

/// What the clients know: each key that was sent, with its answer if one came.
type Log = BTreeMap<String, Option<Answer>>;

const CLIENTS: usize = 8;

/// Places orders until the server is gone.
async fn shop_until_cut(admin: Shopper, name: String, answered: Arc<AtomicUsize>) -> Log {
    let mut log = Log::new();
    for order in 0.. {
        let key = format!("{name}-{order}");
        let answer = admin.place(&key).await.ok().map(|answer| answer.expect(201));
        let is_cut = answer.is_none();
        log.insert(key, answer);
        if is_cut {
            break;
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    log
}

/// A storm on a server that is killed after so many answers.
async fn storm(server: Server, round: usize, answers: usize) -> Log {
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            tokio::spawn(shop_until_cut(server.admin.clone(), format!("r{round}-c{client}"), answered.clone()))
        })
        .collect();
    until("so many answers", async || answered.load(Ordering::Relaxed) >= answers).await;
    server.kill().await;
    let mut log = Log::new();
    for client in clients {
        log.extend(client.await.expect("a client does not panic"));
    }
    log
}

/// Sends everything again: what was answered must be answered the same, what was not gets its answer now.
async fn send_again(admin: &Shopper, log: &mut Log) {
    for (key, known) in log {
        let answer = admin.place(key).await.expect("the server is there").expect(201);
        match known {
            Some(first) => answer.replays(first),
            // Killed before the commit it is executed now; behind it, replayed.
            None => *known = Some(Answer { is_replay: false, ..answer }),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_02_f_03_kill_9_in_a_storm() {
    let folder = Folder::new();
    let mut random = StdRng::seed_from_u64(2_003);
    let mut log = Log::new();
    let mut server = folder.serve(&[]).await;
    server.admin.stock_up(1_000_000).await;
    for round in 0..4 {
        let answers = random.random_range(20..150);
        log.extend(storm(server, round, answers).await);
        folder.check().await;
        server = folder.serve(&[]).await;
        send_again(&server.admin, &mut log).await;
        // And once more: now every answer is known.
        send_again(&server.admin, &mut log).await;
        let orders = server.admin.orders().await;
        let keys: BTreeSet<_> = orders.iter().cloned().collect();
        assert_eq!(keys.len(), orders.len(), "one order for each key");
        assert_eq!(keys, log.keys().cloned().collect(), "no order is lost, none came from nowhere");
        let sold = i64::try_from(orders.len()).expect("a small number");
        assert_eq!(server.admin.stock().await, [1_000_000, sold, 1_000_000 - sold]);
    }
    server.stop().await;
    folder.check().await;
}

/// Killed while its first start makes the tables: the next start makes them whole.
async fn a_kill_during_the_first_start_does_no_harm(kind: Kind, latest_ms: u64) {
    let database = Database::new(kind);
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..6 {
        let mut child = database.serving().spawn().expect("the binary runs");
        let moment = std::time::Duration::from_millis(random.random_range(1..latest_ms));
        // Whether it has ended by then does not matter: any moment will do.
        let _ended = tokio::time::timeout(moment, child.wait()).await;
        child.kill().await.expect("it is killed");
    }
    let nodes = database.nodes(1).await;
    nodes[0].admin.stock_up(5).await;
    nodes[0].admin.place("k1").await.expect("the server is there").expect(201);
    database.close(nodes).await;
}

#[tokio::test]
async fn a_first_start_on_sqlite() {
    a_kill_during_the_first_start_does_no_harm(Kind::Sqlite, 60).await;
}

#[tokio::test]
async fn a_first_start_on_postgres() {
    a_kill_during_the_first_start_does_no_harm(Kind::Postgres, 300).await;
}

#[tokio::test]
async fn a_first_start_on_mariadb() {
    a_kill_during_the_first_start_does_no_harm(Kind::MariaDb, 400).await;
}
