//! Owns what the nodes tell each other of how an account's provider does. Times are the database's own, and are given as
//! what has passed or is left: nodes need not agree on the time.

use domain::ChannelAccountId;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::rows::Column;
use crate::schema::HEALTH;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

/// What one node told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Of which account.
    pub account: ChannelAccountId,
    /// Whether it is tried before others.
    pub is_well: bool,
    /// For how many milliseconds it is not asked; none where it may be.
    pub closed_for_ms: Option<i64>,
    /// Calls of the last minute.
    pub asked: u32,
    /// How many of them were answered.
    pub answered: u32,
}

impl Store {
    /// Tells the other nodes. What was told before of this account is gone.
    pub async fn channel_health_tell(&self, health: &ChannelHealth) -> Result<(), Error> {
        const DOING: &str = "telling how a provider does";
        let clock = self.database.clock();
        let ChannelHealth { account, is_well, closed_for_ms, asked, answered } = health;
        let until = closed_for_ms.map_or("null".to_owned(), |ms| format!("{clock} + {ms}"));
        let is_well = i64::from(*is_well);
        let change = format!(
            "update {HEALTH} set is_well = {is_well}, closed_until = {until}, asked = {asked}, answered = {answered}, \
             told_at = {clock} where account_id = '{account}'"
        );
        let _turn = self.turn().await?;
        if soon(DOING, self.administrator.execute_unprepared(&change)).await?.rows_affected() == 0 {
            let first = format!(
                "insert into {HEALTH} (account_id, is_well, closed_until, asked, answered, told_at) \
                 values ('{account}', {is_well}, {until}, {asked}, {answered}, {clock})"
            );
            soon(DOING, self.administrator.execute_unprepared(&first)).await?;
        }
        Ok(())
    }

    /// What was told last of each account, and how many milliseconds ago.
    pub async fn channel_health(&self) -> Result<Vec<(ChannelHealth, i64)>, Error> {
        const DOING: &str = "reading how providers do";
        let clock = self.database.clock();
        let sql = format!(
            "select account_id, is_well, closed_until - {clock}, asked, answered, {clock} - told_at from {HEALTH}"
        );
        let question = Statement::from_string(self.lister.get_database_backend(), sql);
        let mut told = Vec::new();
        for row in soon(DOING, self.lister.query_all_raw(question)).await? {
            let text: String = row.try_get_by_index(0).doing(DOING)?;
            let number = |at: usize| row.try_get_by_index::<i64>(at).doing(DOING);
            let column = Column { table: HEALTH, row: &text };
            let closed: Option<i64> = row.try_get_by_index(2).doing(DOING)?;
            let health = ChannelHealth {
                account: column.parse("account_id", &text)?,
                is_well: number(1)? != 0,
                closed_for_ms: closed.filter(|ms| *ms > 0),
                asked: column.small("asked", number(3)?)?,
                answered: column.small("answered", number(4)?)?,
            };
            told.push((health, number(5)?));
        }
        Ok(told)
    }
}
