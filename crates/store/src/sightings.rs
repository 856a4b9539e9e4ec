//! Owns what came under a key beside its first execution, counted off the hot path: repetitions that got the first answer, and
//! refusals. Written in sums, and looked up by people.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use domain::{PrincipalId, TenantId, Timestamp};
use idempotency::Key;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use crate::entity::key_conflict::{Column, Entity, Model};
use crate::found::{Fields, Intent, Stored, Tables as _};
use crate::set::{Find, Rows, Value, Write, number, row, text};
use crate::soon::soon;
use crate::{Doing, Error, Store};

/// So many are listed of some keys.
const LISTED_MAX: u64 = 1_000;

/// The kind of those that got the answer of an earlier one.
pub const REPLAYED: &str = "replayed";

/// What came of one kind under one key, counted.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Whose.
    pub tenant: TenantId,
    /// Who sent them.
    pub principal: PrincipalId,
    /// Under which key.
    pub key: Key,
    /// [`REPLAYED`], or the refusal's code.
    pub kind: &'static str,
    /// How many.
    pub times: u64,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
    /// From where the last of them came, where that is known.
    pub last_from: Option<IpAddr>,
}

/// The same as a list shows it, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SightingRow {
    /// Who sent them.
    pub principal: PrincipalId,
    /// The same, as `kind:name`.
    pub account: String,
    /// Under which key; one that the server derived begins with a blank.
    pub key: String,
    /// [`REPLAYED`], or the refusal's code.
    pub kind: String,
    /// How many.
    pub times: i64,
    /// The first of them, in milliseconds since 1970.
    pub first_at: i64,
    /// The last of them.
    pub last_at: i64,
    /// From where the last of them came.
    pub last_from: Option<String>,
}

/// What they are counted by: tenant, account, key, kind.
type Slot = (i64, i64, String, String);
/// How many, the first, the last, and from where that came.
type Count = (i64, i64, i64, Option<IpAddr>);

/// What stands under a slot.
struct CountRow {
    key: Slot,
    times: i64,
    first_at: i64,
    last_at: i64,
    last_from: Option<String>,
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
            text("last_from"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            key: (fields.take()?, fields.take()?, fields.take()?, fields.take()?),
            times: fields.take()?,
            first_at: fields.take()?,
            last_at: fields.take()?,
            last_from: fields.take()?,
        })
    }
}

static NEW: Write = Write::insert("key_conflicts", CountRow::FIND.read);

static MORE: Write = Write::update(
    "key_conflicts",
    CountRow::FIND.key,
    &[number("times"), number("first_at"), number("last_at"), text("last_from")],
    &[number("times")],
);

impl Store {
    /// Adds counts of repetitions, refused reuses and other conflicts.
    pub async fn sightings_add(&self, sightings: &[Sighting]) -> Result<(), Error> {
        const DOING: &str = "writing what was counted of keys";
        let sums = sums(sightings);
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
        for (key, (times, first_at, last_at, from)) in sums {
            let (was, from) = (found.remove(&key), from.map(|from| from.to_string()));
            let (tenant, principal, text, kind) = key;
            match was {
                None => new.add(row![tenant, principal, text, kind, times, first_at, last_at, from]),
                Some(was) => more.add(row![
                    tenant,
                    principal,
                    text,
                    kind,
                    was.times + times,
                    was.first_at.min(first_at),
                    was.last_at.max(last_at),
                    if last_at >= was.last_at { from } else { was.last_from },
                    was.times,
                ]),
            }
        }
        changes.write_all(vec![new, more]).await.doing(DOING)?;
        changes.commit().await.doing(DOING)
    }

    /// A tenant's conflicts, those under one key if it is given, the latest first, at most `limit`.
    pub async fn conflicts(&self, tenant: TenantId, key: Option<&str>, limit: u64) -> Result<Vec<SightingRow>, Error> {
        let keys = key.map(|key| vec![key.to_owned(), format!(" {key}")]);
        self.seen_under(tenant, keys, |query| query.filter(Column::Kind.ne(REPLAYED)).limit(limit)).await
    }

    /// What came under these keys, the latest first. It walks `key_conflicts_tenant_id_idempotency_key`.
    pub async fn sightings(&self, tenant: TenantId, keys: Vec<String>) -> Result<Vec<SightingRow>, Error> {
        self.seen_under(tenant, Some(keys), |query| query.limit(LISTED_MAX)).await
    }

    async fn seen_under(
        &self,
        tenant: TenantId,
        keys: Option<Vec<String>>,
        which: impl FnOnce(Select<Entity>) -> Select<Entity>,
    ) -> Result<Vec<SightingRow>, Error> {
        const DOING: &str = "reading what was counted of keys";
        let found = Entity::find()
            .filter(Column::TenantId.eq(tenant.0))
            .apply_if(keys, |query, keys| query.filter(Column::IdempotencyKey.is_in(keys)))
            .order_by_desc(Column::LastAt);
        let rows = soon(DOING, which(found).all(&self.lister)).await?;
        let accounts = self.accounts_named(tenant, rows.iter().map(|row| row.principal_id).collect()).await?;
        let row = |row: Model| SightingRow {
            principal: PrincipalId(row.principal_id),
            account: accounts.get(&row.principal_id).map(|account| account.name.clone()).unwrap_or_default(),
            key: row.idempotency_key,
            kind: row.kind,
            times: row.times,
            first_at: row.first_at,
            last_at: row.last_at,
            last_from: row.last_from,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// What is to be added under each key.
fn sums(sightings: &[Sighting]) -> BTreeMap<Slot, Count> {
    let mut sums = BTreeMap::new();
    for seen in sightings {
        let key = (seen.tenant.0, seen.principal.0, seen.key.as_str().to_owned(), seen.kind.to_owned());
        let (times, first_at, last_at, last_from) = sums.entry(key).or_insert((0, i64::MAX, i64::MIN, None));
        *times += i64::try_from(seen.times).unwrap_or(i64::MAX);
        *first_at = seen.first_at.0.min(*first_at);
        if seen.last_at.0 >= *last_at {
            (*last_at, *last_from) = (seen.last_at.0, seen.last_from);
        }
    }
    sums
}
