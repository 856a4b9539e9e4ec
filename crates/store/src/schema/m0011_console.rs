//! Owns the schema's eleventh step: what operators look at is found by an index, a movement of stock says who made it, what came
//! under a key from where it came last, what a provider said in which words, an API key has an id, and what a shop asks of a checkout a
//! version.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{Column, Table, TableIndex, create, index, long_text, number, text, unique, version};
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
        extend(manager, flavour, added_columns(), &[]).await?;
        create(manager, flavour, &[], indexes()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

/// Missing of what was moved, came, was said, or was made before. An IPv6 address has 45 characters at most.
fn added_columns() -> Vec<(&'static str, Column)> {
    vec![
        ("stock_movements", number("principal_id").or_null()),
        ("key_conflicts", text("last_from", 45).or_null()),
        ("api_keys", text("public_id", 30).or_null()),
        ("channel_events", text("source", 16).or_null()),
        ("channel_events", long_text("raw").or_null()),
        ("tenant_policies", version("version", "version >= 1")),
    ]
}

fn indexes() -> Vec<TableIndex> {
    vec![
        index("stock_movements", &["tenant_id", "sku", "moved_at", "id"]),
        index("payments", &["tenant_id", "created_at", "payment_id"]),
        index("payments", &["tenant_id", "status", "created_at", "payment_id"]),
        // Those that nobody has looked at stand side by side.
        index("reviews", &["tenant_id", "resolved_at", "raised_at", "review_id"]),
        index("payment_attempts", &["tenant_id", "account_id", "created_at", "payment_id"]),
        index("channel_events", &["tenant_id", "reference", "received_at"]),
        // A dispute has a number of its own, and names the charge by the channel's.
        index("channel_events", &["tenant_id", "channel_no", "received_at"]),
        index("key_conflicts", &["tenant_id", "idempotency_key"]),
        unique("api_keys", &["tenant_id", "public_id"]),
        index("shipments", &["tenant_id", "tracking_no"]),
        index("archived_shipments", &["tenant_id", "tracking_no"]),
    ]
}
