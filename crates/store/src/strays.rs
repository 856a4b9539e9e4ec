//! Owns what came from outside about numbers that nobody knew: what can be tried again by now, and what has waited so long
//! that a person has to look.

use domain::channel::{ChannelEvent, State, Verdict};
use domain::review::{Kind, Review};
use domain::{ReviewId, Timestamp};
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, Query, SelectStatement};

use crate::found::{Intent, Stored as _};
use crate::load;
use crate::read::load_error;
use crate::rows::ChannelEventRow;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "looking for events without a match";
/// Said of money that moved.
const OF_MONEY: [Verdict; 4] = [Verdict::Succeeded, Verdict::Reversed, Verdict::Refunded, Verdict::Disputed];

impl Store {
    /// What came about numbers that nobody knew, since `since`, and whose number is known by now.
    pub async fn events_to_retry(&self, since: Timestamp, limit: u64) -> Result<Vec<ChannelEvent>, Error> {
        let known = |table: &'static str, id: &'static str| {
            let there = Query::select()
                .expr(Expr::value(1))
                .from(table)
                .and_where(Expr::col((table, "tenant_id")).equals(("channel_events", "tenant_id")))
                .and_where(Expr::col((table, id)).equals(("channel_events", "reference")))
                .take();
            Expr::exists(there)
        };
        let mut query = unmatched(since, limit);
        query.and_where(known("payment_attempts", "attempt_id").or(known("refunds", "refund_id")));
        self.strays(&query).await
    }

    /// Puts before a person, each once, what was said of money that moved under numbers that nobody knew, and that came from
    /// `since` to before `until`; it is applied all the same where its number appears. Gives when the last of a full step
    /// came: there may be more from then on.
    pub async fn strays_review(
        &self,
        since: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Option<Timestamp>, Error> {
        let mut query = unmatched(since, limit);
        query
            .and_where(Expr::col("received_at").lt(until.0))
            .and_where(Expr::col("verdict").is_in(OF_MONEY.map(Verdict::name)));
        let events = self.strays(&query).await?;
        for event in &events {
            self.review_raise(&review(event, until)).await?;
        }
        let last = events.iter().map(|event| event.received_at).max();
        Ok(last.filter(|_| events.len() as u64 == limit))
    }

    async fn strays(&self, query: &SelectStatement) -> Result<Vec<ChannelEvent>, Error> {
        let rows = soon(DOING, self.lister.query_all(query)).await?;
        let mut keys = Vec::new();
        for row in &rows {
            keys.push(row.try_get_by_index::<i64>(0).doing(DOING)?.into());
            keys.push(row.try_get_by_index::<Vec<u8>>(1).doing(DOING)?[..].into());
        }
        let mut reading = self.database.read().await.doing(DOING)?;
        let find = ChannelEventRow::FIND;
        let found: Vec<ChannelEventRow> =
            load::find_in(&mut reading, find, keys.into_iter(), Intent::Read).await.map_err(load_error)?;
        Ok(found.into_iter().map(|row| row.0).collect())
    }
}

fn unmatched(since: Timestamp, limit: u64) -> SelectStatement {
    Query::select()
        .columns(["tenant_id", "digest"])
        .from("channel_events")
        .and_where(Expr::col("state").eq(State::Unmatched.name()))
        .and_where(Expr::col("received_at").gte(since.0))
        .order_by("received_at", Direction::Asc)
        .limit(limit)
        .take()
}

fn review(event: &ChannelEvent, at: Timestamp) -> Review {
    let hope = match event.fact.verdict {
        Verdict::Disputed => "it may be another system's that shares the account",
        _ => "it is applied if that appears",
    };
    let amount = event.fact.amount.map_or(String::new(), |money| format!(" of {money}"));
    let what = event.fact.subject.name();
    Review {
        // The same whoever raises it, and however often.
        id: ReviewId::new(u128::from_be_bytes(event.digest.0)),
        tenant: event.tenant,
        kind: Kind::Unmatched,
        subject: event.fact.subject.reference().to_string(),
        detail: format!(
            "a {what}{amount} through {}: {}. Nobody here knows its number; {hope}",
            event.account, event.fact.verdict
        ),
        at,
        resolved: None,
    }
}
