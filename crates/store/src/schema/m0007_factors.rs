//! Owns the schema's seventh step: second factors, and whom a shop lets in by themselves.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{Column, Table, added, bytes, clustered, create, long_text, number, number_where};
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
        create(manager, flavour, &tables(), Vec::new()).await?;
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
        ("people", added("factors_lost", "factors_lost >= 0")),
        ("tenant_policies", added("guests", "guests in (0, 1)")),
        ("tenant_policies", added("registration", "registration in (0, 1)")),
    ]
}

pub(super) fn tables() -> Vec<Table> {
    vec![second_factors()]
}

fn second_factors() -> Table {
    let columns = vec![
        number("tenant_id"),
        number("principal_id"),
        // Good while the person has lost so many: one that was taken away stays, and counts no more.
        number_where("number", "number >= 0"),
        // Sealed with the installation's secret.
        bytes("secret", 64),
        number("created_at"),
        number("confirmed_at").or_null(),
        number_where("last_step", "last_step >= 0"),
        // The hashes of the recovery codes that were not used, one on a line.
        long_text("recovery"),
        number_where("version", "version >= 1"),
    ];
    clustered("second_factors", columns, &["tenant_id", "principal_id"])
}
