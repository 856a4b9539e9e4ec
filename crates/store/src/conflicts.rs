//! Owns what was refused and counted off the hot path: written in sums, and looked up by people.

use domain::{PrincipalId, TenantId, Timestamp};
use idempotency::Key;
use sqlx::FromRow;

use crate::{Doing, Error, Store, dialect};

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
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
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

impl Store {
    /// Adds counts of refused reuses and other conflicts.
    pub async fn conflicts_add(&self, conflicts: &[Conflict]) -> Result<(), Error> {
        let rows: Vec<_> = conflicts
            .iter()
            .map(|conflict| {
                (
                    conflict.tenant.0,
                    conflict.principal.0,
                    conflict.key.as_str(),
                    conflict.kind,
                    conflict.times,
                    conflict.first_at.0,
                    conflict.last_at.0,
                )
            })
            .collect();
        let rows = serde_json::to_string(&rows).doing("writing conflicts")?;
        let _turn = self.turn().await?;
        sqlx::query(dialect::CONFLICTS_UPSERT)
            .bind(rows)
            .execute(&self.administrator)
            .await
            .doing("writing conflicts")?;
        Ok(())
    }

    /// A tenant's conflicts, those under one key if it is given, the latest first, at most `limit`.
    pub async fn conflicts(&self, tenant: TenantId, key: Option<&str>, limit: i64) -> Result<Vec<ConflictRow>, Error> {
        let query = match key {
            Some(key) => sqlx::query_as(dialect::CONFLICTS_OF_KEY).bind(tenant.0).bind(limit).bind(key),
            None => sqlx::query_as(dialect::CONFLICTS_LATEST).bind(tenant.0).bind(limit),
        };
        query.fetch_all(&self.lister).await.doing("reading conflicts")
    }
}
