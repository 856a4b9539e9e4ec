//! Owns pages of orders: which index a filter walks, and both tables as one list.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use domain::order::Status;
use domain::text::CustomerId;
use domain::{Order, OrderNo, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, Order as Direction, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use super::{Cursor, Page, behind, cut};
use crate::dialect::Walk;
use crate::rows::parse_order_no;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const LISTING: &str = "listing orders";

/// Which orders.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of these customers; of all where none is named.
    pub customers: Vec<CustomerId>,
    /// Only placed at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only placed before this time.
    pub created_to: Option<Timestamp>,
}

impl Store {
    /// A page of orders: those that may still change, and those in the archive.
    pub async fn orders(
        &self,
        tenant: TenantId,
        filter: &OrderFilter,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<Order>, Error> {
        let mut rows = Vec::new();
        let customers: Vec<_> = filter.customers.iter().map(|id| Some(id.as_str())).collect();
        let customers = if customers.is_empty() { vec![None] } else { customers };
        for customer in customers {
            for table in ["orders", "archived_orders"] {
                let query = self.page(table, (tenant, customer), filter, after).limit(limit + 1).take();
                for row in soon(LISTING, self.lister.query_all(&query)).await? {
                    rows.push(place(&row).doing(LISTING)?);
                }
            }
        }
        // Each came in this order; an order that moved between the two questions came twice.
        rows.sort_unstable_by_key(|&(_, created_at, id)| Reverse((created_at, id)));
        rows.dedup();
        let (texts, next) =
            cut(rows.into_iter().map(|(order_no, created_at, _)| (order_no, created_at)).collect(), limit);
        let numbers = texts.iter().map(|text| parse_order_no(text)).collect::<Result<Vec<_>, Error>>()?;
        let found = self.orders_load(numbers.iter().map(|&order_no| (tenant, order_no)).collect()).await?;
        let mut found: HashMap<OrderNo, Order> = found.into_iter().map(|order| (order.order_no, order)).collect();
        Ok(Page { rows: numbers.iter().filter_map(|order_no| found.remove(order_no)).collect(), next })
    }

    /// The orders of which a parcel goes under this number, whoever carries it: few, and at most `limit`.
    pub async fn orders_of_parcel(&self, tenant: TenantId, tracking_no: &str, limit: u64) -> Result<Vec<Order>, Error> {
        const DOING: &str = "looking for a parcel";
        let mut numbers = BTreeSet::new();
        for table in ["shipments", "archived_shipments"] {
            let query = Query::select()
                .column("order_no")
                .from(table)
                .and_where(Expr::col("tenant_id").eq(tenant.0))
                .and_where(Expr::col("tracking_no").eq(tracking_no))
                .limit(limit)
                .take();
            for row in soon(DOING, self.lister.query_all(&query)).await? {
                numbers.insert(parse_order_no(&row.try_get_by_index::<String>(0).doing(DOING)?)?);
            }
        }
        let wanted = numbers.into_iter().map(|order_no| (tenant, order_no)).collect();
        let mut found = self.orders_load(wanted).await?;
        found.sort_unstable_by_key(|order| Reverse((order.created_at, order.order_no)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Orders of a table, the newest first: number, time and row.
    fn page(
        &self,
        table: &'static str,
        (tenant, customer): (TenantId, Option<&str>),
        filter: &OrderFilter,
        after: Option<&Cursor>,
    ) -> SelectStatement {
        let status = filter.status.map(Status::name);
        let before = filter.created_to.map(|to| to.0.saturating_sub(1));
        let walk = Walk {
            table,
            tenant,
            equal: customer
                .map(|name| ("customer_id", name.into()))
                .into_iter()
                .chain(status.map(|name| ("status", name.into())))
                .collect(),
            from: filter.created_from.map(|from| from.0),
            to: before.into_iter().chain(after.map(|cursor| cursor.at.0)).min(),
            direction: Direction::Desc,
            order: ["created_at", "id"],
            index_ends_with: "created_at",
        };
        let mut query = Query::select();
        query.columns(["order_no", "created_at", "id"]).from(table);
        self.database.walk(&mut query, &walk);
        if let Some(cursor) = after {
            query.cond_where(behind(Expr::col("created_at"), Expr::col("id"), cursor, row_of(tenant, cursor)));
        }
        query
    }
}

fn place(row: &QueryResult) -> Result<(String, i64, i64), DbErr> {
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
}

/// The number of the row that a cursor names, wherever it is: the index of orders holds it instead of the order's own.
fn row_of(tenant: TenantId, cursor: &Cursor) -> Expr {
    let row = |table: &'static str| {
        let row = Query::select()
            .column("id")
            .from(table)
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("order_no").eq(cursor.id.as_str()))
            .take();
        Expr::SubQuery(None, Box::new(row.into()))
    };
    Func::coalesce([row("orders"), row("archived_orders")]).into()
}
