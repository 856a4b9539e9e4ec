//! Owns the schema: every table, key and check, as migrations. Migrations expand, then contract: the code before
//! must run on the schema behind.

mod m0001_orders;
mod m0002_archive;
mod m0003_payments;
mod m0004_nodes;
mod table;

use sea_orm_migration::prelude::*;

pub(crate) use m0002_archive::{PAIRS, Pair};
pub(crate) use m0003_payments::LANES;
pub(crate) use m0004_nodes::{HEALTH, INSTALLATION};
pub(crate) use table::Table;

/// Every table as it is behind the last migration, parents first.
pub(crate) fn tables() -> Vec<Table> {
    let before = [m0001_orders::tables(), m0002_archive::tables()].into_iter().flatten();
    before.map(m0003_payments::extended).chain(m0003_payments::tables()).chain(m0004_nodes::tables()).collect()
}

/// Whether a table's rows are of the moment, and of the nodes there: leases, and what nodes tell each other.
pub(crate) fn is_of_the_moment(table: &Table) -> bool {
    [LANES, HEALTH].contains(&table.name())
}

/// The list of migrations, oldest first. A released one is never changed.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_orders::Migration),
            Box::new(m0002_archive::Migration),
            Box::new(m0003_payments::Migration),
            Box::new(m0004_nodes::Migration),
        ]
    }
}
