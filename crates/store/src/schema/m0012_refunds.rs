//! Owns the schema's twelfth step: all refunds of a shop, and those of one status, stand side by side in an index, newest at the end.

use sea_orm_migration::prelude::*;

use super::table::{TableIndex, create, index};
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
        create(manager, flavour, &[], indexes()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// Those that wait and those that were rejected have theirs since the eighth step: another column says that of them.
fn indexes() -> Vec<TableIndex> {
    vec![
        index("refunds", &["tenant_id", "created_at", "refund_id"]),
        index("refunds", &["tenant_id", "status", "created_at", "refund_id"]),
    ]
}
