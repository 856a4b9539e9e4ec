//! Owns the question what channels said of a payment: of its attempts and refunds, and of disputes, which have their own numbers.

use domain::channel::{ChannelEvent, Verdict};
use domain::text::ChannelNo;
use domain::{Payment, TenantId};
use sea_orm::ConnectionTrait as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order as Direction, Query, SelectStatement};

use crate::found::{Intent, Stored as _};
use crate::load;
use crate::read::load_error;
use crate::rows::ChannelEventRow;
use crate::set::Value;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading what channels said";

impl Store {
    /// What channels said of a payment, the oldest first; where it is more than `limit`, the latest of it.
    pub async fn payment_facts(&self, payment: &Payment, limit: u64) -> Result<Vec<ChannelEvent>, Error> {
        let attempts = payment.attempts.iter().map(|attempt| attempt.id.to_string());
        let ours = attempts.chain(payment.refunds.iter().map(|refund| refund.id.to_string()));
        let numbers = payment.attempts.iter().filter_map(|attempt| attempt.channel_no.as_ref());
        // One number at a time: what is said of it stands in an index in the order in which it came.
        let mut keys = Vec::new();
        for reference in ours {
            keys.extend(self.said(latest(payment.tenant, "reference", reference, limit)).await?);
        }
        for number in numbers.map(ChannelNo::to_string) {
            let mut disputes = latest(payment.tenant, "channel_no", number, limit);
            disputes.and_where(Expr::col("verdict").eq(Verdict::Disputed.name()));
            keys.extend(self.said(disputes).await?);
        }
        // What stands under two numbers is one statement.
        keys.sort_unstable();
        keys.dedup();
        let keys = keys.into_iter().flat_map(|digest| [payment.tenant.0.into(), Value::Bytes(digest)]);
        let mut reading = self.database.read().await.doing(DOING)?;
        let found: Vec<ChannelEventRow> =
            load::find_in(&mut reading, ChannelEventRow::FIND, keys, Intent::Read).await.map_err(load_error)?;
        let mut events: Vec<ChannelEvent> =
            found.into_iter().map(|row| row.0).filter(|event| is_of(event, payment)).collect();
        events.sort_unstable_by_key(|event| (event.received_at, event.digest));
        let over = events.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(events.split_off(over))
    }

    async fn said(&self, query: SelectStatement) -> Result<Vec<Vec<u8>>, Error> {
        let rows = soon(DOING, self.lister.query_all(&query)).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(DOING)
    }
}

/// A channel's number is another's with another account.
fn is_of(event: &ChannelEvent, payment: &Payment) -> bool {
    let number = event.fact.channel_no.as_ref();
    event.fact.verdict != Verdict::Disputed
        || payment.attempts.iter().any(|attempt| {
            attempt.account == event.account
                && (attempt.channel_no.as_ref() == number
                    || attempt.id.to_string() == event.fact.subject.reference().as_str())
        })
}

/// The latest of what was said under a number.
fn latest(tenant: TenantId, column: &'static str, number: String, limit: u64) -> SelectStatement {
    Query::select()
        .column("digest")
        .from("channel_events")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col(column).eq(number))
        .order_by("received_at", Direction::Desc)
        .limit(limit)
        .take()
}
