//! Owns the questions about keys: what stands under one, which came last, and who may have sent one.

use std::collections::{BTreeSet, HashMap};

use domain::{OrderNo, PrincipalId, TenantId, Timestamp};
use engine::Scope;
use idempotency::{Answer, CommandId, Key};
use sea_orm::{ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect};

use super::{Cursor, Page, load_error};
use crate::found::{Intent, Stored as _};
use crate::rows::{RecordRow, parse_order_no};
use crate::soon::soon;
use crate::{Doing as _, Error, Store, entity, hash, load};

const LISTING: &str = "listing keys";
const READING: &str = "reading what stands under a key";

/// So many rows are looked at for one step of a list, whosever they are.
const WINDOW: i64 = 20_000;
/// So many steps are taken for one page. A tenant with few keys among many gets short pages, and a cursor that goes on.
const WINDOWS: usize = 5;
/// Of so many accounts of servers and staff a key is looked for at most.
const SENDERS_MAX: u64 = 10_000;

/// Who acts, as others name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName {
    /// `acc_…` or `per_…`.
    pub id: String,
    /// As `kind:name`.
    pub name: String,
}

/// Whose keys are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Whoever sent one, and what the server made for its own work.
    All,
    /// Whoever sent one.
    Clients,
    /// One of them.
    One(PrincipalId),
}

/// What stands under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Who sent it.
    pub principal: PrincipalId,
    /// The same, as others name them.
    pub account: Option<AccountName>,
    /// The key.
    pub key: Key,
    /// The arrival that was executed.
    pub command: CommandId,
    /// The order that was placed under it.
    pub order_no: Option<OrderNo>,
    /// The answer's status; none where the answer was purged.
    pub status: Option<u16>,
    /// When it was answered first.
    pub completed_at: Option<Timestamp>,
    /// Method and route of what was executed; none where the server made it for its own work, or a version before wrote it.
    pub request: Option<String>,
    /// From where it came, where that is known and was not purged with the answer.
    pub came_from: Option<String>,
    /// The answer, where it was asked for.
    pub answer: Option<Answer>,
}

impl Store {
    /// What stands under these keys, with the answers.
    pub async fn keys_under(&self, tenant: TenantId, scopes: &BTreeSet<Scope>) -> Result<Vec<KeyRow>, Error> {
        let keys = scopes.iter().flat_map(|scope| [scope.tenant.0.into(), hash::of(scope)[..].into()]);
        let mut reading = self.database.read().await.doing(READING)?;
        let rows: Vec<RecordRow> =
            load::find_in(&mut reading, RecordRow::FIND, keys, Intent::Read).await.map_err(load_error)?;
        drop(reading);
        let mut found = Vec::new();
        for row in rows {
            let (scope, command, order_no) = (row.scope(), row.command()?, row.order_no()?);
            // Two keys may share a hash.
            if !scopes.contains(&scope) {
                continue;
            }
            let (request, came_from) = (row.request.clone(), row.came_from.clone());
            let record = row.record()?;
            found.push(KeyRow {
                principal: scope.principal,
                account: None,
                key: scope.key,
                command,
                order_no,
                status: record.as_ref().map(|record| record.answer.status),
                completed_at: record.as_ref().map(|record| Timestamp(record.completed_at_ms)),
                answer: record.map(|record| record.answer),
                request,
                came_from,
            });
        }
        found.sort_unstable_by_key(|row| row.principal);
        self.with_senders(tenant, found).await
    }

