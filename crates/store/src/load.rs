//! Owns reading a batch's rows: records, products, numbers and whole orders, by sets of keys.

mod api_keys;
pub(crate) mod money;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::order::PendingSlot;
use domain::text::Sku;
use domain::{Needs, Order, Product, State, StockItem, TenantId, Timestamp};
use engine::{Fault, Scope, Snapshot};
use idempotency::{Fingerprint, Record};

use crate::found::{Intent, Stored, Tables};
use crate::hash::{self, Kept, Made};
use crate::rows::{
    LineRow, NumberRow, OrderRow, ProductRow, RecordRow, ReservationRow, ShipmentLineRow, ShipmentRow, SlotRow,
    StockRow,
};
use crate::set::{Find, Value};
use crate::{Error, OrderKey};

/// What went wrong while rows were loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// The database did not answer as it should.
    Fault(Fault),
    /// A row that cannot be read.
    Row(Error),
}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self::Row(error)
    }
}

/// Loads everything a batch may touch. Orders are locked first, then stock, each in the order of their keys; so two
/// batches that want the same rows wait for each other in one direction only. Records are read behind the locks: who
/// waited for another node's batch sees what that one left under its keys. People, tenants and the ends of audit logs come
/// last: of two nodes with one key that touches nothing else, the unique key has one run again.
pub(crate) async fn snapshot(
    tables: &mut impl Tables,
    needs: &Needs,
    scopes: &BTreeSet<Scope>,
) -> Result<Loaded, LoadError> {
    let mut state = State::default();
    let paid = money::orders_of(tables, needs).await?;
    let wanted: BTreeSet<OrderKey> = needs.orders.union(&paid).copied().collect();
    let mut orders = whole(tables, &LIVE, &wanted, Intent::Change).await?;
    let archived = missing(&orders, &wanted);
    orders.extend(whole(tables, &ARCHIVED, &archived, Intent::Read).await?);
    // A command on an existing order may resolve its reservations: their stock is needed too.
    let reserved: BTreeSet<(TenantId, Sku)> = orders
        .iter()
        .flat_map(|order| order.reservations.iter().map(|reservation| (order.tenant, reservation.sku.clone())))
        .collect();
    let wanted: BTreeSet<&(TenantId, Sku)> = needs.products.iter().chain(&reserved).collect();
    for row in find::<StockRow>(tables, wanted.into_iter().flat_map(sku_key), Intent::Change).await? {
        state.put_stock(row.item());
    }
    for order in orders {
        state.put_order(order.into());
    }
    money::load(tables, needs, &paid, &mut state).await?;
    let away: BTreeSet<OrderKey> =
        archived.into_iter().filter(|&(tenant, order_no)| state.payment_for(tenant, order_no).is_some()).collect();
    for row in find::<ProductRow>(tables, needs.products.iter().flat_map(sku_key), Intent::Read).await? {
        state.put_product(row.product()?);
    }
    for row in find::<NumberRow>(tables, needs.numbers.iter().flat_map(order_key), Intent::Read).await? {
        state.put_number(row.number()?);
    }
    for row in find::<SlotRow>(tables, needs.slots.iter().flat_map(slot_key), Intent::Read).await? {
        state.put_slot(row.slot(), row.order_no()?);
    }
    let FoundKeys { records, spent, kept, made } = records(tables, scopes).await?;
    let placed: BTreeSet<OrderKey> = kept
        .iter()
        .filter(|(scope, _)| needs.orders_by_key.contains(&(scope.tenant, scope.principal, scope.key.clone())))
        .map(|(scope, order_no)| (scope.tenant, *order_no))
        .filter(|key| !needs.orders.contains(key))
        .collect();
    for order in self::orders(tables, &placed, Intent::Change).await? {
        state.put_order(order.into());
    }
    for (scope, order_no) in &kept {
        state.put_key((scope.tenant, scope.principal, scope.key.clone()), *order_no);
    }
    people::load(tables, needs, &mut state).await?;
    Ok(Loaded { snapshot: Snapshot { state, records, spent }, kept, made, away })
}

