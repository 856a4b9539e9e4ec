//! Owns the schema's third step: accounts with providers, payments with all that hangs on them, the ledger, what came
//! from outside, what a person has to look at, and what is to be done outside.

use sea_orm_migration::prelude::*;

use super::m0002_archive::{PAIRS, Pair};
use super::table::{
    Column, Table, TableIndex, added, appended, bytes, clustered, create, index, long_text, number, number_where, text,
    unique,
};
use super::{m0001_orders, m0002_archive};
use crate::dialect::Flavour;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flavour = Flavour::of(manager.get_connection()).await?;
        create(manager, flavour, &tables(), indexes()).await?;
        // Every lane is free.
        for lane in 0..crate::commit::LANES {
            let seed = format!(
                "insert into {LANES} (lane, owner, epoch, lease_until) select {lane}, '', 0, 0 \
                 where not exists (select 1 from {LANES} where lane = {lane})"
            );
            manager.get_connection().execute_unprepared(&seed).await?;
        }
        super::extend(manager, flavour, added_columns(), &before().map(extended).collect::<Vec<_>>()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// Who holds which lane of the outbox: the one table whose rows are of the moment.
pub(crate) const LANES: &str = "relay_lanes";

/// The tables as they are before this step.
pub(super) fn before() -> impl Iterator<Item = Table> {
    [m0001_orders::tables(), m0002_archive::tables()].into_iter().flatten()
}

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

fn added_columns() -> Vec<(&'static str, Column)> {
    let sum = |name, rule| move |table| (table, added(name, rule));
    let mut columns: Vec<_> = both("orders").map(sum("refunded_minor", "refunded_minor >= 0")).collect();
    columns.extend(both("orders").map(sum("returned_minor", "returned_minor >= 0")));
    columns.extend(both("order_lines").map(sum("refunded", "refunded >= 0")));
    columns
}

/// A table, and its twin in the archive.
fn both(live: &'static str) -> impl Iterator<Item = &'static str> {
    let twin = PAIRS.iter().find(|pair| pair.live == live).map(|Pair { archived, .. }| *archived);
    [live].into_iter().chain(twin)
}

/// Every new table, parents first.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![accounts(), payments(), attempts()];
    tables.extend(refunds());
    tables.extend([payment_events(), ledger(), channel_events(), reviews()]);
    tables.extend(outbox());
    tables
}

fn accounts() -> Table {
    clustered(
        "channel_accounts",
        vec![
            number("tenant_id"),
            text("account_id", 30),
            text("kind", 16),
            text("name", 64),
            long_text("settings"),
            number_where("is_enabled", "is_enabled in (0, 1)"),
            number("priority"),
            text("currency", 3).or_null(),
            text("method", 16).or_null(),
            number("amount_min").or_null(),
            number("amount_max").or_null(),
            number_where("version", "version >= 1"),
            number("created_at"),
            number("updated_at"),
        ],
        &["tenant_id", "account_id"],
    )
}

fn payments() -> Table {
    // I-3 is kept by the database itself.
    clustered(
        "payments",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            text("payment_id", 30),
            number_where("amount_minor", "amount_minor > 0"),
            text("currency", 3),
            text("status", 16),
            number("captured_minor"),
            number("refund_reserved_minor"),
            number_where("refunded_minor", "refunded_minor >= 0"),
            number_where("version", "version >= 1"),
            number("created_at"),
            number("updated_at"),
        ],
        &["tenant_id", "order_no"],
    )
    .check("status in ('open', 'paid', 'cancelled', 'expired')")
    .check("refunded_minor <= refund_reserved_minor and refund_reserved_minor <= captured_minor")
}

fn attempts() -> Table {
    clustered(
        "payment_attempts",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number_where("number", "number >= 1"),
            text("attempt_id", 30),
            text("payment_id", 30),
            text("account_id", 30),
            text("channel", 16),
            text("method", 16),
            bytes("provider_key", 16),
            number_where("amount_minor", "amount_minor > 0"),
            number_where("captured_minor", "captured_minor >= 0"),
            text("status", 16),
            text("action_kind", 16).or_null(),
            long_text("action").or_null(),
            long_text("return_url").or_null(),
            text("channel_no", 128).or_null(),
            text("code", 128).or_null(),
            number("queries"),
            number("silences"),
            number("query_at").or_null(),
            number("close_asked_at").or_null(),
            number("expires_at"),
            number("created_at"),
            number("updated_at"),
        ],
        &["tenant_id", "order_no", "number"],
    )
    .check("status in ('created', 'submitted', 'requires_action', 'unknown', 'succeeded', 'failed', 'closed')")
    .check("captured_minor <= amount_minor and (captured_minor > 0) = (status = 'succeeded')")
}

