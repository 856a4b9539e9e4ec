//! Owns the schema's tenth step: who a guest became is kept for good, where sessions had kept it for as long as they stood.

use sea_orm_migration::prelude::*;

use super::table::{Table, clustered, create, index, number};
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
        let indexes = vec![index("guest_links", &["tenant_id", "principal_id", "linked_at"])];
        create(manager, flavour, &tables(), indexes).await?;
        manager.get_connection().execute_unprepared(KNOWN).await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// What the sessions know. A try before this one may have written it.
const KNOWN: &str = "
    insert into guest_links (tenant_id, guest_principal_id, principal_id, linked_at)
    select s.tenant_id, s.guest_principal_id, min(s.principal_id), min(s.opened_at) from sessions s
    where s.guest_principal_id is not null and not exists (select 1 from guest_links l
        where l.tenant_id = s.tenant_id and l.guest_principal_id = s.guest_principal_id)
    group by s.tenant_id, s.guest_principal_id";

pub(super) fn tables() -> Vec<Table> {
    vec![guest_links()]
}

fn guest_links() -> Table {
    let columns = vec![number("tenant_id"), number("guest_principal_id"), number("principal_id"), number("linked_at")];
    clustered("guest_links", columns, &["tenant_id", "guest_principal_id"])
}
