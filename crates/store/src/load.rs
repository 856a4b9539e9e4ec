//! Owns reading a batch's rows: records, products, numbers and whole orders, by sets of keys.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::text::Sku;
use domain::{Needs, Order, OrderNumber, PrincipalId, Product, State, StockItem, TenantId, Timestamp};
use engine::{Scope, Snapshot};
use idempotency::{Fingerprint, Record};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

use crate::dialect::{self, Connection};
use crate::hash::{self, Kept};
use crate::rows::{
    LineRow, OrderRow, ProductRow, RecordRow, ReservationRow, ShipmentLineRow, ShipmentRow, parse_order_no,
};
use crate::{Doing, Error, OrderKey};

/// A failed statement, still as sqlx has it, so that the write path can tell what it means.
#[derive(Debug)]
pub(crate) enum LoadError {
    Sql(sqlx::Error),
    Row(Error),
}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self::Row(error)
    }
}

/// Loads everything a batch may touch.
pub(crate) async fn snapshot(
    connection: &mut Connection,
    needs: &Needs,
    scopes: &BTreeSet<Scope>,
) -> Result<(Snapshot, Kept), LoadError> {
    let Found { records, spent, kept } = records(connection, scopes).await?;
    let mut state = State::default();
    let mut orders = needs.orders.clone();
    orders.extend(kept.iter().filter_map(|(scope, order_no)| {
        let by_key = (scope.tenant, scope.principal, scope.key.clone());
        needs.orders_by_key.contains(&by_key).then_some((scope.tenant, *order_no))
    }));
    let orders = self::orders(connection, &orders).await?;
    // A command on an existing order may resolve its reservations: their stock is needed too.
    let reserved: BTreeSet<(TenantId, Sku)> = orders
        .iter()
        .flat_map(|order| order.reservations.iter().map(|reservation| (order.tenant, reservation.sku.clone())))
        .filter(|key| !needs.products.contains(key))
        .collect();
    for item in stock(connection, &reserved).await? {
        state.put_stock(item);
    }
    for (product, item) in products(connection, &needs.products).await? {
        state.put_product(product);
        state.put_stock(item);
    }
    for number in numbers(connection, &needs.numbers).await? {
        state.put_number(number);
    }
    for order in orders {
        state.put_order(order.into());
    }
    Ok((Snapshot { state, records, spent }, kept))
}

/// What stands under some keys.
#[derive(Default)]
struct Found {
    records: HashMap<Scope, Record>,
    /// Keys that still have their order but no answer: what was asked, and the order.
    spent: HashMap<Scope, Fingerprint>,
    kept: Kept,
}

async fn records(connection: &mut Connection, scopes: &BTreeSet<Scope>) -> Result<Found, LoadError> {
    let mut all = Found::default();
    if scopes.is_empty() {
        return Ok(all);
    }
    let (tenants, hashes) = hash::parameters(scopes);
    let tenants = serde_json::to_string(&tenants).doing("writing a statement's parameters")?;
    let found = sqlx::query_as(dialect::RECORDS_LOAD).bind(tenants).bind(hashes).fetch_all(connection).await;
    let rows: Vec<RecordRow> = found.map_err(LoadError::Sql)?;
    for row in rows {
        let (scope, order_no, asked) = (row.scope(), row.order_no()?, row.asked()?);
        match (row.record()?, order_no) {
            (Some(record), _) => {
                all.records.insert(scope, record);
            }
            (None, Some(order_no)) => {
                all.spent.insert(scope.clone(), asked);
                all.kept.insert(scope, order_no);
            }
            (None, None) => {}
        }
    }
    Ok(all)
}

pub(crate) async fn products(
    connection: &mut Connection,
    keys: &BTreeSet<(TenantId, Sku)>,
) -> Result<Vec<(Product, StockItem)>, LoadError> {
    let keys = keys.iter().map(|(tenant, sku)| (tenant.0, sku.as_str()));
    let rows: Vec<(String,)> = fetch(connection, dialect::PRODUCTS_LOAD, keys).await?;
    let Some((json,)) = rows.first() else { return Ok(Vec::new()) };
    let rows: Vec<ProductRow> = serde_json::from_str(json).doing("reading products")?;
    rows.iter().map(|row| Ok(row.product()?)).collect()
}

