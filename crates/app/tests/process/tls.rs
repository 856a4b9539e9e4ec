//! Owns the way to a database through TLS: a server is trusted where it can be verified, and refused in one line where it
//! cannot. The servers of these tests take nobody without TLS.

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::{Database, Kind, authority, on_every_server, stranger};

on_every_server!(
    a_verified_server_is_worked_with,
    a_server_that_nobody_verifies_is_spoken_to_through_tls,
    a_server_of_another_authority_is_refused,
    a_server_under_another_name_is_refused,
    a_server_that_wants_tls_gets_no_word_without,
);

/// Far less than a start waits for a database that is not there: what no time will mend is told at once.
const AT_ONCE: Duration = Duration::from_secs(10);

/// As docs/OPERATIONS.md says it.
fn verifying(kind: Kind, url: &str, authority: &str) -> String {
    match kind {
        Kind::Postgres => format!("{url}?sslmode=verify-full&sslrootcert={authority}"),
        _ => format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}"),
    }
}

/// Whatever has a connection of its own speaks so: batches, objects, lists, workers, and `check`.
async fn works(mut database: Database, url: String) {
    database.url = url;
    let nodes = database.nodes(2).await;
    nodes[0].admin.stock_up(5).await;
    let first = nodes[0].admin.place("k1").await.expect("the server is there").expect(201);
    nodes[1].admin.place("k1").await.expect("the server is there").replays(&first);
    assert_eq!(nodes[1].admin.orders().await, ["k1"]);
    assert_eq!(nodes[1].admin.stock().await, [5, 1, 4]);
    database.close(nodes).await;
}

async fn refused(database: &Database, url: &str, saying: &[&str]) {
    let begun = Instant::now();
    let ended = database.run(&["serve", "--listen", "127.0.0.1:0", "--database-url", url]).await;
    ended.failed_saying(saying);
    assert!(begun.elapsed() < AT_ONCE, "it took {:?} to say so", begun.elapsed());
    assert!(!ended.err.contains("only-on-this-machine"), "a password is shown: {}", ended.err);
}

async fn a_verified_server_is_worked_with(kind: Kind) {
    let database = Database::with_tls(kind);
    let url = verifying(kind, &database.url, &authority());
    works(database, url).await;
}

async fn a_server_that_nobody_verifies_is_spoken_to_through_tls(kind: Kind) {
    let database = Database::with_tls(kind);
    let url = database.url.clone();
    works(database, url).await;
}

/// One that calls itself the same.
async fn a_server_of_another_authority_is_refused(kind: Kind) {
    let database = Database::with_tls(kind);
    let url = verifying(kind, &database.url, &stranger());
    refused(&database, &url, &["127.0.0.1", "invalid peer certificate"]).await;
}

/// The certificate is for the address, and not for the name.
async fn a_server_under_another_name_is_refused(kind: Kind) {
    let database = Database::with_tls(kind);
    let url = verifying(kind, &database.url.replace("127.0.0.1", "localhost"), &authority());
    refused(&database, &url, &["localhost", "certificate", "not valid for name"]).await;
}

async fn a_server_that_wants_tls_gets_no_word_without(kind: Kind) {
    let database = Database::with_tls(kind);
    let mode = if kind == Kind::Postgres { "sslmode=disable" } else { "ssl-mode=DISABLED" };
    refused(&database, &format!("{}?{mode}", database.url), &["127.0.0.1"]).await;
}
