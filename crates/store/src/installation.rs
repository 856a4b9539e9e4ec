//! Owns the installation's name, which is part of every number that it gives to a provider: a merchant's account may be
//! used by two installations, whose callers may choose the same keys.

use sea_orm::{ConnectionTrait as _, Statement};

use crate::rows::Column;
use crate::schema::INSTALLATION;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading the installation's name";

impl Store {
    /// The name, the same on every node and in every copy and backup. Where there is none yet it is `new` from now on; or 0,
    /// which is none, where providers were asked before there were names: what they were asked for keeps its number.
    pub async fn installation(&self, new: u128) -> Result<u128, Error> {
        if let Some(name) = self.named().await? {
            return Ok(name);
        }
        let turn = self.turn().await?;
        // Of nodes that start together one is first.
        let insert = format!(
            "insert into {INSTALLATION} (id, name) select 1, \
             case when exists (select 1 from payment_attempts) then '{none:032x}' else '{new:032x}' end \
             from (select 1 as one) as seed where not exists (select 1 from {INSTALLATION})",
            none = 0
        );
        let made = soon(DOING, self.administrator.execute_unprepared(&insert)).await;
        drop(turn);
        match self.named().await? {
            Some(name) => Ok(name),
            // Nobody else was first: then why it could not be made matters.
            None => Err(made.err().unwrap_or_else(|| Error::Refused("the installation got no name".to_owned()))),
        }
    }

    async fn named(&self) -> Result<Option<u128>, Error> {
        let question = Statement::from_string(
            self.administrator.get_database_backend(),
            format!("select name from {INSTALLATION} where id = 1"),
        );
        let Some(row) = soon(DOING, self.administrator.query_one_raw(question)).await? else { return Ok(None) };
        let name: String = row.try_get_by_index(0).doing(DOING)?;
        let column = Column { table: INSTALLATION, row: "1" };
        u128::from_str_radix(&name, 16).map(Some).map_err(|_| column.unreadable("name", name))
    }
}
