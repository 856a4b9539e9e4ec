//! Owns backups of a database server, made and put back with its own tools while a server goes on: what was answered
//! before is answered the same from the copy.

use std::process::{Command, Output};

use crate::harness::{Database, Kind};

/// Runs two programs, the first into the second.
fn pipe(from: &[String], into: &[String]) {
    let quoted = |words: &[String]| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let line = format!("set -o pipefail; {} | {}", quoted(from), quoted(into));
    let output: Output = Command::new("bash").args(["-c", &line]).output().expect("bash runs");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The commands of docs/OPERATIONS.md.
fn copied(source: &Database, target: &Database, kind: Kind) {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match kind {
        Kind::Postgres => pipe(
            &[words("pg_dump --no-owner"), vec![source.url.clone()]].concat(),
            &[
                words("psql --quiet --single-transaction -v ON_ERROR_STOP=1 --output=/dev/null"),
                vec![target.url.clone()],
            ]
            .concat(),
        ),
        Kind::MariaDb => pipe(
            &[words("mariadb-dump --single-transaction"), source.flags(), vec![source.name()]].concat(),
            &[words("mariadb"), target.flags(), vec![target.name()]].concat(),
        ),
        Kind::Sqlite => unreachable!("a file is backed up by `mideng backup`"),
    }
}

async fn a_dump_holds_what_was_answered(kind: Kind) {
    let source = Database::new(kind);
    let nodes = source.nodes(1).await;
    nodes[0].admin.stock_up(100).await;
    let mut answers = Vec::new();
    for at in 0..20 {
        let key = format!("k{at}");
        answers.push((nodes[0].admin.place(&key).await.expect("the server is there").expect(201), key));
    }
    let target = Database::new(kind);
    copied(&source, &target, kind);
    nodes[0].admin.place("behind-the-dump").await.expect("the server is there").expect(201);
    source.close(nodes).await;
    let nodes = target.nodes(1).await;
    for (answer, key) in answers {
        nodes[0].admin.place(&key).await.expect("the server is there").replays(&answer);
    }
    assert_eq!(nodes[0].admin.stock().await, [100, 20, 80]);
    target.close(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_postgres() {
    a_dump_holds_what_was_answered(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_mariadb() {
    a_dump_holds_what_was_answered(Kind::MariaDb).await;
}
