//! Owns removing sessions that have been over for long, and with its last session a guest who left nothing else.

use std::collections::BTreeMap;

use domain::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use crate::found::Stored as _;
use crate::rows::{PersonRow, SessionRow};
use crate::set::{Rows, Write, number, row};
use crate::soon::soon;
use crate::{Doing as _, Error, Store, guests};

const DOING: &str = "looking for sessions that are over";

static FORGOTTEN: Write = Write::delete("sessions", SessionRow::FIND.key);
static PEOPLE: Write = Write::delete("people", PersonRow::FIND.key);
static ACCOUNTS: Write = Write::delete("principals", &[number("id")]);

/// Sessions by tenant and name, and whose each is.
type Over = BTreeMap<(i64, String), i64>;

impl Store {
    /// Removes sessions that ended, or whose time was over, before `before`, at most `limit`; gives how many. A guest who has
    /// no session any more comes back never: those who bought nothing go with their last. Other people stay.
    pub async fn sessions_purge(&self, before: Timestamp, limit: u64) -> Result<u64, Error> {
        // No session lives longer than its idle time, whatever its end is: one index knows of both.
        let mut over = self.sessions_before("idle_until", before, limit).await?;
        let left = limit.saturating_sub(over.len() as u64);
        if left > 0 {
            over.extend(self.sessions_before("ended_at", before, left).await?);
        }
        let [mut sessions, mut people] = [Rows::of(&FORGOTTEN), Rows::of(&PEOPLE)];
        let [mut links, mut accounts] = [Rows::of(&guests::FORGOTTEN), Rows::of(&ACCOUNTS)];
        for (tenant, principal) in self.guests_of_nothing(&over).await? {
            people.add(row![tenant, principal]);
            links.add(row![tenant, principal]);
            accounts.add(row![principal]);
        }
        let count = over.len() as u64;
        for ((tenant, id), _) in over {
            sessions.add(row![tenant, id]);
        }
        self.tidy(vec![sessions, links, people, accounts]).await?;
        Ok(count)
    }

    async fn sessions_before(&self, column: &'static str, before: Timestamp, limit: u64) -> Result<Over, Error> {
        let mut query = Query::select();
        query.columns(["tenant_id", "id", "principal_id"]).from("sessions");
        query.and_where(Expr::col(column).lt(before.0)).order_by(column, Order::Asc).limit(limit);
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        let key =
            |row: &QueryResult| Ok(((row.try_get_by_index(0)?, row.try_get_by_index(1)?), row.try_get_by_index(2)?));
        rows.iter().map(key).collect::<Result<_, DbErr>>().doing(DOING)
    }

    /// The guests who have none but these sessions, and no order.
    async fn guests_of_nothing(&self, over: &Over) -> Result<Vec<(i64, i64)>, Error> {
        let mut counts = BTreeMap::<i64, BTreeMap<i64, i64>>::new();
        for ((tenant, _), principal) in over {
            *counts.entry(*tenant).or_default().entry(*principal).or_default() += 1;
        }
        let mut found = Vec::new();
        for (tenant, counts) in counts {
            let ids = counts.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let sql = format!(
                "select g.principal_id, (select count(*) from sessions s where s.tenant_id = {tenant} \
                    and s.principal_id = g.principal_id) from people g \
                 where g.tenant_id = {tenant} and g.principal_id in ({ids}) and g.kind = 'guest' \
                 and not ({}) and not ({})",
                guests::bought("orders", tenant),
                guests::bought("archived_orders", tenant),
            );
            for row in soon(DOING, self.lister.query_all_raw(self.bound(&sql, &[]))).await? {
                let read = || Ok::<(i64, i64), DbErr>((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
                let (principal, sessions) = read().doing(DOING)?;
                if counts.get(&principal) == Some(&sessions) {
                    found.push((tenant, principal));
                }
            }
        }
        Ok(found)
    }
}