async fn stock(connection: &mut Connection, keys: &BTreeSet<(TenantId, Sku)>) -> Result<Vec<StockItem>, LoadError> {
    let keys = keys.iter().map(|(tenant, sku)| (tenant.0, sku.as_str()));
    let rows: Vec<(i64, String, i64, i64)> = fetch(connection, dialect::STOCK_LOAD, keys).await?;
    let item = |(tenant, sku, on_hand, reserved): (i64, String, i64, i64)| StockItem {
        tenant: TenantId(tenant),
        sku: Sku::from_stored(&sku),
        on_hand,
        reserved,
    };
    Ok(rows.into_iter().map(item).collect())
}

async fn numbers(connection: &mut Connection, keys: &BTreeSet<OrderKey>) -> Result<Vec<OrderNumber>, LoadError> {
    let rows: Vec<(i64, String, i64, i64)> = fetch(connection, dialect::NUMBERS_LOAD, texts(keys)).await?;
    rows.into_iter()
        .map(|(tenant, order_no, principal, expires_at)| {
            Ok(OrderNumber {
                tenant: TenantId(tenant),
                order_no: parse_order_no(&order_no)?,
                principal: PrincipalId(principal),
                expires_at: Timestamp(expires_at),
            })
        })
        .collect()
}

/// Whole orders, in the order of their keys; those that do not exist are left out.
pub(crate) async fn orders(connection: &mut Connection, keys: &BTreeSet<OrderKey>) -> Result<Vec<Order>, LoadError> {
    let heads: Vec<OrderRow> = fetch(connection, dialect::ORDERS_LOAD, texts(keys)).await?;
    let mut orders: BTreeMap<(i64, String), Order> = BTreeMap::new();
    for row in heads {
        let order = row.head()?;
        orders.insert((row.tenant_id, row.order_no), order);
    }
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<LineRow> = fetch(connection, dialect::LINES_LOAD, texts(keys)).await?;
    let reservations: Vec<ReservationRow> = fetch(connection, dialect::RESERVATIONS_LOAD, texts(keys)).await?;
    let shipments: Vec<ShipmentRow> = fetch(connection, dialect::SHIPMENTS_LOAD, texts(keys)).await?;
    let parcels: Vec<ShipmentLineRow> = if shipments.is_empty() {
        Vec::new()
    } else {
        fetch(connection, dialect::SHIPMENT_LINES_LOAD, texts(keys)).await?
    };
    for row in lines {
        if let Some(order) = orders.get_mut(&(row.tenant_id, row.order_no.clone())) {
            order.lines.push(row.line(order.total.currency)?);
        }
    }
    for row in reservations {
        if let Some(order) = orders.get_mut(&(row.tenant_id, row.order_no.clone())) {
            order.reservations.push(row.reservation()?);
        }
    }
    for row in shipments {
        let shipment = row.shipment()?;
        if let Some(order) = orders.get_mut(&(row.tenant_id, row.order_no)) {
            order.shipments.push(shipment);
        }
    }
    for row in parcels {
        put_parcel(&mut orders, &row)?;
    }
    Ok(orders.into_values().collect())
}

fn put_parcel(orders: &mut BTreeMap<(i64, String), Order>, row: &ShipmentLineRow) -> Result<(), Error> {
    let parcel = row.parcel()?;
    let shipments = orders.get_mut(&(row.tenant_id, row.order_no.clone())).map(|order| &mut order.shipments);
    let shipment = shipments.into_iter().flatten().find(|shipment| i64::from(shipment.number) == row.number);
    if let Some(shipment) = shipment {
        shipment.parcels.push(parcel);
    }
    Ok(())
}

fn texts(keys: &BTreeSet<OrderKey>) -> impl Iterator<Item = (i64, String)> {
    keys.iter().map(|(tenant, order_no)| (tenant.0, order_no.to_string()))
}

/// Runs one statement over a set of keys; no keys, no statement.
async fn fetch<R, K>(
    connection: &mut Connection,
    sql: &'static str,
    keys: impl Iterator<Item = K>,
) -> Result<Vec<R>, LoadError>
where
    R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    K: Serialize,
{
    let keys: Vec<K> = keys.collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = serde_json::to_string(&keys).doing("writing a statement's parameters")?;
    sqlx::query_as(sql).bind(keys).fetch_all(connection).await.map_err(LoadError::Sql)
}
