//! Owns the schema's thirteenth step: what was executed under a key says what it was, and from where it came.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{Column, Table, text};
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

/// Missing of what came before, and of the server's own work. A method and a route of ours, and an IPv6 address at its longest.
fn added_columns() -> Vec<(&'static str, Column)> {
    vec![("key_records", text("request", 200).or_null()), ("key_records", text("came_from", 45).or_null())]
}
