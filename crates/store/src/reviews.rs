//! Owns the human queue as people read it and close it.

use domain::review::Review;
use domain::{ReviewId, TenantId, Timestamp};
use engine::Fault;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::found::{Intent, Tables as _};
use crate::set::{Find, Rows, Write, number, row, text};
use crate::soon::soon;
use crate::{Cursor, Doing as _, Error, Page, Store, entity, rows};

/// Something that a person has to look at, or has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// Its id.
    pub id: String,
    /// Why.
    pub kind: String,
    /// The id of what it is about.
    pub subject: String,
    /// What was found, in words.
    pub detail: String,
    /// When.
    pub raised_at: Timestamp,
    /// What was done, and when.
    pub resolved: Option<(Timestamp, String)>,
}

/// How often a review that somebody else may be raising too is tried again.
const RAISES_MAX: usize = 3;

static THERE: Find =
    Find { table: "reviews", key: &[number("tenant_id"), text("review_id")], unique: None, read: &[text("review_id")] };

static RAISED: Write = Write::insert(
    "reviews",
    &[number("tenant_id"), text("review_id"), text("kind"), text("subject"), text("detail"), number("raised_at")],
);

static RESOLVED: Write = Write::update(
    "reviews",
    &[number("tenant_id"), text("review_id")],
    &[number("resolved_at"), text("resolution")],
    &[],
);

impl Store {
    /// What a person has to look at, the latest first; `all` also shows what was looked at.
    pub async fn reviews(&self, tenant: TenantId, all: bool, limit: u64) -> Result<Vec<ReviewRow>, Error> {
        use entity::review::{Column, Entity};
        let mut rows =
            Entity::find().filter(Column::TenantId.eq(tenant.0)).order_by_desc(Column::RaisedAt).limit(limit);
        if !all {
            rows = rows.filter(Column::ResolvedAt.is_null());
        }
        let rows = soon("listing what is to be looked at", rows.all(&self.lister)).await?;
        let shown = |row: entity::review::Model| ReviewRow {
            id: row.review_id,
            kind: row.kind,
            subject: row.subject,
            detail: row.detail,
            raised_at: Timestamp(row.raised_at),
            resolved: row.resolved_at.map(|at| (Timestamp(at), row.resolution.unwrap_or_default())),
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// A page of what a person has to look at, the latest first; `all` also shows what was looked at.
    pub async fn reviews_page(
        &self,
        tenant: TenantId,
        all: bool,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<Review>, Error> {
        use entity::review::{Column, Entity};
        let mut rows = Entity::find().filter(Column::TenantId.eq(tenant.0)).limit(limit + 1);
        if all {
            self.database.walk_along(QueryTrait::query(&mut rows), "reviews_tenant_id_raised_at");
        } else {
            let index = "reviews_tenant_id_resolved_at_raised_at_review_id";
            self.database.walk_missing(QueryTrait::query(&mut rows), ("reviews", "resolved_at"), index);
        }
        if let Some(Cursor { at, id }) = after {
            let behind = Column::RaisedAt.lt(at.0).or(Column::ReviewId.lt(id.as_str()));
            rows = rows.filter(Column::RaisedAt.lte(at.0)).filter(behind);
        }
        rows = rows.order_by_desc(Column::RaisedAt).order_by_desc(Column::ReviewId);
        let rows = soon("listing what is to be looked at", rows.all(&self.lister)).await?;
        let mut rows =
            rows.into_iter().map(|row| Ok(rows::ReviewRow::of(row)?.0)).collect::<Result<Vec<_>, Error>>()?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|last| Cursor { at: last.at, id: last.id.to_string() });
        Ok(Page { rows, next })
    }

    /// Puts something before a person that no command found, such as a difference on a statement. False where a review of
    /// this id is there already, looked at or not: it stays as it is.
    pub async fn review_raise(&self, review: &Review) -> Result<bool, Error> {
        const DOING: &str = "raising a review";
        for _ in 0..RAISES_MAX {
            match self.raise(review).await {
                // Somebody else was faster under this id, or had the turn.
                Err(Fault::Retry(_)) => {}
                raised => return raised.doing(DOING),
            }
        }
        self.raise(review).await.doing(DOING)
    }

    async fn raise(&self, review: &Review) -> Result<bool, Fault> {
        let mut changes = self.changes().await?;
        let (id, kind) = (review.id.to_string(), review.kind.name());
        let there = changes.find(&THERE, vec![review.tenant.0.into(), id.as_str().into()], Intent::Read).await?;
        if !there.values.is_empty() {
            return Ok(false);
        }
        let mut rows = Rows::of(&RAISED);
        rows.add(row![review.tenant.0, id, kind, review.subject.as_str(), review.detail.as_str(), review.at.0]);
        changes.write_all(vec![rows]).await?;
        changes.commit().await?;
        Ok(true)
    }

    /// Writes down what was done. False if there is no such review.
    pub async fn review_resolve(
        &self,
        tenant: TenantId,
        id: ReviewId,
        resolution: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut rows = Rows::of(&RESOLVED);
        rows.add(row![tenant.0, id.to_string(), now.0, resolution]);
        let mut changes = self.changes().await.doing("resolving a review")?;
        let touched = changes.write_all(vec![rows]).await.doing("resolving a review")?;
        changes.commit().await.doing("resolving a review")?;
        Ok(touched == 1)
    }
}
