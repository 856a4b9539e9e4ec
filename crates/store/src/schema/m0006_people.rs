//! Owns the schema's sixth step: people, their sessions, what shops ask of sessions, the keys that sign tokens, and the
//! audit log.

use sea_orm_migration::prelude::*;

use super::extend;
use super::table::{
    Column, Table, TableIndex, added, bytes, clustered, create, index, long_text, number, number_where, text, unique,
};
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
        create(manager, flavour, &tables(), indexes()).await?;
        extend(manager, flavour, added_columns(), &[]).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// The keys that sign access tokens. They go with the data, as the installation's secret does.
pub(crate) const SIGNING_KEYS: &str = "signing_keys";

/// A table of before as it is now.
pub(super) fn extended(table: Table) -> Table {
    super::with_added(table, added_columns())
}

/// What an earlier version makes a tenant without: 0 is open, and changed never.
fn added_columns() -> Vec<(&'static str, Column)> {
    vec![("tenants", added("status", "status in (0, 1, 2)")), ("tenants", added("changes", "changes >= 0"))]
}

pub(super) fn tables() -> Vec<Table> {
    vec![people(), sessions(), rules(), signing_keys(), audit_heads(), audit_entries()]
}

fn people() -> Table {
    let columns = vec![
        number("tenant_id"),
        number("principal_id"),
        text("public_id", 30),
        text("kind", 16),
        text("login", 64),
        text("name", 100),
        text("role", 16),
        text("status", 16),
        number_where("epoch", "epoch >= 1"),
        number_where("version", "version >= 1"),
        number("created_at"),
        number("updated_at"),
        text("password_hash", 200).or_null(),
        number("password_at").or_null(),
    ];
    clustered("people", columns, &["tenant_id", "principal_id"])
        .check("kind in ('member', 'staff', 'guest')")
        .check("status in ('active', 'disabled')")
}

fn sessions() -> Table {
    let columns = vec![
        number("tenant_id"),
        text("id", 30),
        number("principal_id"),
        text("device", 16),
        text("device_name", 100).or_null(),
        text("address", 45).or_null(),
        number_where("is_open", "is_open in (0, 1)"),
        text("ended", 16).or_null(),
        number("ended_at").or_null(),
        number_where("epoch", "epoch >= 1"),
        number("opened_at"),
        number("proved_at"),
        number_where("two_factors", "two_factors in (0, 1)"),
        number("idle_until"),
        number("ends_at"),
        // What a browser's cookie must hash to; a session of tokens has none.
        bytes("cookie_hash", 32).or_null(),
        bytes("refresh_nonce", 16),
        number_where("refresh_generation", "refresh_generation >= 0"),
        number("refreshed_at"),
        number("guest_principal_id").or_null(),
        number_where("version", "version >= 1"),
    ];
    clustered("sessions", columns, &["tenant_id", "id"])
        .check("(is_open = 1) = (ended is null)")
        .check("(is_open = 1) = (ended_at is null)")
        .check("idle_until <= ends_at")
}

fn rules() -> Table {
    let columns = vec![
        number("tenant_id"),
        text("kind", 16),
        number_where("web_max", "web_max >= 0"),
        number_where("app_max", "app_max >= 0"),
        number_where("mini_program_max", "mini_program_max >= 0"),
        text("when_full", 20),
        number_where("idle_ms", "idle_ms > 0"),
        number_where("absolute_ms", "absolute_ms > 0"),
        // 0: every request; 101: writes; else below so many hundredths.
        number_where("renewal", "renewal between 0 and 101"),
        number("changed_at"),
    ];
    clustered("session_rules", columns, &["tenant_id", "kind"])
}

fn signing_keys() -> Table {
    let columns = vec![
        // Which of them it is: two nodes that would both make the first are in each other's way.
        number_where("place", "place >= 1"),
        text("kid", 64),
        long_text("secret"),
        number("created_at"),
        number("signs_from"),
        number("verifies_until").or_null(),
    ];
    clustered(SIGNING_KEYS, columns, &["place"])
}

fn audit_heads() -> Table {
    let columns = vec![number("tenant_id"), number_where("length", "length >= 1"), bytes("hash", 32)];
    clustered("audit_heads", columns, &["tenant_id"])
}

fn audit_entries() -> Table {
    let columns = vec![
        number("tenant_id"),
        number_where("place", "place >= 1"),
        number("at"),
        number("principal_id"),
        text("action", 40),
        text("subject", 200),
        text("outcome", 40),
        text("reason", 200).or_null(),
        text("request_id", 128),
        bytes("before_hash", 32),
        bytes("hash", 32),
    ];
    clustered("audit_entries", columns, &["tenant_id", "place"])
}

fn indexes() -> Vec<TableIndex> {
    vec![
        unique("tenants", &["name"]),
        unique("people", &["tenant_id", "public_id"]),
        unique("people", &["tenant_id", "kind", "login"]),
        unique(SIGNING_KEYS, &["kid"]),
        // A session is found by its own name: its tenant is what is asked for.
        unique("sessions", &["id"]),
        index("sessions", &["tenant_id", "principal_id", "is_open"]),
        index("sessions", &["idle_until"]),
        index("sessions", &["ended_at"]),
    ]
}
