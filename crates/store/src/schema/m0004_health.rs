//! Owns the schema's fourth step: how providers do, as whoever asks them tells the other nodes.

use sea_orm_migration::prelude::*;

use super::table::{Table, clustered, create, number, number_where, text};
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
        create(manager, flavour, &tables(), Vec::new()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// What the nodes tell each other of accounts: rows that are of the moment, as leases are.
pub(crate) const HEALTH: &str = "channel_health";

pub(super) fn tables() -> Vec<Table> {
    // Times are the database's own.
    let columns = vec![
        text("account_id", 30),
        number_where("is_well", "is_well in (0, 1)"),
        number("closed_until").or_null(),
        number("asked"),
        number("answered"),
        number("told_at"),
    ];
    vec![clustered(HEALTH, columns, &["account_id"])]
}
