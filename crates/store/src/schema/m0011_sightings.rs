//! Owns the schema's eleventh step: what came under a key is found by the key, with where it came from last, and a parcel by its
//! number.

use sea_orm_migration::prelude::*;

use super::table::{Column, Table, create, index, text};
use super::{extend, with_added};
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
            index("key_conflicts", &["tenant_id", "idempotency_key"]),
            index("shipments", &["tenant_id", "tracking_no"]),
            index("archived_shipments", &["tenant_id", "tracking_no"]),
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
    with_added(table, added_columns())
}

/// An IPv6 address has 45 characters at most.
fn added_columns() -> Vec<(&'static str, Column)> {
    vec![("key_conflicts", text("last_from", 45).or_null())]
}
