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
/// How often a number is asked for that another one overtakes in between.
const TRIES_MAX: u32 = 100;

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
        let name = format!("fence:{name}");
        for _ in 0..TRIES_MAX {
            // A lease of no time: nobody waits for it, and who writes it last has the greatest number.
            let mut bits = [0; 16];
            getrandom::fill(&mut bits).map_err(|error| coord::Error::away("the system's randomness", error))?;
            let holder = format!("{:032x}", u128::from_be_bytes(bits));
            if let Some(fence) = self.lease_take(&name, &holder, Duration::ZERO).await.map_err(away)? {
                return Ok(fence);
            }
        }
        Err(coord::Error::away("the database", "the number was overtaken each time"))
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

    /// Writes the holder down where nobody's lease runs, and gives the number of the hold. It is the time, or one more than
    /// the number before: so it grows also where the row before was purged.
    async fn lease_take(&self, name: &str, holder: &str, lease: Duration) -> Result<Option<i64>, Error> {
        if name.len() > NAME_MAX {
            return Err(Error::Refused(format!("the name of a lock is longer than {NAME_MAX} bytes")));
        }
        let clock = self.database.clock();
        let until = format!("{clock} + {}", lease.as_millis());
        let change = format!(
            "update {LEASES} set holder = {{}}, lease_until = {until}, \
             fence = case when fence < {clock} then {clock} else fence + 1 end where name = {{}} and (lease_until <= {clock} or holder = {{}})"
        );
        if self.leases_write(&change, &[holder, name, holder]).await? == 0 {
            let if_there = match self.lockers.get_database_backend() {
                DbBackend::MySql => "on duplicate key update name = name",
                _ => "on conflict do nothing",
            };
            let first = format!(
                "insert into {LEASES} (name, holder, fence, lease_until) values ({{}}, {{}}, {clock}, {until}) {if_there}"
            );
            if let Err(error) = self.leases_write(&first, &[name, holder]).await {
                // It may be there all the same: what stands there tells.
                return self.lease_of(name, holder).await?.ok_or(error);
            }
        }
        self.lease_of(name, holder).await.map(Option::flatten)
    }

    /// The number of a lease, if there is one: none of this holder's where another took it.
    async fn lease_of(&self, name: &str, holder: &str) -> Result<Option<Option<i64>>, Error> {
        let question = self.bound(&format!("select fence, holder from {LEASES} where name = {{}}"), &[name]);
        let Some(row) = soon(DOING, self.lockers.query_one_raw(question)).await? else { return Ok(None) };
        let (fence, found): (i64, String) =
            (row.try_get_by_index(0).doing(DOING)?, row.try_get_by_index(1).doing(DOING)?);
        Ok(Some((found == holder).then_some(fence)))
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
