//! Owns the schema: every table, key and check, as migrations. Migrations expand, then contract: the code before
//! must run on the schema behind.

mod m0001_orders;
mod m0002_archive;
mod m0003_payments;
mod m0004_nodes;
mod m0005_guards;
mod m0006_people;
mod m0007_factors;
mod m0008_approvals;
mod m0009_desk;
mod m0010_guests;
mod m0011_console;
mod m0012_refunds;
mod m0013_origins;
mod table;

use sea_orm_migration::prelude::*;

use crate::dialect::Flavour;

pub(crate) use m0002_archive::{PAIRS, Pair};
pub(crate) use m0003_payments::LANES;
pub(crate) use m0004_nodes::{HEALTH, INSTALLATION};
pub(crate) use m0005_guards::{LEASES, SECRET};
pub(crate) use m0006_people::SIGNING_KEYS;
pub(crate) use table::Table;

/// Every table as it is behind the last migration, parents first.
pub(crate) fn tables() -> Vec<Table> {
    let first = m0003_payments::before().map(m0003_payments::extended).map(m0005_guards::extended);
    let later = [m0003_payments::tables(), m0004_nodes::tables(), m0005_guards::tables(), m0006_people::tables()];
    let sixth = first.map(m0006_people::extended).chain(later.into_iter().flatten());
    let seventh = sixth.map(m0007_factors::extended).chain(m0007_factors::tables());
    let eighth = seventh.map(m0008_approvals::extended).chain(m0008_approvals::tables());
    let tenth = eighth.map(m0009_desk::extended).chain(m0010_guests::tables());
    tenth.map(m0011_console::extended).map(m0013_origins::extended).collect()
}

/// A table with those of these columns that were added to it.
fn with_added(table: Table, columns: Vec<(&'static str, table::Column)>) -> Table {
    let name = table.name();
    columns.into_iter().filter(|(of, _)| *of == name).fold(table, |table, (_, column)| table.with(column))
}

/// Adds columns to tables, but for those that a try before this one has added, and makes the views over pairs of such
/// tables anew. `tables` are all tables of orders as they are then.
async fn extend(
    manager: &SchemaManager<'_>,
    flavour: Flavour,
    columns: Vec<(&'static str, table::Column)>,
    tables: &[Table],
) -> Result<(), DbErr> {
    for (table, column) in &columns {
        if flavour.takes_schema_back() || !manager.has_column(table, column.name()).await? {
            manager.alter_table(column.add_to(table, flavour)).await?;
        }
    }
    for pair in PAIRS.iter().filter(|pair| columns.iter().any(|(table, _)| *table == pair.live)) {
        let Some(table) = tables.iter().find(|table| table.name() == pair.live) else { continue };
        for statement in m0002_archive::view(pair, table, flavour, true) {
            manager.get_connection().execute_unprepared(&statement).await?;
        }
    }
    Ok(())
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
            Box::new(m0005_guards::Migration),
            Box::new(m0006_people::Migration),
            Box::new(m0007_factors::Migration),
            Box::new(m0008_approvals::Migration),
            Box::new(m0009_desk::Migration),
            Box::new(m0010_guests::Migration),
            Box::new(m0011_console::Migration),
            Box::new(m0012_refunds::Migration),
            Box::new(m0013_origins::Migration),
        ]
    }
}
