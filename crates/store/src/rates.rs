//! Owns the question how attempts through accounts with providers ended of late.

use std::collections::BTreeMap;

use domain::{ChannelAccountId, TenantId, Timestamp};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::rows::Column;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "counting how attempts ended";
/// How many attempts of an account are looked at, the latest first: the question stays short on a busy day.
pub const COUNTED_MAX: u32 = 5_000;

/// How attempts ended. Those that are left are under way, or were given up before money moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// All of them.
    pub attempts: i64,
    /// Money moved.
    pub succeeded: i64,
    /// It was refused.
    pub failed: i64,
    /// The provider gave no word.
    pub unknown: i64,
}

impl Store {
    /// How the attempts of since `long`, and of since `short`, ended in each of these accounts; of at most
    /// [`COUNTED_MAX`] in each. Accounts without an attempt are left out.
    pub async fn attempts_ended(
        &self,
        tenant: TenantId,
        accounts: &[ChannelAccountId],
        (long, short): (Timestamp, Timestamp),
    ) -> Result<BTreeMap<ChannelAccountId, [Ended; 2]>, Error> {
        if accounts.is_empty() {
            return Ok(BTreeMap::new());
        }
        let counts = format!("{}, {}", counts(long), counts(short));
        let of_one = format!(
            "select min(account_id), {counts} from (select account_id, status, created_at from payment_attempts \
             where tenant_id = {} and account_id = {{}} and created_at >= {} \
             order by created_at desc limit {COUNTED_MAX}) latest",
            tenant.0, long.0
        );
        let sql = vec![of_one; accounts.len()].join(" union all ");
        let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let rows = soon(DOING, self.lister.query_all_raw(self.bound(&sql, &ids))).await?;
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }
}

fn counts(since: Timestamp) -> String {
    let since = since.0;
    let ended = |status| format!("count(case when created_at >= {since} and status = '{status}' then 1 end)");
    let [succeeded, failed, unknown] = ["succeeded", "failed", "unknown"].map(ended);
    format!("count(case when created_at >= {since} then 1 end), {succeeded}, {failed}, {unknown}")
}

fn read(row: &QueryResult) -> Result<Option<(ChannelAccountId, [Ended; 2])>, Error> {
    let id: Option<String> = row.try_get_by_index(0).doing(DOING)?;
    let Some(id) = id else { return Ok(None) };
    let number = |at: usize| row.try_get_by_index::<i64>(at).doing(DOING);
    let ended = |from: usize| -> Result<Ended, Error> {
        Ok(Ended {
            attempts: number(from)?,
            succeeded: number(from + 1)?,
            failed: number(from + 2)?,
            unknown: number(from + 3)?,
        })
    };
    let account = Column { table: "payment_attempts", row: &id }.parse("account_id", &id)?;
    Ok(Some((account, [ended(1)?, ended(5)?])))
}
