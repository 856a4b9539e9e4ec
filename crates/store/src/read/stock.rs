//! Owns pages of what moved a product's stock.

use std::collections::{BTreeSet, HashMap};

use domain::stock::Source;
use domain::text::Sku;
use domain::{PrincipalId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, Order as Direction, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use super::{Cursor, Page, behind};
use crate::dialect::Walk;
use crate::rows::Column;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const LISTING: &str = "listing movements of stock";

/// One change of what there is of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockMovement {
    /// What moved it.
    pub source: Source,
    /// Signed.
    pub quantity: i64,
    /// The words of the person who moved it.
    pub reason: Option<String>,
    /// Who, as `kind:name`; of what was moved before that was written down, nobody knows.
    pub actor: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A row as it is read.
struct Row {
    id: i64,
    source: (String, String),
    quantity: i64,
    reason: Option<String>,
    at: i64,
    principal: Option<i64>,
}

impl Store {
    /// A page of a product's movements, the newest first.
    pub async fn stock_movements(
        &self,
        tenant: TenantId,
        sku: &Sku,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<StockMovement>, Error> {
        let walk = Walk {
            table: "stock_movements",
            tenant,
            equal: vec![("sku", sku.as_str().into())],
            from: None,
            to: after.map(|cursor| cursor.at.0),
            direction: Direction::Desc,
            order: ["moved_at", "id"],
            index_ends_with: "moved_at_id",
        };
        let mut query = Query::select();
        query
            .columns(["id", "source_kind", "source_id", "quantity", "reason", "moved_at", "principal_id"])
            .from(walk.table)
            .limit(limit + 1);
        self.database.walk(&mut query, &walk);
        if let Some(cursor) = after {
            // No row has the number zero: behind a cursor of another list is nothing of that moment.
            let last = Expr::value(cursor.id.parse::<i64>().unwrap_or_default());
            query.cond_where(behind(Expr::col("moved_at"), Expr::col("id"), cursor, last));
        }
        let rows = soon(LISTING, self.lister.query_all(&query)).await?;
        let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| Cursor { at: Timestamp(row.at), id: row.id.to_string() });
        let who: BTreeSet<i64> = rows.iter().filter_map(|row| row.principal).collect();
        let actors = self.actors_named(tenant, who).await?;
        let rows = rows.into_iter().map(|row| movement(row, &actors)).collect::<Result<_, Error>>()?;
        Ok(Page { rows, next })
    }
}

fn read(row: &QueryResult) -> Result<Row, Error> {
    Ok(Row {
        id: row.try_get_by_index(0).doing(LISTING)?,
        source: (row.try_get_by_index(1).doing(LISTING)?, row.try_get_by_index(2).doing(LISTING)?),
        quantity: row.try_get_by_index(3).doing(LISTING)?,
        reason: row.try_get_by_index(4).doing(LISTING)?,
        at: row.try_get_by_index(5).doing(LISTING)?,
        principal: row.try_get_by_index(6).doing(LISTING)?,
    })
}

fn movement(row: Row, actors: &HashMap<PrincipalId, String>) -> Result<StockMovement, Error> {
    let id = row.id.to_string();
    let column = Column { table: "stock_movements", row: &id };
    let (kind, source) = row.source;
    let source = match kind.as_str() {
        "initial" => Source::Initial,
        "manual" => Source::Manual(column.parse("source_id", &source)?),
        "sale" => Source::Sale(column.parse("source_id", &source)?),
        "return" => Source::Return(column.parse("source_id", &source)?),
        _ => return Err(column.unreadable("source_kind", kind)),
    };
    let actor = row.principal.and_then(|id| actors.get(&PrincipalId(id)).cloned());
    Ok(StockMovement { source, quantity: row.quantity, reason: row.reason, actor, at: Timestamp(row.at) })
}
