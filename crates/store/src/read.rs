//! Owns the questions that the API asks outside of commands: one object, a page of objects, an order's history.
//! Every question names its tenant.

mod customers;
mod facts;
mod keys;
mod orders;
mod payments;
mod refunds;
mod stock;

use std::collections::{BTreeSet, HashMap};

use domain::order::{Event, Status};
use domain::text::Sku;
use domain::{Order, OrderNo, PrincipalId, Product, StockItem, TenantId, Timestamp};
use engine::Scope;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::found::{Intent, Stored as _};
use crate::load::{self, LoadError};
use crate::rows::{Column, EventRow, event_from_name};
use crate::soon::soon;
use crate::{Doing, Error, Store, entity};

pub use keys::{AccountName, KeyRow, Senders};
pub use orders::OrderFilter;
pub use payments::PaymentFilter;
pub use refunds::ListedRefund;
pub use stock::StockMovement;

const READING: &str = "reading rows";

/// Where a page begins: behind the row with this time and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last row's time.
    pub at: Timestamp,
    /// The last row's id.
    pub id: String,
}

/// Some rows, newest first, and where the next page begins.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// One entry of an order's history, with the actor's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The order's version behind the step.
    pub version: u32,
    /// What happened.
    pub event: Event,
    /// Where the order stood.
    pub from: Option<Status>,
    /// Where it stands behind it.
    pub to: Status,
    /// When.
    pub at: Timestamp,
    /// Who, as `kind:name`.
    pub actor: String,
    /// Under which key.
    pub key: String,
}

impl Store {
    /// One product with its stock.
    pub async fn product(&self, tenant: TenantId, sku: &Sku) -> Result<Option<(Product, StockItem)>, Error> {
        let keys = BTreeSet::from([(tenant, sku.clone())]);
        Ok(self.products_load(&keys).await?.pop())
    }

    /// A page of products.
    pub async fn products(
        &self,
        tenant: TenantId,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<(Product, StockItem)>, Error> {
        use entity::product::{Column as Products, Entity};
        let products = Entity::find()
            .select_only()
            .columns([Products::Sku, Products::CreatedAt])
            .filter(Products::TenantId.eq(tenant.0))
            .apply_if(after, |query, cursor| {
                let earlier = Expr::col(Products::CreatedAt).lte(cursor.at.0);
                query.filter(Condition::all().add(earlier).add(behind(
                    Expr::col(Products::CreatedAt),
                    Expr::col(Products::Sku),
                    cursor,
                    Expr::value(cursor.id.clone()),
                )))
            })
            .order_by_desc(Products::CreatedAt)
            .order_by_desc(Products::Sku)
            .limit(limit + 1)
            .into_tuple();
        let rows: Vec<(String, i64)> = soon("listing products", products.all(&self.lister)).await?;
        let (keys, next) = cut(rows, limit);
        let wanted: BTreeSet<_> = keys.iter().map(|sku| (tenant, Sku::from_stored(sku))).collect();
        let found = self.products_load(&wanted).await?;
        let mut found: HashMap<String, _> = found.into_iter().map(|row| (row.0.sku.as_str().to_owned(), row)).collect();
        Ok(Page { rows: keys.iter().filter_map(|sku| found.remove(sku)).collect(), next })
    }

    /// One order.
    pub async fn order(&self, tenant: TenantId, order_no: OrderNo) -> Result<Option<Order>, Error> {
        Ok(self.orders_load(BTreeSet::from([(tenant, order_no)])).await?.pop())
    }

    /// An order's history, oldest first; empty where there is no such order.
    pub async fn history(&self, tenant: TenantId, order_no: OrderNo) -> Result<Vec<HistoryRow>, Error> {
        const DOING: &str = "reading an order's history";
        let mut reading = self.database.read().await.doing(DOING)?;
        let key = || [tenant.0.into(), order_no.to_string().into()].into_iter();
        let mut events = Vec::new();
        for find in [EventRow::FIND, &EventRow::FIND_ARCHIVED] {
            let found: Vec<EventRow> =
                load::find_in(&mut reading, find, key(), Intent::Read).await.map_err(load_error)?;
            events.extend(found);
        }
        drop(reading);
        events.sort_unstable_by_key(|event| event.version);
        let ids: BTreeSet<i64> = events.iter().map(|event| event.principal_id).collect();
        let actors = self.actors_named(tenant, ids).await?;
        events.iter().map(|event| history_row(event, &actors)).collect()
    }

    /// Who these are, as `kind:name`.
    async fn actors_named(&self, tenant: TenantId, ids: BTreeSet<i64>) -> Result<HashMap<PrincipalId, String>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let actors = entity::principal::Entity::find()
            .filter(entity::principal::Column::TenantId.eq(tenant.0))
            .filter(entity::principal::Column::Id.is_in(ids));
        let actors = soon("reading the actors of a history", actors.all(&self.lister)).await?;
        let named = actors.into_iter().map(|actor| (PrincipalId(actor.id), format!("{}:{}", actor.kind, actor.name)));
        Ok(named.collect())
    }

    async fn orders_load(&self, keys: BTreeSet<crate::OrderKey>) -> Result<Vec<Order>, Error> {
        // One transaction: an order's head and lines are of the same moment.
        let mut reading = self.database.read().await.doing(READING)?;
        load::orders(&mut reading, &keys, Intent::Read).await.map_err(load_error)
    }

    /// The place of the first of these keys under which a row stands: it has its answer, or made an order whose answer was
    /// purged. Of a name that counts for some time only, an answer of since this moment.
    pub async fn key_first_known(&self, scopes: &[Scope], since: Option<Timestamp>) -> Result<Option<usize>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        load::first_known(&mut reading, scopes, since).await.map_err(load_error)
    }

    async fn products_load(&self, keys: &BTreeSet<(TenantId, Sku)>) -> Result<Vec<(Product, StockItem)>, Error> {
        let mut reading = self.database.read().await.doing(READING)?;
        load::products(&mut reading, keys).await.map_err(load_error)
    }
}

fn history_row(event: &EventRow, actors: &HashMap<PrincipalId, String>) -> Result<HistoryRow, Error> {
    let column = Column { table: "order_events", row: &event.order_no };
    Ok(HistoryRow {
        version: column.small("version", event.version)?,
        event: column.name("event", &event.event, event_from_name)?,
        from: match &event.from_status {
            None => None,
            Some(status) => Some(column.name("from_status", status, Status::from_name)?),
        },
        to: column.name("to_status", &event.to_status, Status::from_name)?,
        at: Timestamp(event.happened_at),
        actor: actors.get(&PrincipalId(event.principal_id)).cloned().unwrap_or_default(),
        key: event.idempotency_key.trim_start().to_owned(),
    })
}

/// The half of `(time, id) < (cursor's time, cursor's id)` that is left beside `time <= cursor's time`, by which an index
/// is walked: not every database does by a comparison of pairs.
fn behind(time: Expr, id: Expr, cursor: &Cursor, last: Expr) -> Condition {
    Condition::any().add(time.lt(cursor.at.0)).add(id.lt(last))
}

/// Drops the row that was read only to know whether there is a next page.
fn cut(mut rows: Vec<(String, i64)>, limit: u64) -> (Vec<String>, Option<Cursor>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(id, at)| Cursor { at: Timestamp(*at), id: id.clone() });
    (rows.into_iter().map(|(id, _)| id).collect(), next)
}

pub(crate) fn load_error(error: LoadError) -> Error {
    match error {
        LoadError::Fault(fault) => Error::database(READING)(Box::new(fault)),
        LoadError::Row(error) => error,
    }
}
