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
/// How many rows of the ledger one page looks at.
const PAGE: u64 = 5_000;

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
    source: String,
    account: String,
}

/// A page of movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementPage {
    /// Those of the account and the time; may be none though more follow.
    pub rows: Vec<Moved>,
    /// Where the next page begins, if there is one.
    pub next: Option<MovementKey>,
}

impl Store {
    /// What moved money in an account from the first moment on and before the second one, as far as a page goes. A page is of so
    /// many rows of the ledger that are looked at, in the order of its key, so that each question is short however long the
    /// ledger is.
    pub async fn movements(
        &self,
        (tenant, account): (TenantId, ChannelAccountId),
        kind: Kind,
        when: &Range<Timestamp>,
        after: Option<&MovementKey>,
    ) -> Result<MovementPage, Error> {
        let behind = after.map(|MovementKey { source, account }| {
            // The first half is what an index is walked by.
            let same = Expr::col("source").gt(source.as_str()).or(Expr::col("account").gt(account.as_str()));
            Expr::col("source").gte(source.as_str()).and(same)
        });
        let query = Query::select()
            .columns(["source", "account", "amount_minor", "currency", "posted_at"])
            .from("ledger_entries")
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("kind").eq(kind.name()))
            .and_where_option(behind)
            .order_by("source", Direction::Asc)
            .order_by("account", Direction::Asc)
            .limit(PAGE)
            .take();
        let found = soon(DOING, self.lister.query_all(&query)).await?;
        let (wanted, is_full) = (Account::Channel(account).name(), found.len() as u64 == PAGE);
        let (mut rows, mut last) = (Vec::new(), None);
        for row in found {
            let source: String = row.try_get_by_index(0).doing(DOING)?;
            let account: String = row.try_get_by_index(1).doing(DOING)?;
            let at = Timestamp(row.try_get_by_index(4).doing(DOING)?);
            if account == wanted && when.contains(&at) {
                rows.push(Moved { kind, amount: amount(&row, &source)?, source: source.clone(), at });
            }
            last = Some(MovementKey { source, account });
        }
        Ok(MovementPage { rows, next: last.filter(|_| is_full) })
    }
}

/// An account's entry rises by what is captured and falls by what is given back.
fn amount(row: &QueryResult, source: &str) -> Result<Money, Error> {
    let minor: i64 = row.try_get_by_index(2).doing(DOING)?;
    let code: String = row.try_get_by_index(3).doing(DOING)?;
    let currency: Currency = Column { table: "ledger_entries", row: source }.parse("currency", &code)?;
    Ok(Money::new(minor.saturating_abs(), currency))
}