/// What was loaded for a batch.
pub(crate) struct Loaded {
    pub(crate) snapshot: Snapshot,
    pub(crate) kept: Kept,
    /// The orders that arrivals made whose records were found.
    pub(crate) made: Made,
    /// Orders in the archive that have a payment: it may change, so they must come back first.
    pub(crate) away: BTreeSet<OrderKey>,
}

/// What stands under some keys.
#[derive(Default)]
struct FoundKeys {
    records: HashMap<Scope, Record>,
    /// Keys that still have their order but no answer: what was asked, and the order.
    spent: HashMap<Scope, Fingerprint>,
    kept: Kept,
    made: Made,
}

async fn records(tables: &mut impl Tables, scopes: &BTreeSet<Scope>) -> Result<FoundKeys, LoadError> {
    let mut all = FoundKeys::default();
    let keys = scopes.iter().flat_map(|scope| [scope.tenant.0.into(), hash::of(scope)[..].into()]);
    let rows: Vec<RecordRow> = find(tables, keys, Intent::Read).await?;
    for row in rows {
        let (scope, order_no, asked) = (row.scope(), row.order_no()?, row.asked()?);
        all.made.extend(order_no.map(|order_no| Ok::<_, Error>((row.command()?, order_no))).transpose()?);
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

/// The first of these keys under which a row stands; of a name that counts for some time only, one of since this moment.
pub(crate) async fn first_known(
    tables: &mut impl Tables,
    scopes: &[Scope],
    since: Option<Timestamp>,
) -> Result<Option<usize>, LoadError> {
    let found = records(tables, &scopes.iter().cloned().collect()).await?;
    let counts = |record: &Record| since.is_none_or(|since| record.completed_at_ms >= since.0);
    let is_known = |scope: &Scope| {
        found.records.get(scope).is_some_and(counts) || since.is_none() && found.spent.contains_key(scope)
    };
    Ok(scopes.iter().position(is_known))
}

/// Products with their stock.
pub(crate) async fn products(
    tables: &mut impl Tables,
    keys: &BTreeSet<(TenantId, Sku)>,
) -> Result<Vec<(Product, StockItem)>, LoadError> {
    let products: Vec<ProductRow> = find(tables, keys.iter().flat_map(sku_key), Intent::Read).await?;
    let items: Vec<StockRow> = find(tables, keys.iter().flat_map(sku_key), Intent::Read).await?;
    let mut items: HashMap<(i64, String), StockRow> =
        items.into_iter().map(|row| ((row.tenant_id, row.sku.clone()), row)).collect();
    let mut both = Vec::with_capacity(products.len());
    for product in products {
        let item = items.remove(&(product.tenant_id, product.sku.clone()));
        if let Some(item) = item {
            both.push((product.product()?, item.item()));
        }
    }
    Ok(both)
}

/// The tables that make whole orders.
struct Place {
    heads: &'static Find,
    lines: &'static Find,
    reservations: &'static Find,
    shipments: &'static Find,
    parcels: &'static Find,
}

/// Where orders are that may still change.
static LIVE: Place = Place {
    heads: OrderRow::FIND,
    lines: LineRow::FIND,
    reservations: ReservationRow::FIND,
    shipments: ShipmentRow::FIND,
    parcels: ShipmentLineRow::FIND,
};

/// Where closed ones are kept: the same columns.
static ARCHIVED: Place = Place {
    heads: &Find {
        table: "archived_orders",
        unique: Some("archived_orders_tenant_id_order_no"),
        key: OrderRow::FIND.key,
        read: OrderRow::FIND.read,
    },
    lines: &Find { table: "archived_order_lines", unique: None, key: LineRow::FIND.key, read: LineRow::FIND.read },
    reservations: &Find {
        table: "archived_stock_reservations",
        unique: None,
        key: ReservationRow::FIND.key,
        read: ReservationRow::FIND.read,
    },
    shipments: &Find {
        table: "archived_shipments",
        unique: None,
        key: ShipmentRow::FIND.key,
        read: ShipmentRow::FIND.read,
    },
    parcels: &Find {
        table: "archived_shipment_lines",
        unique: None,
        key: ShipmentLineRow::FIND.key,
        read: ShipmentLineRow::FIND.read,
    },
};

/// Whole orders, in the order of their keys, wherever they are; those that do not exist are left out. Whose head is
/// locked, its rows are; those in the archive change no more.
pub(crate) async fn orders(
    tables: &mut impl Tables,
    keys: &BTreeSet<OrderKey>,
    intent: Intent,
) -> Result<Vec<Order>, LoadError> {
    let mut found = whole(tables, &LIVE, keys, intent).await?;
    let missing = missing(&found, keys);
    if !missing.is_empty() {
        found.extend(whole(tables, &ARCHIVED, &missing, Intent::Read).await?);
        found.sort_unstable_by_key(|order| (order.tenant, order.order_no));
    }
    Ok(found)
}

/// The keys whose order was not found.
fn missing(found: &[Order], keys: &BTreeSet<OrderKey>) -> BTreeSet<OrderKey> {
    let there: BTreeSet<OrderKey> = found.iter().map(|order| (order.tenant, order.order_no)).collect();
    keys.difference(&there).copied().collect()
}

async fn whole(
    tables: &mut impl Tables,
    place: &Place,
    keys: &BTreeSet<OrderKey>,
    intent: Intent,
) -> Result<Vec<Order>, LoadError> {
    let keys = || keys.iter().flat_map(order_key);
    let heads: Vec<OrderRow> = find_in(tables, place.heads, keys(), intent).await?;
    let mut orders: BTreeMap<(i64, String), Order> = BTreeMap::new();
    for row in heads {
        let order = row.head()?;
        orders.insert((row.tenant_id, row.order_no), order);
    }
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<LineRow> = find_in(tables, place.lines, keys(), Intent::Read).await?;
    let reservations: Vec<ReservationRow> = find_in(tables, place.reservations, keys(), Intent::Read).await?;
    let shipments: Vec<ShipmentRow> = find_in(tables, place.shipments, keys(), Intent::Read).await?;
    let parcels: Vec<ShipmentLineRow> =
        if shipments.is_empty() { Vec::new() } else { find_in(tables, place.parcels, keys(), Intent::Read).await? };
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
    orders.values_mut().for_each(sort);
    Ok(orders.into_values().collect())
}

/// Databases give rows in any order.
fn sort(order: &mut Order) {
    order.lines.sort_unstable_by_key(|line| line.number);
    order.reservations.sort_unstable_by(|one, other| one.sku.cmp(&other.sku));
    order.shipments.sort_unstable_by_key(|shipment| shipment.number);
    for shipment in &mut order.shipments {
        shipment.parcels.sort_unstable_by_key(|parcel| parcel.line);
    }
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

fn sku_key((tenant, sku): &(TenantId, Sku)) -> [Value; 2] {
    [tenant.0.into(), sku.as_str().into()]
}

fn slot_key(slot: &PendingSlot) -> [Value; 3] {
    [slot.tenant.0.into(), slot.customer_id.as_str().into(), SlotRow::sku(slot).into()]
}

fn order_key((tenant, order_no): &OrderKey) -> [Value; 2] {
    [tenant.0.into(), order_no.to_string().into()]
}

/// Asks for a set of keys; no keys, no question.
async fn find<T: Stored>(
    tables: &mut impl Tables,
    keys: impl Iterator<Item = Value>,
    intent: Intent,
) -> Result<Vec<T>, LoadError> {
    find_in(tables, T::FIND, keys, intent).await
}

/// The same in another table of the same columns.
pub(crate) async fn find_in<T: Stored>(
    tables: &mut impl Tables,
    find: &'static Find,
    keys: impl Iterator<Item = Value>,
    intent: Intent,
) -> Result<Vec<T>, LoadError> {
    let keys: Vec<Value> = keys.collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let found = tables.find(find, keys, intent).await.map_err(LoadError::Fault)?;
    Ok(found.rows()?)
}
