//! Owns the question what an account with a provider captured and gave back: the ledger, in pages of bounded cost.

use std::ops::Range;

use domain::ledger::{Account, Kind};
use domain::{ChannelAccountId, Currency, Money, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::rows::Column;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading what an account captured and gave back";
/// How many rows of the ledger are one page.
const PAGE: u64 = 2_000;

/// One movement of money in an account with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What moved it.
    pub kind: Kind,
    /// The text of the attempt's or refund's id.
    pub source: String,
    /// What was captured, or given back; over zero.
    pub amount: Money,
    /// When it was written into the books.
    pub at: Timestamp,
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementKey {
    at: Timestamp,
    source: String,
}

/// A page of movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementPage {
    /// In the order of time.
    pub rows: Vec<Moved>,
    /// Where the next page begins, if there is one.
    pub next: Option<MovementKey>,
}

impl Store {
    /// What moved money in an account from the first moment on and before the second one, as far as a page goes: each
    /// question is short, however long the ledger and the day are.
    pub async fn movements(
        &self,
        (tenant, account): (TenantId, ChannelAccountId),
        kind: Kind,
        when: &Range<Timestamp>,
        after: Option<&MovementKey>,
    ) -> Result<MovementPage, Error> {
        let behind = after.map(|MovementKey { at, source }| {
            let later = Expr::col("posted_at").gt(at.0);
            later.or(Expr::col("posted_at").eq(at.0).and(Expr::col("source").gt(source.as_str())))
        });
        let from = after.map_or(when.start, |key| key.at);
        let query = Query::select()
            .columns(["source", "posted_at", "amount_minor", "currency"])
            .from("ledger_entries")
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("account").eq(Account::Channel(account).name()))
            .and_where(Expr::col("posted_at").gte(from.0))
            .and_where(Expr::col("posted_at").lt(when.end.0))
            .and_where(Expr::col("kind").eq(kind.name()))
            .and_where_option(behind)
            .order_by("posted_at", Direction::Asc)
            .order_by("source", Direction::Asc)
            .limit(PAGE)
            .take();
        let mut rows = Vec::new();
        for row in soon(DOING, self.lister.query_all(&query)).await? {
            let source: String = row.try_get_by_index(0).doing(DOING)?;
            let at = Timestamp(row.try_get_by_index(1).doing(DOING)?);
            rows.push(Moved { kind, amount: amount(&row, &source)?, source, at });
        }
        let last = rows.last().filter(|_| rows.len() as u64 == PAGE);
        let next = last.map(|Moved { at, source, .. }| MovementKey { at: *at, source: source.clone() });
        Ok(MovementPage { rows, next })
    }
}

/// An account's entry rises by what is captured and falls by what is given back.
fn amount(row: &QueryResult, source: &str) -> Result<Money, Error> {
    let minor: i64 = row.try_get_by_index(2).doing(DOING)?;
    let code: String = row.try_get_by_index(3).doing(DOING)?;
    let currency: Currency = Column { table: "ledger_entries", row: source }.parse("currency", &code)?;
    Ok(Money::new(minor.saturating_abs(), currency))
}
