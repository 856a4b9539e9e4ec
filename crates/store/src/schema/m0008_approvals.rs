//! Owns the schema's eighth step: refunds that wait for a second person, who asked for them and who decided, and how much
//! each tenant's shop lets one give back alone.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{Column, Table, TableIndex, added, clustered, create, index, long_text, number, number_where, text};
use crate::dialect::Flavour;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// The names of a refund's statuses outgrew what the history of payments has room for.
const STATUS_LENGTH_MAX: u32 = 32;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flavour = Flavour::of(manager.get_connection()).await?;
        create(manager, flavour, &tables(), Vec::new()).await?;
        extend(manager, flavour, added_columns(), &[]).await?;
        create(manager, flavour, &[], indexes()).await?;
        for (column, or_null) in [("from_status", true), ("to_status", false)] {
            if let Some(wider) = flavour.widened(("payment_events", column), STATUS_LENGTH_MAX, or_null) {
                manager.get_connection().execute_unprepared(&wider).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

/// Beside the status, so that a version of before reads each refund: to it one that waits was written down and not sent,
/// and one that was rejected failed. 0 never waited, 1 waits, 2 was approved, 3 rejected.
fn added_columns() -> Vec<(&'static str, Column)> {
    let columns = [
        added("approval", "approval in (0, 1, 2, 3)"),
        number("requester_principal_id").or_null(),
        text("requested_by", 40).or_null(),
        number("decider_principal_id").or_null(),
        text("decided_by", 40).or_null(),
        number("decided_at").or_null(),
        text("decision_reason", 200).or_null(),
    ];
    columns.into_iter().map(|column| ("refunds", column)).collect()
}

pub(super) fn tables() -> Vec<Table> {
    let columns = vec![
        number("tenant_id"),
        // A line of it is a currency and its limit.
        long_text("limits"),
        number_where("version", "version >= 2"),
        number("changed_at"),
    ];
    vec![clustered("refund_policies", columns, &["tenant_id"])]
}

fn indexes() -> Vec<TableIndex> {
    vec![index("refunds", &["tenant_id", "approval", "created_at", "refund_id"])]
}
