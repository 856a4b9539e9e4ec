//! Owns leases in rows: a lock for several nodes where there is no Redis, and numbers that only grow for locks that have
//! none of their own. Times are the database's own.

use std::time::Duration;

use async_trait::async_trait;
use coord::lock::{Fence, Holder, LeaseTable, Taken};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::schema::LEASES;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "writing a lease";
/// The longest name of a lock, in characters.
const NAME_MAX: usize = 255;
/// For how long a lease that ended is kept, in milliseconds: a day.
const KEPT_MS: i64 = 86_400_000;

#[async_trait]
impl LeaseTable for Store {
    async fn take(&self, name: &str, holder: &Holder, lease: Duration) -> Result<Taken, coord::Error> {
        match self.lease_take(name, holder.as_str(), lease).await.map_err(away)? {
            Some(fence) => Ok(Taken::Ours { fence: Some(fence) }),
            None => Ok(Taken::Held),
        }
    }

    async fn extend(&self, name: &str, holder: &Holder, lease: Duration) -> Result<bool, coord::Error> {
        let clock = self.database.clock();
        let until = format!("{clock} + {}", lease.as_millis());
        let sql = format!(
            "update {LEASES} set lease_until = {until} where name = {{}} and holder = {{}} and lease_until > {clock}"
        );
        Ok(self.leases_write(&sql, &[name, holder.as_str()]).await.map_err(away)? == 1)
    }

    async fn give_back(&self, name: &str, holder: &Holder) -> Result<bool, coord::Error> {
        let clock = self.database.clock();
        let sql = format!(
            "update {LEASES} set lease_until = {clock} where name = {{}} and holder = {{}} and lease_until > {clock}"
        );
        Ok(self.leases_write(&sql, &[name, holder.as_str()]).await.map_err(away)? == 1)
    }
}

#[async_trait]
impl Fence for Store {
    async fn next(&self, name: &str) -> Result<i64, coord::Error> {
        // All are one holder of a lease of no time: nobody is kept out, and each write has a number of its own.
        let taken = self.lease_take(&format!("fence:{name}"), "all", Duration::ZERO).await.map_err(away)?;
        taken.ok_or_else(|| coord::Error::away("the database", "it gave no number"))
    }
}

impl Store {
    /// Removes leases that ended a day ago, at most so many; how many it were.
    pub async fn leases_purge(&self, limit: u64) -> Result<u64, Error> {
        let clock = self.database.clock();
        let ended = format!("lease_until < {clock} - {KEPT_MS}");
        let question = self.bound(&format!("select name from {LEASES} where {ended} limit {limit}"), &[]);
        let mut removed = 0;
        for row in soon(DOING, self.lockers.query_all_raw(question)).await? {
            let name: String = row.try_get_by_index(0).doing(DOING)?;
            removed +=
                self.leases_write(&format!("delete from {LEASES} where name = {{}} and {ended}"), &[&name]).await?;
        }
        Ok(removed)
    }

    /// Writes the holder down where nobody's lease runs, and gives the number of the hold, by the statement that wrote it: no
    /// one comes in between. It is the time, or one more than the number before: so it grows also where the row before was
    /// purged.
    async fn lease_take(&self, name: &str, holder: &str, lease: Duration) -> Result<Option<i64>, Error> {
        if name.len() > NAME_MAX {
            return Err(Error::Refused(format!("the name of a lock is longer than {NAME_MAX} bytes")));
        }
        let clock = self.database.clock();
        let until = format!("{clock} + {}", lease.as_millis());
        let fence = format!("case when {LEASES}.fence < {clock} then {clock} else {LEASES}.fence + 1 end");
        let is_free = format!("({LEASES}.lease_until <= {clock} or {LEASES}.holder = {{}})");
        if self.lockers.get_database_backend() != DbBackend::MySql {
            let sql = format!(
                "insert into {LEASES} (name, holder, fence, lease_until) values ({{}}, {{}}, {clock}, {until}) \
                 on conflict (name) do update set holder = excluded.holder, fence = {fence}, \
                 lease_until = excluded.lease_until where {is_free} returning fence"
            );
            let _turn = self.turn().await?;
            // All rows, of which there is one at most: SQLite commits with the last step, and tells what went wrong there.
            let rows = soon(DOING, self.lockers.query_all_raw(self.bound(&sql, &[name, holder, holder]))).await?;
            return rows.first().map(|row| row.try_get_by_index(0)).transpose().doing(DOING);
        }
        let change = format!(
            "update {LEASES} set holder = {{}}, fence = last_insert_id({fence}), lease_until = {until} \
             where name = {{}} and {is_free}"
        );
        let taken = self.lease_numbered(&change, &[holder, name, holder]).await?;
        if taken.is_some() {
            return Ok(taken);
        }
        let first = format!(
            "insert into {LEASES} (name, holder, fence, lease_until) values ({{}}, {{}}, last_insert_id({clock}), {until})"
        );
        match self.lease_numbered(&first, &[name, holder]).await {
            Ok(taken) => Ok(taken),
            // Somebody else was first, or the database is away: asked again, it tells.
            Err(_) => self.lease_numbered(&change, &[holder, name, holder]).await,
        }
    }

    /// Runs a statement that remembers a number by `last_insert_id`; nothing where it found no row.
    async fn lease_numbered(&self, sql: &str, values: &[&str]) -> Result<Option<i64>, Error> {
        let written = soon(DOING, self.lockers.execute_raw(self.bound(sql, values))).await?;
        Ok((written.rows_affected() > 0).then(|| i64::try_from(written.last_insert_id()).unwrap_or(i64::MAX)))
    }

    async fn leases_write(&self, sql: &str, values: &[&str]) -> Result<u64, Error> {
        let _turn = self.turn().await?;
        let statement = self.bound(sql, values);
        Ok(soon(DOING, self.lockers.execute_raw(statement)).await?.rows_affected())
    }
}

fn away(error: Error) -> coord::Error {
    coord::Error::away("the database", error)
}
