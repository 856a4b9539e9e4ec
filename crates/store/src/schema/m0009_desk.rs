//! Owns the schema's ninth step: rules of sessions are counted as they change, the audit log is read by time, by who
//! did it, and by what was done, and a shop may say how many units of a product one order takes.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{Column, Table, added, create, index};
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
        let indexes = vec![
            index("audit_entries", &["tenant_id", "at", "place"]),
            index("audit_entries", &["tenant_id", "principal_id", "at", "place"]),
            index("audit_entries", &["tenant_id", "action", "at", "place"]),
        ];
        create(manager, flavour, &[], indexes).await?;
        extend(manager, flavour, added_columns(), &[]).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

fn added_columns() -> Vec<(&'static str, Column)> {
    vec![
        ("session_rules", added("changes", "changes >= 0")),
        ("tenant_policies", added("order_units_max", "order_units_max >= 0")),
    ]
}
