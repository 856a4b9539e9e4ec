//! Owns the schema's second step: tables for closed orders with all that hangs on them, beside those of the orders that
//! still change, and a view over both of each.

use sea_orm_migration::prelude::*;

use super::m0001_orders;
use super::table::{Table, create, index, unique};
use crate::dialect::Flavour;

/// See the module.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// A table of orders, its twin for those that are closed, and the view over both.
pub(crate) struct Pair {
    pub(crate) live: &'static str,
    pub(crate) archived: &'static str,
    view: &'static str,
}

/// What moves with an order, its head first.
pub(crate) const PAIRS: &[Pair] = &[
    Pair { live: "orders", archived: "archived_orders", view: "all_orders" },
    Pair { live: "order_lines", archived: "archived_order_lines", view: "all_order_lines" },
    Pair { live: "stock_reservations", archived: "archived_stock_reservations", view: "all_stock_reservations" },
    Pair { live: "order_events", archived: "archived_order_events", view: "all_order_events" },
    Pair { live: "shipments", archived: "archived_shipments", view: "all_shipments" },
    Pair { live: "shipment_lines", archived: "archived_shipment_lines", view: "all_shipment_lines" },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flavour = Flavour::of(manager.get_connection()).await?;
        let indexes = vec![
            unique("archived_orders", &["tenant_id", "order_no"]),
            index("archived_orders", &["tenant_id", "created_at"]),
            index("archived_orders", &["tenant_id", "customer_id", "created_at"]),
            index("archived_orders", &["tenant_id", "status", "created_at"]),
        ];
        create(manager, flavour, &tables(), indexes).await?;
        for (pair, table) in PAIRS.iter().zip(tables()) {
            for statement in view(pair, &table, flavour, false) {
                manager.get_connection().execute_unprepared(&statement).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("a schema is not taken back: restore a backup instead".to_owned()))
    }
}

/// The statements that make a view over both tables of a pair, which have these columns.
pub(super) fn view(pair: &Pair, table: &Table, flavour: Flavour, is_there: bool) -> Vec<String> {
    let columns: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    let columns = columns.join(", ");
    let Pair { live, archived, view } = pair;
    let create = if flavour.takes_schema_back() { "create" } else { "create or replace" };
    let drop = (is_there && flavour.takes_schema_back()).then(|| format!("drop view {view}"));
    let create =
        format!("{create} view {view} as select {columns} from {live} union all select {columns} from {archived}");
    drop.into_iter().chain([create]).collect()
}

/// The tables of closed orders, in the order of [`PAIRS`].
pub(super) fn tables() -> Vec<Table> {
    let live = m0001_orders::tables();
    let twin = |pair: &Pair| Some(live.iter().find(|table| table.name() == pair.live)?.archived(pair.archived));
    PAIRS.iter().filter_map(twin).collect()
}
