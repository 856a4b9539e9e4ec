//! Owns the keys that sign access tokens, as they are kept: all nodes have the same, and they go with the data. Who can read
//! the database can read them.

use domain::Timestamp;
use sea_orm::ConnectionTrait as _;

use crate::schema::SIGNING_KEYS;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading the keys that sign tokens";
const KEEPING: &str = "keeping a key that signs tokens";

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name, which tokens carry.
    pub kid: String,
    /// The key itself, in text.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs: every node has it by then.
    pub signs_from: Timestamp,
    /// Until when what it signed is taken, where somebody has said so.
    pub verifies_until: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Store {
    /// Every key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let sql = format!(
            "select kid, secret, created_at, signs_from, verifies_until from {SIGNING_KEYS} order by signs_from, kid"
        );
        let rows = soon(DOING, self.administrator.query_all_raw(self.bound(&sql, &[]))).await?;
        let key = |row: sea_orm::QueryResult| {
            Ok::<_, sea_orm::DbErr>(SigningKey {
                kid: row.try_get_by_index(0)?,
                secret: row.try_get_by_index(1)?,
                created_at: Timestamp(row.try_get_by_index(2)?),
                signs_from: Timestamp(row.try_get_by_index(3)?),
                verifies_until: row.try_get_by_index::<Option<i64>>(4)?.map(Timestamp),
            })
        };
        rows.into_iter().map(key).collect::<Result<_, _>>().doing(DOING)
    }

    /// Keeps a first key where there is none. Of nodes that start together one is first.
    pub async fn signing_key_first(&self, key: &SigningKey) -> Result<(), Error> {
        let insert = format!(
            "insert into {SIGNING_KEYS} (place, kid, secret, created_at, signs_from) \
             select 1, {{}}, {{}}, {}, {} from (select 1 as one) as seed where not exists (select 1 from {SIGNING_KEYS})",
            key.created_at.0, key.signs_from.0
        );
        let made = {
            let _turn = self.turn().await?;
            let insert = self.bound(&insert, &[&key.kid, &key.secret]);
            soon(KEEPING, self.administrator.execute_raw(insert)).await
        };
        match made {
            Ok(_) => Ok(()),
            // Somebody else was first, or it could not be made: then why matters.
            Err(error) => {
                if self.signing_keys().await?.is_empty() {
                    Err(error)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Keeps a further key. What those before it signed is taken for as long as its readers say.
    pub async fn signing_key_add(&self, key: &SigningKey) -> Result<(), Error> {
        let insert = format!(
            "insert into {SIGNING_KEYS} (place, kid, secret, created_at, signs_from) \
             select coalesce(max(place), 0) + 1, {{}}, {{}}, {}, {} from {SIGNING_KEYS}",
            key.created_at.0, key.signs_from.0
        );
        let _turn = self.turn().await?;
        let insert = self.bound(&insert, &[&key.kid, &key.secret]);
        soon(KEEPING, self.administrator.execute_raw(insert)).await.map(|_| ())
    }

    /// From `until` on nothing that a key has signed is taken, whatever else is said of it; false where there is no such key.
    pub async fn signing_key_retire(&self, kid: &str, until: Timestamp) -> Result<bool, Error> {
        let update = format!("update {SIGNING_KEYS} set verifies_until = {} where kid = {{}}", until.0);
        let _turn = self.turn().await?;
        let written = soon(KEEPING, self.administrator.execute_raw(self.bound(&update, &[kid]))).await?;
        Ok(written.rows_affected() == 1)
    }
}
