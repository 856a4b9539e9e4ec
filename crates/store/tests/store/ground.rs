//! Owns the databases that the tests stand on: each test has one of its own, on SQLite or on a server, and a way to its
//! tables behind the store's back.

mod beside;
mod others;
mod server;

use std::path::{Path, PathBuf};

use store::{Address, Store};
use tempfile::TempDir;

pub use beside::{Beside, hex};
use server::Server;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

/// A database of a test's own. Dropped, it is gone, also where the test failed.
pub struct Ground {
    pub kind: Kind,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server(Server),
}

/// Every table of ours.
const TABLES: &[&str] = &[
    "tenants",
    "principals",
    "api_keys",
    "channel_accounts",
    "products",
    "stock_items",
    "stock_movements",
    "orders",
    "order_lines",
    "stock_reservations",
    "order_events",
    "order_numbers",
    "pending_slots",
    "shipments",
    "shipment_lines",
    "archived_orders",
    "archived_order_lines",
    "archived_stock_reservations",
    "archived_order_events",
    "archived_shipments",
    "archived_shipment_lines",
    "key_records",
    "key_conflicts",
    "payments",
    "payment_attempts",
    "refunds",
    "refund_lines",
    "payment_events",
    "refund_policies",
    "tenant_policies",
    "ledger_entries",
    "channel_events",
    "reviews",
    "outbox",
    "people",
    "sessions",
    "second_factors",
    "guest_links",
    "session_rules",
    "signing_keys",
    "audit_heads",
    "audit_entries",
];
/// The first of them are not of the trade: who there is.
const PEOPLE: usize = 4;

/// Takes away the rules that PostgreSQL cannot be asked to overlook.
const NO_CHECKS: &str = "do $$ declare rule record; begin
    for rule in select conrelid::regclass of_table, conname from pg_constraint
        where contype = 'c' and connamespace = 'public'::regnamespace
    loop execute format('alter table %s drop constraint %I', rule.of_table, rule.conname); end loop; end $$";

impl Ground {
    /// A new database without a table.
    pub async fn new(kind: Kind) -> Self {
        let place = match kind {
            Kind::Sqlite => Place::Folder(tempfile::tempdir().expect("a temporary folder")),
            Kind::Postgres | Kind::MariaDb => Place::Server(Server::database(kind).await),
        };
        Self { kind, place }
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        match &self.place {
            Place::Folder(_) => Address::Sqlite(self.file()),
            Place::Server(server) => server.url().parse().expect("the variable holds a good address"),
        }
    }

    /// Opens it, as one more node does.
    pub async fn store(&self) -> Store {
        Store::open(self.address()).await.expect("the database can be opened")
    }

    /// Two nodes that work at the same time. An embedded database has one, which does two things at once.
    pub async fn nodes(&self, first: &Store) -> [Store; 2] {
        let second = if self.kind == Kind::Sqlite { first.clone() } else { self.store().await };
        [first.clone(), second]
    }

    /// The folder around an embedded database.
    pub fn folder(&self) -> &Path {
        match &self.place {
            Place::Folder(folder) => folder.path(),
            Place::Server(_) => panic!("only an embedded database has a folder"),
        }
    }

    /// The file of an embedded database.
    pub fn file(&self) -> PathBuf {
        self.folder().join("mideng.db")
    }

    /// The name of a database on a server.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Folder(_) => panic!("an embedded database has a file and no name"),
            Place::Server(server) => &server.name,
        }
    }

    /// A connection that belongs to nobody; on SQLite, one that does not wait for locks.
    pub async fn connect(&self) -> Beside {
        match &self.place {
            Place::Folder(_) => Beside::sqlite(&self.file()).await,
            Place::Server(server) => Beside::server(self.kind, &server.url()).await,
        }
    }

    /// Runs SQL behind the store's back, past the checks of the schema.
    pub async fn plant(&self, sql: &str) {
        let mut connection = self.connect().await;
        let overlook = match self.kind {
            Kind::Sqlite => "pragma ignore_check_constraints = on",
            Kind::Postgres => NO_CHECKS,
            Kind::MariaDb => "set session check_constraint_checks = off",
        };
        connection.run(overlook).await.expect("checks can be overlooked");
        let sql = self.kind.spelled(sql);
        connection.run(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        connection.close().await;
    }

    /// One number, asked behind the store's back.
    pub async fn count(&self, sql: &str) -> i64 {
        self.connect().await.number(sql).await
    }

    /// Copies every table, to be put back.
    pub async fn keep(&self) {
        let copies = TABLES.iter().map(|table| format!("create table kept_{table} as select * from {table};"));
        self.plant(&copies.collect::<String>()).await;
    }

    /// The tables as they were kept.
    pub async fn put_back(&self) {
        let table = |table: &&str| format!("delete from {table}; insert into {table} select * from kept_{table};");
        self.plant(&format!("begin; {} commit", TABLES.iter().map(table).collect::<String>())).await;
    }

    /// Takes away everything that was traded; who there is stays.
    pub async fn clear(&self) {
        let deletes = TABLES[PEOPLE..].iter().map(|table| format!("delete from {table};"));
        let mut connection = self.connect().await;
        let sql = format!("begin; {} commit", deletes.collect::<String>());
        connection.run(&sql).await.expect("rows can be deleted");
        connection.close().await;
    }
}

/// Runs SQL on a file that is not the test's own database.
pub async fn run_in(file: &Path, sql: &str) {
    let mut connection = Beside::sqlite(file).await;
    connection.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await;
}

/// One number, asked of a file that is not the test's own database.
pub async fn count_in(file: &Path, sql: &str) -> i64 {
    Beside::sqlite(file).await.number(sql).await
}

impl Kind {
    /// SQL as this database spells bytes: `x'00'` behind a blank, which PostgreSQL takes for bits.
    pub fn spelled(self, sql: &str) -> String {
        if self == Self::Postgres { sql.replace(" x'", " '\\x") } else { sql.to_owned() }
    }

    /// A text as bytes.
    pub fn bytes_of(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("cast({text} as blob)"),
            Self::Postgres => format!("convert_to({text}, 'UTF8')"),
            Self::MariaDb => format!("cast({text} as binary)"),
        }
    }

    /// Bytes as the text that they are.
    pub fn text_of(self, bytes: &str) -> String {
        match self {
            Self::Sqlite => format!("cast({bytes} as text)"),
            Self::Postgres => format!("convert_from({bytes}, 'UTF8')"),
            Self::MariaDb => format!("convert({bytes} using utf8mb4)"),
        }
    }
}

/// Makes a test of each of these for every database, with names as `lists::postgres::a_list_ends`; behind a semicolon,
/// for every server.
macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        $crate::ground::on_every_database!($($test),+;);
    };
    ($($test:ident),+; $($served:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test($crate::ground::Kind::Sqlite).await; })+
        }
        $crate::ground::on_every_server!($($test,)+ $($served),*);
    };
}

/// The same for those that are behind a network.
macro_rules! on_every_server {
    ($($test:ident),+ $(,)?) => {
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test($crate::ground::Kind::Postgres).await; })+
        }
        mod mariadb {
            $(#[tokio::test] async fn $test() { super::$test($crate::ground::Kind::MariaDb).await; })+
        }
    };
}

pub(crate) use {on_every_database, on_every_server};
