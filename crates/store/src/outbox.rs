//! Owns the outbox for those who empty it: lanes with a lease and a fence, what is due in them, and what was done.

use domain::outbox::Message;
use domain::{ChannelAccountId, PaymentId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};

pub use self::row::Illegible;
use self::row::{due, not_read};
use crate::schema;
use crate::set::{Rows, Write, number, row, text};
use crate::soon::soon;
use crate::{Doing as _, Error, Store, commit};

mod row;

/// Stands for the time of what is due at once: earlier than any clock tells.
const AT_ONCE: i64 = 0;

const LOOKING: &str = "looking for messages";
const SETTLING: &str = "settling messages";

/// So much of a lease is left at the least where it is said to be held: the answer is on its way for a while, and what is
/// begun because of it is to be sent while the lane is not yet another's.
const LEFT_LEAST_MS: i64 = 2_000;

/// The right to empty a lane, until the database's clock says that it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which lane.
    pub lane: i64,
    /// Who has it.
    pub owner: String,
    /// Raised each time the lane changes hands: who writes under an older one writes nothing.
    pub epoch: i64,
}

/// A message whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its number: smaller is older.
    pub id: i64,
    /// What is to be done. When it was written is not kept: `wanted_at` stands for it.
    pub message: Message,
    /// From when on it is wanted, which no put-off moves.
    pub wanted_at: Timestamp,
    /// How often it could not be performed although its destination was there.
    pub tries: u32,
}

/// A message that is left for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// Its number.
    pub id: i64,
    /// Not before.
    pub due_at: Timestamp,
    /// How often it could not be performed.
    pub tries: u32,
    /// Why not.
    pub error: String,
}

static FENCE: Write =
    Write::update(schema::LANES, &[number("lane")], &[text("owner")], &[text("owner"), number("epoch")]);

static DONE: Write = Write::delete("outbox", &[number("id")]);

static LATER: Write =
    Write::update("outbox", &[number("id")], &[number("due_at"), number("tries"), text("last_error")], &[]);

impl Store {
    /// Takes every lane that nobody holds, and holds on to those that are the owner's, for so long by the database's
    /// clock; gives the owner's lanes.
    pub async fn lanes_take(&self, owner: &str, lease_ms: i64) -> Result<Vec<Lease>, Error> {
        const DOING: &str = "taking lanes";
        let clock = self.database.clock();
        let lanes = schema::LANES;
        // The epoch first: one database looks at what it has set already.
        let take = format!(
            "update {lanes} set epoch = case when owner = '{owner}' then epoch else epoch + 1 end, owner = '{owner}', \
             lease_until = {clock} + {lease_ms} where owner = '{owner}' or lease_until < {clock}"
        );
        let turn = self.turn().await?;
        soon(DOING, self.administrator.execute_unprepared(&take)).await?;
        drop(turn);
        let mine = format!("select lane, epoch from {lanes} where owner = '{owner}' order by lane");
        let question = Statement::from_string(self.administrator.get_database_backend(), mine);
        let rows = soon(DOING, self.administrator.query_all_raw(question)).await?;
        let lease = |row: QueryResult| {
            let (lane, epoch) = (row.try_get_by_index(0), row.try_get_by_index(1));
            Ok(Lease { lane: lane.doing(DOING)?, owner: owner.to_owned(), epoch: epoch.doing(DOING)? })
        };
        rows.into_iter().map(lease).collect()
    }

    /// Gives the owner's lanes back at once. Only for who has nothing under way: what is, may be done twice.
    pub async fn lanes_free(&self, owner: &str) -> Result<(), Error> {
        let lanes = schema::LANES;
        let free = format!("update {lanes} set lease_until = 0 where owner = '{owner}'");
        let _turn = self.turn().await?;
        soon("freeing lanes", self.administrator.execute_unprepared(&free)).await?;
        Ok(())
    }

    /// Whether nobody took a lane over, and nobody may now, nor within the next two seconds.
    pub async fn lane_is_held(&self, lease: &Lease) -> Result<bool, Error> {
        const DOING: &str = "asking whose a lane is";
        let (lanes, clock, Lease { lane, owner, epoch }) = (schema::LANES, self.database.clock(), lease);
        let mine = format!(
            "select 1 from {lanes} where lane = {lane} and owner = '{owner}' and epoch = {epoch} \
             and lease_until >= {clock} + {LEFT_LEAST_MS}"
        );
        let question = Statement::from_string(self.lister.get_database_backend(), mine);
        Ok(soon(DOING, self.lister.query_one_raw(question)).await?.is_some())
    }

