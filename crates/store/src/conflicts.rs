//! Owns what was refused and counted off the hot path: written in sums, and looked up by people.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{PrincipalId, TenantId, Timestamp};
use idempotency::Key;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::found::{Fields, Intent, Stored, Tables as _};
use crate::set::{Find, Rows, Value, Write, number, row, text};
use crate::soon::soon;
use crate::{Doing, Error, Store, entity};

/// Refusals of one kind under one key, counted.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Whose.
    pub tenant: TenantId,
    /// Who sent them.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
    /// The refusal's code.
    pub kind: &'static str,
    /// How many.
    pub times: u64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
}

/// The same as a list shows it, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictRow {
    /// Who sent them, as `kind:name`.
    pub account: String,
    /// Under which key; one that the server derived begins with a blank.
    pub key: String,
    /// The refusal's code.
    pub kind: String,
    /// How many.
    pub times: i64,
    /// The first of them, in milliseconds since 1970.
    pub first_at: i64,
    /// The last of them.
    pub last_at: i64,
}

/// What conflicts are counted by: tenant, account, key, kind.
type Slot = (i64, i64, String, String);
/// How many, the first, the last.
type Count = (i64, i64, i64);

/// What stands under a slot.
struct CountRow {
    key: Slot,
    times: i64,
    first_at: i64,
    last_at: i64,
}

impl Stored for CountRow {
    const FIND: &'static Find = &Find {
        table: "key_conflicts",
        key: &[number("tenant_id"), number("principal_id"), text("idempotency_key"), text("kind")],
        unique: None,
        read: &[
            number("tenant_id"),
            number("principal_id"),
            text("idempotency_key"),
            text("kind"),
            number("times"),
            number("first_at"),
            number("last_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            key: (fields.take()?, fields.take()?, fields.take()?, fields.take()?),
            times: fields.take()?,
            first_at: fields.take()?,
            last_at: fields.take()?,
        })
    }
}

static NEW: Write = Write::insert("key_conflicts", CountRow::FIND.read);

static MORE: Write = Write::update(
    "key_conflicts",
    CountRow::FIND.key,
    &[number("times"), number("first_at"), number("last_at")],
    &[number("times")],
);

impl Store {
    /// Adds counts of refused reuses and other conflicts.
    pub async fn conflicts_add(&self, conflicts: &[Conflict]) -> Result<(), Error> {
        const DOING: &str = "writing conflicts";
        let sums = sums(conflicts);
        if sums.is_empty() {
            return Ok(());
        }
        let keys = sums.keys().flat_map(|(tenant, principal, key, kind)| {
            [Value::from(*tenant), Value::from(*principal), Value::from(key.as_str()), Value::from(kind.as_str())]
        });
        let mut changes = self.changes().await.doing(DOING)?;
        let found: Vec<CountRow> =
            changes.find(CountRow::FIND, keys.collect(), Intent::Change).await.doing(DOING)?.rows()?;
        let mut found: HashMap<_, _> = found.into_iter().map(|row| (row.key.clone(), row)).collect();
        let (mut new, mut more) = (Rows::of(&NEW), Rows::of(&MORE));
        for (key, (times, first_at, last_at)) in sums {
            let was = found.remove(&key);
            let (tenant, principal, text, kind) = key;
            match was {
                None => new.add(row![tenant, principal, text, kind, times, first_at, last_at]),
                Some(was) => more.add(row![
                    tenant,
                    principal,
                    text,
                    kind,
                    was.times + times,
                    was.first_at.min(first_at),
                    was.last_at.max(last_at),
                    was.times,
                ]),
            }
        }
        changes.write_all(vec![new, more]).await.doing(DOING)?;
        changes.commit().await.doing(DOING)
    }

    /// A tenant's conflicts, those under one key if it is given, the latest first, at most `limit`.
    pub async fn conflicts(&self, tenant: TenantId, key: Option<&str>, limit: u64) -> Result<Vec<ConflictRow>, Error> {
        use entity::key_conflict::{Column, Entity};
        use entity::principal;
        const DOING: &str = "reading conflicts";
        let found = Entity::find()
            .filter(Column::TenantId.eq(tenant.0))
            .apply_if(key, |query, key| query.filter(Column::IdempotencyKey.is_in([key.to_owned(), format!(" {key}")])))
            .order_by_desc(Column::LastAt)
            .limit(limit);
        let rows = soon(DOING, found.all(&self.lister)).await?;
        let ids: BTreeSet<i64> = rows.iter().map(|row| row.principal_id).collect();
        let accounts = principal::Entity::find()
            .filter(principal::Column::TenantId.eq(tenant.0))
            .filter(principal::Column::Id.is_in(ids));
        let accounts = soon(DOING, accounts.all(&self.lister)).await?;
        let accounts: HashMap<i64, String> =
            accounts.into_iter().map(|account| (account.id, format!("{}:{}", account.kind, account.name))).collect();
        let row = |row: entity::key_conflict::Model| ConflictRow {
            account: accounts.get(&row.principal_id).cloned().unwrap_or_default(),
            key: row.idempotency_key,
            kind: row.kind,
            times: row.times,
            first_at: row.first_at,
            last_at: row.last_at,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// What is to be added under each key.
fn sums(conflicts: &[Conflict]) -> BTreeMap<Slot, Count> {
    let mut sums = BTreeMap::new();
    for conflict in conflicts {
        let key = (conflict.tenant.0, conflict.principal.0, conflict.key.as_str().to_owned(), conflict.kind.to_owned());
        let (times, first_at, last_at) = sums.entry(key).or_insert((0, i64::MAX, i64::MIN));
        *times += i64::try_from(conflict.times).unwrap_or(i64::MAX);
        *first_at = conflict.first_at.0.min(*first_at);
        *last_at = conflict.last_at.0.max(*last_at);
    }
    sums
}