    /// Keys that came last, the newest first, without the answers. It walks the primary key.
    pub async fn keys_latest(
        &self,
        tenant: TenantId,
        senders: Senders,
        after: Option<&Cursor>,
        limit: u64,
    ) -> Result<Page<KeyRow>, Error> {
        let (first, behind) = self.keys_range().await?;
        let mut end = after.and_then(|cursor| cursor.id.parse::<i64>().ok()).unwrap_or(behind);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut rows, mut next) = (Vec::new(), None);
        let of_senders = match senders {
            Senders::All => String::new(),
            Senders::Clients => format!(
                "and principal_id not in (select id from principals where tenant_id = {} and kind = 'system')",
                tenant.0
            ),
            Senders::One(sender) => format!("and principal_id = {}", sender.0),
        };
        for _ in 0..WINDOWS {
            let begin = end.saturating_sub(WINDOW);
            let sql = format!(
                "select id, principal_id, idempotency_key, command_id, order_no, status, completed_at, request, came_from \
                 from key_records where id < {end} and id >= {begin} and tenant_id = {} {of_senders} order by id desc limit {}",
                tenant.0,
                most - rows.len() + 1,
            );
            for row in soon(LISTING, self.lister.query_all_raw(self.bound(&sql, &[]))).await? {
                rows.push(listed(&row).doing(LISTING)?);
            }
            let full = rows.len() > most;
            rows.truncate(most);
            let behind = if full { rows.last().map_or(begin, |(id, _)| *id) } else { begin };
            next = (behind > first).then(|| Cursor { at: Timestamp(0), id: behind.to_string() });
            end = begin;
            if full || end <= first {
                break;
            }
        }
        let rows = rows.into_iter().map(|(_, row)| row.read()).collect::<Result<_, _>>()?;
        Ok(Page { rows: self.with_senders(tenant, rows).await?, next })
    }

    /// The first row, and behind the last.
    async fn keys_range(&self) -> Result<(i64, i64), Error> {
        let mut ends = [0, 0];
        for (end, which) in ends.iter_mut().zip(["min", "max"]) {
            let question = self.bound(&format!("select {which}(id) from key_records"), &[]);
            let row = soon(LISTING, self.lister.query_one_raw(question)).await?;
            let found = row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose().doing(LISTING)?;
            *end = found.flatten().unwrap_or(0);
        }
        Ok((ends[0], ends[1].saturating_add(1)))
    }

    /// Who may have sent a key that nobody is named for: those under whose name it was sent again or refused, and every
    /// account of servers and staff. Customers are too many to be tried.
    pub async fn key_senders(&self, tenant: TenantId, key: &Key) -> Result<BTreeSet<PrincipalId>, Error> {
        use entity::principal::{Column, Entity};
        let seen = self.sightings(tenant, vec![key.as_str().to_owned()]).await?;
        let mut senders: BTreeSet<_> = seen.into_iter().map(|row| row.principal).collect();
        let few = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::Kind.is_in(["service", "system", "staff"]))
            .limit(SENDERS_MAX)
            .into_tuple();
        let few: Vec<i64> = soon(READING, few.all(&self.lister)).await?;
        senders.extend(few.into_iter().map(PrincipalId));
        Ok(senders)
    }

    /// Who is named so: `acc_…`, `per_…`, or `kind:name`.
    pub async fn sender_named(&self, tenant: TenantId, name: &str) -> Result<Option<PrincipalId>, Error> {
        use entity::principal::{Column, Entity};
        let found = Entity::find().select_only().column(Column::Id).filter(Column::TenantId.eq(tenant.0));
        let found = match name.split_once(':') {
            Some((kind, name)) => found.filter(Column::Kind.eq(kind)).filter(Column::Name.eq(name)),
            None => found.filter(Column::PublicId.eq(name)),
        };
        let id: Option<i64> = soon(READING, found.into_tuple().one(&self.lister)).await?;
        Ok(id.map(PrincipalId))
    }

    /// How others name these.
    pub async fn accounts_named(
        &self,
        tenant: TenantId,
        ids: BTreeSet<i64>,
    ) -> Result<HashMap<i64, AccountName>, Error> {
        use entity::principal::{Column, Entity};
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = Entity::find().filter(Column::TenantId.eq(tenant.0)).filter(Column::Id.is_in(ids));
        let found = soon("reading who acts", found.all(&self.lister)).await?;
        let named = |row: entity::principal::Model| {
            (row.id, AccountName { id: row.public_id, name: format!("{}:{}", row.kind, row.name) })
        };
        Ok(found.into_iter().map(named).collect())
    }

    async fn with_senders(&self, tenant: TenantId, mut rows: Vec<KeyRow>) -> Result<Vec<KeyRow>, Error> {
        let names = self.accounts_named(tenant, rows.iter().map(|row| row.principal.0).collect()).await?;
        for row in &mut rows {
            row.account = names.get(&row.principal.0).cloned();
        }
        Ok(rows)
    }
}

/// A row of a list, as it is stored.
struct Listed {
    principal: i64,
    key: String,
    command: Vec<u8>,
    order_no: Option<String>,
    status: Option<i64>,
    completed_at: Option<i64>,
    request: Option<String>,
    came_from: Option<String>,
}

impl Listed {
    fn read(self) -> Result<KeyRow, Error> {
        let command = <[u8; 16]>::try_from(self.command.as_slice()).unwrap_or_default();
        Ok(KeyRow {
            principal: PrincipalId(self.principal),
            account: None,
            key: Key::from_stored(&self.key),
            command: CommandId(u128::from_be_bytes(command)),
            order_no: self.order_no.as_deref().map(parse_order_no).transpose()?,
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            completed_at: self.completed_at.map(Timestamp),
            answer: None,
            request: self.request,
            came_from: self.came_from,
        })
    }
}

fn listed(row: &QueryResult) -> Result<(i64, Listed), DbErr> {
    let listed = Listed {
        principal: row.try_get_by_index(1)?,
        key: row.try_get_by_index(2)?,
        command: row.try_get_by_index(3)?,
        order_no: row.try_get_by_index(4)?,
        status: row.try_get_by_index(5)?,
        completed_at: row.try_get_by_index(6)?,
        request: row.try_get_by_index(7)?,
        came_from: row.try_get_by_index(8)?,
    };
    Ok((row.try_get_by_index(0)?, listed))
}
