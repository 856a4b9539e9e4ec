//! Owns the schema's fourth step: what the nodes of an installation share of it, its name and how providers do; and the
//! index by which a provider's day is compared with the books.

use sea_orm_migration::prelude::*;

use super::table::{Table, clustered, create, index, number, number_where, text};
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
        create(
            manager,
            flavour,
            &tables(),
            vec![index("ledger_entries", &["tenant_id", "account", "posted_at", "source"])],
        )
        .await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// What the nodes tell each other of accounts: rows that are of the moment, as leases are.
pub(crate) const HEALTH: &str = "channel_health";

/// The installation's name, in one row: it goes with the data, and no two have the same.
pub(crate) const INSTALLATION: &str = "installation";

pub(super) fn tables() -> Vec<Table> {
    let name = vec![number_where("id", "id = 1"), text("name", 32)];
    // Times are the database's own.
    let columns = vec![
        text("account_id", 30),
        number_where("is_well", "is_well in (0, 1)"),
        number("closed_until").or_null(),
        number("asked"),
        number("answered"),
        number("told_at"),
    ];
    vec![clustered(INSTALLATION, name, &["id"]), clustered(HEALTH, columns, &["account_id"])]
}
