//! Owns the first schema: tenants and keys, products and stock, orders with all that hangs on them, key records.

use sea_orm_migration::prelude::*;

use super::table::{
    Table, TableIndex, appended, bytes, clustered, create, index, long_bytes, long_text, number, number_where, text,
    unique,
};
use crate::dialect::Flavour;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A start that is killed half way leaves nothing behind. Where DDL ends the transaction, this asks for nothing.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flavour = Flavour::of(manager.get_connection()).await?;
        create(manager, flavour, &tables(), indexes()).await?;
        for (table, name, sql) in flavour.indexes() {
            if flavour.takes_schema_back() || !manager.has_index(table, name).await? {
                manager.get_connection().execute_unprepared(sql).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the first schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// Every table, parents first.
pub(super) fn tables() -> Vec<Table> {
    [people(), products(), orders(), shipments(), keys()].into_iter().flatten().collect()
}

fn people() -> Vec<Table> {
    vec![
        appended("tenants", vec![text("public_id", 30), text("name", 64), number("created_at")]),
        appended(
            "principals",
            vec![number("tenant_id"), text("public_id", 30), text("kind", 16), text("name", 64), number("created_at")],
        ),
        appended(
            "api_keys",
            vec![
                number("tenant_id"),
                number("principal_id"),
                text("shown_prefix", 16),
                bytes("secret_hash", 32),
                text("role", 16),
                number("created_at"),
                number("revoked_at").or_null(),
            ],
        ),
    ]
}

fn products() -> Vec<Table> {
    let stock = clustered(
        "stock_items",
        vec![
            number("tenant_id"),
            text("sku", 64),
            number_where("on_hand", "on_hand >= 0"),
            number_where("reserved", "reserved >= 0"),
        ],
        &["tenant_id", "sku"],
    )
    .check("reserved <= on_hand");
    vec![
        clustered(
            "products",
            vec![
                number("tenant_id"),
                text("sku", 64),
                text("name", 200),
                number_where("price_minor", "price_minor >= 0"),
                text("currency", 3),
                number_where("version", "version >= 1"),
                number("created_at"),
                number("updated_at"),
            ],
            &["tenant_id", "sku"],
        ),
        stock,
        appended(
            "stock_movements",
            vec![
                number("tenant_id"),
                text("sku", 64),
                text("source_kind", 16),
                text("source_id", 30),
                number_where("quantity", "quantity <> 0"),
                text("reason", 200).or_null(),
                number("moved_at"),
            ],
        ),
    ]
}

fn orders() -> Vec<Table> {
    // Appended, so that each index on it holds a small number instead of the 30 characters of an order's number.
    let head = appended(
        "orders",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number("principal_id"),
            text("idempotency_key", 300),
            number("fingerprint_version"),
            bytes("fingerprint", 32),
            text("status", 16),
            text("close_reason", 16).or_null(),
            number_where("version", "version >= 1"),
            text("customer_id", 64),
            number_where("total_minor", "total_minor >= 0"),
            text("currency", 3),
            number_where("captured_minor", "captured_minor >= 0"),
            text("note", 500).or_null(),
            number("created_at"),
            number("updated_at"),
            number("expires_at"),
        ],
    )
    .check("status in ('pending_payment', 'paid', 'shipped', 'completed', 'closed')")
    .check("(status = 'closed') = (close_reason is not null)");
    let lines = clustered(
        "order_lines",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number_where("line", "line >= 1"),
            text("sku", 64),
            text("name", 200),
            number_where("quantity", "quantity >= 1"),
            number_where("unit_price_minor", "unit_price_minor >= 0"),
            number_where("total_minor", "total_minor >= 0"),
            number_where("shipped", "shipped >= 0"),
        ],
        &["tenant_id", "order_no", "line"],
    )
    .check("shipped <= quantity");
    let reservations = clustered(
        "stock_reservations",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            text("sku", 64),
            number_where("quantity", "quantity >= 1"),
            text("holding", 16),
        ],
        &["tenant_id", "order_no", "sku"],
    )
    .check("holding in ('held', 'committed', 'released')");
    let events = clustered(
        "order_events",
        vec![
            number("tenant_id"),
            text("order_no", 30),
            number_where("version", "version >= 1"),
            text("event", 32),
            text("from_status", 16).or_null(),
            text("to_status", 16),
            number("happened_at"),
            number("principal_id"),
            text("idempotency_key", 300),
        ],
        &["tenant_id", "order_no", "version"],
    );
    let numbers = clustered(
        "order_numbers",
        vec![number("tenant_id"), text("order_no", 30), number("principal_id"), number("expires_at")],
        &["tenant_id", "order_no"],
    );
    vec![head, lines, reservations, events, numbers]
}

fn shipments() -> Vec<Table> {
    vec![
        clustered(
            "shipments",
            vec![
                number("tenant_id"),
                text("order_no", 30),
                number_where("number", "number >= 1"),
                text("shipment_id", 30),
                text("carrier", 64),
                text("tracking_no", 64),
                number("shipped_at"),
                number("updated_at"),
            ],
            &["tenant_id", "order_no", "number"],
        ),
        clustered(
            "shipment_lines",
            vec![
                number("tenant_id"),
                text("order_no", 30),
                number("number"),
                number("line"),
                number_where("quantity", "quantity >= 1"),
            ],
            &["tenant_id", "order_no", "number", "line"],
        ),
    ]
}

fn keys() -> Vec<Table> {
    // The index is on a hash of account and key: keys are random and long, and each of them changes a page of it.
    // A key under which an order was placed is kept for ever; its answer is purged like any other.
    let records = appended(
        "key_records",
        vec![
            number("tenant_id"),
            bytes("key_hash", 16),
            number("principal_id"),
            text("idempotency_key", 300),
            bytes("command_id", 16),
            number("fingerprint_version"),
            bytes("fingerprint", 32),
            text("order_no", 30).or_null(),
            number("status").or_null(),
            long_text("headers").or_null(),
            long_bytes("body").or_null(),
            number("completed_at").or_null(),
        ],
    )
    .check("length(key_hash) = 16")
    .check(
        "(status is null) = (headers is null) and (status is null) = (body is null) \
            and (status is null) = (completed_at is null) and (status is not null or order_no is not null)",
    );
    vec![
        records,
        clustered(
            "key_conflicts",
            vec![
                number("tenant_id"),
                number("principal_id"),
                text("idempotency_key", 300),
                text("kind", 32),
                number_where("times", "times >= 1"),
                number("first_at"),
                number("last_at"),
            ],
            &["tenant_id", "principal_id", "idempotency_key", "kind"],
        ),
    ]
}

fn indexes() -> Vec<TableIndex> {
    vec![
        unique("tenants", &["public_id"]),
        unique("principals", &["tenant_id", "kind", "name"]),
        unique("principals", &["public_id"]),
        unique("api_keys", &["secret_hash"]),
        index("products", &["tenant_id", "created_at", "sku"]),
        // I-9: at most one movement per (source, product, kind).
        unique("stock_movements", &["tenant_id", "sku", "source_kind", "source_id"]),
        unique("orders", &["tenant_id", "order_no"]),
        index("orders", &["tenant_id", "created_at"]),
        index("orders", &["tenant_id", "customer_id", "created_at"]),
        index("orders", &["tenant_id", "status", "created_at"]),
        index("order_numbers", &["expires_at"]),
        unique("shipments", &["tenant_id", "order_no", "carrier", "tracking_no"]),
        index("key_conflicts", &["last_at"]),
        // I-10: one answer, and one order, per account and key, for ever.
        unique("key_records", &["tenant_id", "key_hash"]),
    ]
}
