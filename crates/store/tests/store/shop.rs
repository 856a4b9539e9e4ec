//! Owns a shop on a database file of its own, and how a batch is run on a storage by hand.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{Command, Needs, Timestamp};
use engine::{Commit, Execute as _, Executor, Fault, NewRecord, Scope, Storage, Verdict};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use store::{Account, Light, Store};
use tempfile::TempDir;

use crate::desk::Desk;
use crate::render::Json;

/// A migrated database with one tenant that has one account.
pub struct Shop {
    pub store: Store,
    pub desk: Desk,
    pub folder: TempDir,
}

impl Shop {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("mideng.db")).await.expect("a new database");
        store.migrate().await.expect("an empty database takes the schema");
        let tenant = store.tenant_create("shop", "ten_1", Timestamp(0)).await.expect("a new tenant");
        let account = Account { tenant, kind: "service", name: "checkout", public_id: "acc_1" };
        let principal = store.account(&account, Timestamp(0)).await.expect("a new account");
        Self { store, desk: Desk::new(tenant, principal, 1), folder }
    }

    /// A shop that sells a thousand each of tea at 100 and cups at 250.
    pub async fn stocked() -> Self {
        let shop = Self::open().await;
        shop.run(&[shop.desk.put("tea", 100, 1_000), shop.desk.put("cup", 250, 1_000)]).await;
        shop
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("mideng.db")
    }

    /// A connection that belongs to nobody, and does not wait for locks.
    pub async fn connect(&self) -> SqliteConnection {
        connect(&self.file()).await
    }

    /// Runs SQL behind the store's back, past the checks of the schema.
    pub async fn plant(&self, sql: &str) {
        plant(&self.file(), sql).await;
    }

    /// One number, asked behind the store's back.
    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = self.connect().await;
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect("the SQL of a test")
    }

    /// Runs one batch, which must commit.
    pub async fn run(&self, batch: &[Command]) -> Vec<Verdict> {
        run(&self.store, batch).await.expect("the batch commits")
    }

    /// The invariants that do not hold.
    pub async fn broken(&self) -> Vec<&'static str> {
        let findings = self.store.check(Timestamp(0)).await.expect("the check runs");
        findings.iter().filter(|finding| finding.light() == Light::Red).map(|finding| finding.id).collect()
    }
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO);
    options.connect().await.expect("the file can be opened")
}

/// Runs SQL on a file, past the checks of its schema.
pub async fn plant(file: &Path, sql: &str) {
    let mut connection = connect(file).await;
    sqlx::query("pragma ignore_check_constraints = on").execute(&mut connection).await.expect("a known pragma");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("the SQL of a test");
    connection.close().await.expect("what was planted is on the disk");
}

/// Runs one batch as the engine does: load, run, commit.
pub async fn run<S: Storage>(storage: &S, batch: &[Command]) -> Result<Vec<Verdict>, Fault> {
    run_again(storage, batch, &HashSet::new()).await
}

/// Runs a batch whose earlier commit may have settled these keys.
pub async fn run_again<S: Storage>(
    storage: &S,
    batch: &[Command],
    settled: &HashSet<Scope>,
) -> Result<Vec<Verdict>, Fault> {
    let scopes = batch.iter().map(Scope::of).collect();
    let (transaction, mut snapshot) = storage.load(&Needs::of(batch), &scopes).await?;
    let verdicts = Executor::new(Json).run(&mut snapshot, batch, settled);
    storage.commit(transaction, &gather(batch, &verdicts)).await?;
    Ok(verdicts)
}

/// What a batch writes.
pub fn gather(batch: &[Command], verdicts: &[Verdict]) -> Commit {
    let mut commit = Commit::default();
    for (command, verdict) in batch.iter().zip(verdicts) {
        if let Verdict::Decided { record, changes, replaces } = verdict {
            let (scope, record) = (Scope::of(command), record.clone());
            commit.records.push(NewRecord { scope, record, completed_at: command.at, replaces: *replaces });
            commit.changes.extend(changes.iter().cloned());
        }
    }
    commit
}

/// A verdict in a word: the status of what was decided, or what else it came to.
pub fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Decided { record, .. } => record.answer.status.to_string(),
        Verdict::Executed(_) => "executed".to_owned(),
        Verdict::Replayed(_) => "replayed".to_owned(),
        Verdict::KeyReused => "key reused".to_owned(),
    }
}

pub fn words(verdicts: &[Verdict]) -> Vec<String> {
    verdicts.iter().map(word).collect()
}