    /// What is due in these lanes, the oldest first, but for what goes to these accounts; and apart from it the rows that
    /// this version cannot read, so that they do not hold up the others.
    pub async fn messages_due(
        &self,
        lanes: &[i64],
        but: &[ChannelAccountId],
        now: Timestamp,
        limit: u64,
    ) -> Result<(Vec<Due>, Vec<Illegible>), Error> {
        let (mut messages, mut illegible) = (Vec::new(), Vec::new());
        if lanes.is_empty() {
            return Ok((messages, illegible));
        }
        let mut query = Query::select();
        query
            .columns([
                "id",
                "tenant_id",
                "payment_id",
                "account_id",
                "task",
                "subject",
                "number",
                "due_at",
                "created_at",
                "tries",
            ])
            .from("outbox")
            .and_where(Expr::col("lane").is_in(lanes.to_vec()))
            .and_where(Expr::col("due_at").lte(now.0))
            .order_by("due_at", sea_orm::sea_query::Order::Asc)
            .order_by("id", sea_orm::sea_query::Order::Asc)
            .limit(limit);
        if !but.is_empty() {
            query.and_where(Expr::col("account_id").is_not_in(but.iter().map(ToString::to_string)));
        }
        for row in soon(LOOKING, self.lister.query_all(&query)).await? {
            let id: i64 = row.try_get_by_index(0).doing(LOOKING)?;
            match due(&row, id) {
                Ok(message) => messages.push(message),
                Err(error) => illegible.push(not_read(&row, id, error)?),
            }
        }
        Ok((messages, illegible))
    }

    /// Removes what was done and puts off what was not, if the leases still hold; false, and nothing is written, if one of
    /// them does not.
    pub async fn messages_settle(&self, leases: &[Lease], done: &[i64], later: &[Later]) -> Result<bool, Error> {
        if leases.is_empty() {
            return Ok(false);
        }
        let (mut fence, mut gone, mut put_off) = (Rows::of(&FENCE), Rows::of(&DONE), Rows::of(&LATER));
        for Lease { lane, owner, epoch } in leases {
            fence.add(row![*lane, owner.as_str(), owner.as_str(), *epoch]);
        }
        for &id in done {
            gone.add(row![id]);
        }
        for Later { id, due_at, tries, error } in later {
            let error: String = error.chars().take(500).collect();
            put_off.add(row![*id, due_at.0, *tries, error]);
        }
        let mut changes = self.changes().await.doing(SETTLING)?;
        if changes.write(vec![fence]).await.doing(SETTLING)?.first() != Some(&(leases.len() as u64)) {
            return Ok(false);
        }
        changes.write_all(vec![gone, put_off]).await.doing(SETTLING)?;
        changes.commit().await.doing(SETTLING)?;
        Ok(true)
    }

    /// How many messages wait, and since when the oldest of those that are due.
    pub async fn outbox_lag(&self, now: Timestamp) -> Result<(u64, Option<Timestamp>), Error> {
        const DOING: &str = "counting messages";
        let sql = format!(
            "select count(*), min(case when due_at = {AT_ONCE} then created_at when due_at <= {} then due_at end) \
             from outbox",
            now.0
        );
        let question = Statement::from_string(self.lister.get_database_backend(), sql);
        let row = soon(DOING, self.lister.query_one_raw(question)).await?;
        let Some(row) = row else { return Ok((0, None)) };
        let count: i64 = row.try_get_by_index(0).doing(DOING)?;
        let oldest: Option<i64> = row.try_get_by_index(1).doing(DOING)?;
        Ok((u64::try_from(count).unwrap_or(0), oldest.map(Timestamp)))
    }
}

/// From when on a message is given out: one that is due at once does not wait until the clock of whoever looks has come as
/// far as that of whoever wrote it.
pub(crate) fn due_at(message: &Message) -> i64 {
    if message.is_due_at_once() { AT_ONCE } else { message.due_at.0 }
}

/// From when on it is wanted, kept in `created_at`: it is as old as that, for it may be written down long before its time.
pub(crate) fn wanted_at(message: &Message) -> i64 {
    message.due_at.max(message.created_at).0
}

/// The lane of a payment's messages.
pub(crate) fn lane(payment: PaymentId) -> i64 {
    // The last bits of a UUIDv7 are random.
    i64::try_from(payment.bits() % u128::from(commit::LANES)).unwrap_or(0)
}

impl Due {
    /// In which lane it is.
    pub fn lane(&self) -> i64 {
        lane(self.message.payment)
    }
}