fn refunds() -> Vec<Table> {
    let head = clustered(
        "refunds",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number_where("number", "number >= 1"),
            text("refund_id", 30),
            text("payment_id", 30),
            text("attempt_id", 30),
            bytes("provider_key", 16),
            number_where("amount_minor", "amount_minor > 0"),
            text("cause", 16),
            text("reason", 200),
            text("status", 16),
            text("channel_no", 128).or_null(),
            text("code", 128).or_null(),
            number("queries"),
            number("silences"),
            number("query_at").or_null(),
            number("created_at"),
            number("updated_at"),
        ],
        &["tenant_id", "order_no", "number"],
    )
    .check("status in ('created', 'submitted', 'unknown', 'succeeded', 'failed')");
    let lines = clustered(
        "refund_lines",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number("number"),
            number("line"),
            number_where("quantity", "quantity >= 1"),
            number_where("restock", "restock in (0, 1)"),
        ],
        &["tenant_id", "order_no", "number", "line"],
    );
    vec![head, lines]
}

fn payment_events() -> Table {
    clustered(
        "payment_events",
        vec![
            number("tenant_id"),
            text("payment_id", 30),
            number_where("version", "version >= 1"),
            text("subject", 16),
            number("subject_number"),
            text("event", 32),
            text("from_status", 16).or_null(),
            text("to_status", 16),
            number("happened_at"),
            number("principal_id"),
            text("idempotency_key", 300),
        ],
        &["tenant_id", "payment_id", "version"],
    )
}

fn ledger() -> Table {
    // What moves money moves it once: its two entries have one name.
    clustered(
        "ledger_entries",
        vec![
            number("tenant_id"),
            text("kind", 16),
            text("source", 30),
            text("account", 64),
            number_where("amount_minor", "amount_minor <> 0"),
            text("currency", 3),
            number("posted_at"),
        ],
        &["tenant_id", "kind", "source", "account"],
    )
}

fn channel_events() -> Table {
    clustered(
        "channel_events",
        vec![
            number("tenant_id"),
            bytes("digest", 16),
            text("account_id", 30),
            text("subject", 16),
            text("reference", 64),
            text("verdict", 16),
            number("amount_minor").or_null(),
            text("currency", 3).or_null(),
            text("channel_no", 128).or_null(),
            text("code", 128).or_null(),
            text("stranger", 128).or_null(),
            text("state", 16),
            number("received_at"),
            number("updated_at"),
        ],
        &["tenant_id", "digest"],
    )
    .check("state in ('applied', 'duplicate', 'stale', 'unmatched', 'quarantined')")
}

fn reviews() -> Table {
    clustered(
        "reviews",
        vec![
            number("tenant_id"),
            text("review_id", 30),
            text("kind", 32),
            text("subject", 64),
            text("detail", 500),
            number("raised_at"),
            number("resolved_at").or_null(),
            text("resolution", 500).or_null(),
        ],
        &["tenant_id", "review_id"],
    )
}

fn outbox() -> Vec<Table> {
    let messages = appended(
        "outbox",
        vec![
            number("tenant_id"),
            number("lane"),
            text("payment_id", 30),
            text("account_id", 30),
            text("task", 16),
            text("subject", 30),
            number("number"),
            number("due_at"),
            number("created_at"),
            number("tries"),
            text("last_error", 500).or_null(),
        ],
    );
    // Times of leases are the database's own.
    let lanes =
        clustered(LANES, vec![number("lane"), text("owner", 64), number("epoch"), number("lease_until")], &["lane"]);
    vec![messages, lanes]
}

fn indexes() -> Vec<TableIndex> {
    vec![
        unique("channel_accounts", &["account_id"]),
        unique("channel_accounts", &["tenant_id", "name"]),
        unique("payments", &["tenant_id", "payment_id"]),
        unique("payment_attempts", &["tenant_id", "attempt_id"]),
        // A channel's own number is of one charge.
        unique("payment_attempts", &["tenant_id", "account_id", "channel_no"]),
        index("payment_attempts", &["query_at"]),
        unique("refunds", &["tenant_id", "refund_id"]),
        index("refunds", &["query_at"]),
        index("channel_events", &["state", "received_at"]),
        index("reviews", &["tenant_id", "raised_at"]),
        index("outbox", &["lane", "due_at"]),
    ]
}
