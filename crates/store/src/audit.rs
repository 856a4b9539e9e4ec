//! Owns reading audit logs: pages of one, its end, and entries as they were hashed. Who writes them is the engine's commit.

use std::collections::{BTreeSet, HashMap};

use domain::audit::{Entry, Head};
use domain::text::Reason;
use domain::{PrincipalId, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryResult};

use crate::dialect::Walk;
use crate::found::Stored as _;
use crate::rows::HeadRow;
use crate::soon::soon;
use crate::{Cursor, Doing as _, Error, Page, Store, entity};

const DOING: &str = "reading the audit log";

pub(crate) const ENTRY: [&str; 11] = [
    "tenant_id",
    "place",
    "at",
    "principal_id",
    "action",
    "subject",
    "outcome",
    "reason",
    "request_id",
    "before_hash",
    "hash",
];

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only of this account or person, as others name them.
    pub actor: Option<String>,
    /// Only of this action.
    pub action: Option<String>,
    /// Only of this time or later.
    pub from: Option<Timestamp>,
    /// Only of before this time.
    pub to: Option<Timestamp>,
}

impl Store {
    /// Entries of a tenant's log, the latest first. The times are those of the nodes, so two entries may stand in another
    /// order than in the chain.
    pub async fn audit(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<Entry>, Error> {
        let actor = match &filter.actor {
            None => None,
            Some(actor) => match self.actor_named(tenant, actor).await? {
                Some(actor) => Some(actor),
                None => return Ok(Page { rows: Vec::new(), next: None }),
            },
        };
        let before = filter.to.map(|to| to.0.saturating_sub(1));
        let walk = Walk {
            table: "audit_entries",
            tenant,
            // One of the two leads; the other is looked at on the way.
            equal: match (actor, &filter.action) {
                (Some(actor), _) => vec![("principal_id", actor.0.into())],
                (None, Some(action)) => vec![("action", action.as_str().into())],
                (None, None) => Vec::new(),
            },
            from: filter.from.map(|from| from.0),
            to: before.into_iter().chain(after.map(|cursor| cursor.at.0)).min(),
            direction: Order::Desc,
            order: ["at", "place"],
            index_ends_with: "at_place",
        };
        let mut query = Query::select();
        query.columns(ENTRY).from("audit_entries");
        self.database.walk(&mut query, &walk);
        if let (Some(_), Some(action)) = (actor, &filter.action) {
            query.and_where(Expr::col("action").eq(action.as_str()));
        }
        if let Some(cursor) = after {
            let place: i64 = cursor.id.parse().unwrap_or(0);
            query.and_where(Expr::col("at").lt(cursor.at.0).or(Expr::col("place").lt(place)));
        }
        let rows = soon(DOING, self.lister.query_all(query.limit(limit + 1))).await?;
        self.page_of(rows, limit).await
    }

    /// Entries of a tenant's log behind this place, in the order of the chain.
    pub async fn audit_behind(&self, tenant: TenantId, place: i64, limit: u64) -> Result<Page<Entry>, Error> {
        let mut query = Query::select();
        query.columns(ENTRY).from("audit_entries").and_where(Expr::col("tenant_id").eq(tenant.0));
        query.and_where(Expr::col("place").gt(place)).order_by("place", Order::Asc).limit(limit + 1);
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        self.page_of(rows, limit).await
    }

    /// The end of a tenant's log, if it has begun.
    pub async fn audit_head(&self, tenant: TenantId) -> Result<Option<Head>, Error> {
        let found: Option<HeadRow> = self.first(HeadRow::FIND, vec![tenant.0.into()]).await?;
        found.map(|row| row.head()).transpose()
    }

    async fn actor_named(&self, tenant: TenantId, name: &str) -> Result<Option<PrincipalId>, Error> {
        use entity::principal::{Column, Entity};
        let found = Entity::find().filter(Column::PublicId.eq(name)).filter(Column::TenantId.eq(tenant.0));
        Ok(soon(DOING, found.one(&self.lister)).await?.map(|found| PrincipalId(found.id)))
    }

    async fn page_of(&self, mut rows: Vec<QueryResult>, limit: u64) -> Result<Page<Entry>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let mut entries: Vec<Entry> = rows.iter().map(entry).collect::<Result<_, _>>().doing(DOING)?;
        soon(DOING, name(&self.lister, &mut entries)).await?;
        let last = entries.last().filter(|_| more);
        let next = last.map(|entry| Cursor { at: entry.at, id: entry.place.to_string() });
        Ok(Page { rows: entries, next })
    }
}

/// Puts in who acted, as others name them: it is kept once, with the accounts.
pub(crate) async fn name(database: &impl ConnectionTrait, entries: &mut [Entry]) -> Result<(), DbErr> {
    let names = names(database, entries.iter().map(|entry| entry.principal.0).collect()).await?;
    for entry in entries {
        entry.actor = names.get(&entry.principal.0).cloned().unwrap_or_default();
    }
    Ok(())
}

async fn names(database: &impl ConnectionTrait, ids: BTreeSet<i64>) -> Result<HashMap<i64, String>, DbErr> {
    use entity::principal::{Column, Entity};
    let found = Entity::find().filter(Column::Id.is_in(ids)).all(database).await?;
    Ok(found.into_iter().map(|actor| (actor.id, actor.public_id)).collect())
}

/// An entry as it stands, but for the name of who acted.
pub(crate) fn entry(row: &QueryResult) -> Result<Entry, DbErr> {
    Ok(Entry {
        tenant: TenantId(row.try_get_by_index(0)?),
        place: row.try_get_by_index(1)?,
        at: Timestamp(row.try_get_by_index(2)?),
        principal: PrincipalId(row.try_get_by_index(3)?),
        actor: String::new(),
        action: row.try_get_by_index(4)?,
        subject: row.try_get_by_index(5)?,
        outcome: row.try_get_by_index(6)?,
        reason: row.try_get_by_index::<Option<String>>(7)?.map(|reason| Reason::from_stored(&reason)),
        request_id: row.try_get_by_index(8)?,
        before: hash(row, 9)?,
        hash: hash(row, 10)?,
    })
}

/// One of another length is none, and nothing follows on it: no entry has a hash of all ones.
pub(crate) fn hash(row: &QueryResult, at: usize) -> Result<[u8; 32], DbErr> {
    let bytes: Vec<u8> = row.try_get_by_index(at)?;
    Ok(bytes.try_into().unwrap_or([0xff; 32]))
}
