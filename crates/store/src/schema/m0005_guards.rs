//! Owns the schema's fifth step: members' places for orders that wait for payment, what each tenant's shop asks of a
//! checkout, and the secret that one-time tokens are sealed with.

use sea_orm_migration::prelude::*;

use super::m0002_archive::{PAIRS, Pair};
use super::table::{Column, Table, added, clustered, create, number, number_where, text};
use super::{extend, m0003_payments};
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
        extend(manager, flavour, added_columns(), &before().map(extended).collect::<Vec<_>>()).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// Who holds which lock, where there is no Redis: rows that are of the moment, but for their numbers, which only grow.
pub(crate) const LEASES: &str = "leases";

/// The installation's secret, in one row: it goes with the data.
pub(crate) const SECRET: &str = "installation_secret";

/// The tables of orders as they are before this step.
fn before() -> impl Iterator<Item = Table> {
    m0003_payments::before().map(m0003_payments::extended)
}

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

fn added_columns() -> Vec<(&'static str, Column)> {
    let heads = PAIRS.iter().filter(|pair| pair.live == "orders");
    let tables = heads.flat_map(|Pair { live, archived, .. }| [*live, *archived]);
    tables.map(|table| (table, added("pending_limit", "pending_limit in (0, 1, 2)"))).collect()
}

pub(super) fn tables() -> Vec<Table> {
    let slots = vec![number("tenant_id"), text("customer_id", 64), text("sku", 64), text("order_no", 30)];
    let policies = vec![
        number("tenant_id"),
        number_where("checkout_token", "checkout_token in (0, 1)"),
        number_where("order_lock_ms", "order_lock_ms >= 0"),
        number_where("pending_limit", "pending_limit in (0, 1, 2)"),
        number_where("same_within_ms", "same_within_ms >= 0"),
        number("changed_at"),
    ];
    vec![
        // The sku is empty where the place is for any order.
        clustered("pending_slots", slots, &["tenant_id", "customer_id", "sku"]),
        clustered("tenant_policies", policies, &["tenant_id"]),
        clustered(
            LEASES,
            vec![text("name", 255), text("holder", 32), number("fence"), number("lease_until")],
            &["name"],
        ),
        clustered(SECRET, vec![number_where("id", "id = 1"), text("secret", 64)], &["id"]),
    ]
}
