//! Owns the schema: every table, key and check, as migrations. Migrations expand, then contract: the code before
//! must run on the schema behind.

mod m0001_orders;
mod table;

use sea_orm_migration::prelude::*;

/// The list of migrations, oldest first. A released one is never changed.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_orders::Migration)]
    }
}
