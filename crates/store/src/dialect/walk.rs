//! Owns how a list by time is made to walk the index that has its rows side by side, whatever the planner believes.
//!
//! Two indexes have a list of one status in its order: that of the status, and that of all orders. The planner takes
//! the rows of a status to be spread evenly, and where nearly all orders have it, both for equally good. But the newest
//! orders are not completed yet: by the index of all of them each must be looked at first, some ten thousand for a page.

use domain::TenantId;
use sea_orm::sea_query::extension::mysql::{IndexHintScope, MySqlSelectStatementExt as _};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, SelectStatement, Value};

use super::Database;

/// Which rows a list is of, and in which order it has them: by time, and by number where that is the same.
pub(crate) struct Walk {
    pub(crate) table: &'static str,
    pub(crate) tenant: TenantId,
    /// What all of them have in common: columns, each of which an index has between the tenant and the time. Where there
    /// is more than one, statistics must say which of them few orders have.
    pub(crate) equal: Vec<(&'static str, Value)>,
    /// Of this time or later.
    pub(crate) from: Option<i64>,
    /// Of this time or before.
    pub(crate) to: Option<i64>,
    pub(crate) direction: Direction,
    /// The columns of the time and of the number.
    pub(crate) order: [&'static str; 2],
    /// How the names of its indexes end.
    pub(crate) index_ends_with: &'static str,
}

impl Database {
    /// Puts the conditions and the order of a list into its query.
    pub(crate) fn walk(&self, query: &mut SelectStatement, walk: &Walk) {
        let [time, number] = walk.order;
        query.and_where(Expr::col("tenant_id").eq(walk.tenant.0));
        match (self, &walk.equal[..]) {
            // A comparison as one, and an order that begins with the column: no other index can give either.
            (Self::Postgres(_), [(column, value)]) => {
                let here = Expr::tuple([Expr::col(*column), Expr::col(time)]);
                let moment = |moment: i64| Expr::tuple([Expr::value(value.clone()), Expr::value(moment)]);
                query
                    .and_where(here.clone().gte(moment(walk.from.unwrap_or(i64::MIN))))
                    .and_where(here.lte(moment(walk.to.unwrap_or(i64::MAX))))
                    .order_by(*column, walk.direction.clone());
            }
            (_, equal) => {
                for (column, value) in equal {
                    query.and_where(Expr::col(*column).eq(value.clone()));
                }
                query
                    .and_where_option(walk.from.map(|from| Expr::col(time).gte(from)))
                    .and_where_option(walk.to.map(|to| Expr::col(time).lte(to)));
            }
        }
        if let Some(index) = walk.index() {
            self.walk_along(query, index);
        }
        query.order_by(time, walk.direction.clone()).order_by(number, walk.direction.clone());
    }
}

impl Database {
    /// Has a list walk the index of this name, where the database can be told so.
    pub(crate) fn walk_along(&self, query: &mut SelectStatement, index: impl Into<String>) {
        if matches!(self, Self::MySql(_)) {
            query.force_index(index.into(), IndexHintScope::All);
        }
    }

    /// Has a list of rows in which this column is missing walk the index of this name, which has it behind the tenant. To
    /// PostgreSQL what is missing is not the same everywhere, and the order begins with it; to MySQL it is, and it does not.
    pub(crate) fn walk_missing(
        &self,
        query: &mut SelectStatement,
        column: (&'static str, &'static str),
        index: &'static str,
    ) {
        query.and_where(Expr::col(column).is_null());
        if matches!(self, Self::Postgres(_)) {
            query.order_by(column, Direction::Desc);
        }
        self.walk_along(query, index);
    }
}

impl Walk {
    /// The one that has them side by side, where there is but one.
    fn index(&self) -> Option<String> {
        let end = self.index_ends_with;
        match &self.equal[..] {
            [] => Some(format!("{}_tenant_id_{end}", self.table)),
            [(column, _)] => Some(format!("{}_tenant_id_{column}_{end}", self.table)),
            _ => None,
        }
    }
}
