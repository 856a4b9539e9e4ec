//! Owns the installation's secret: 32 random bytes that stand in the database, the same on every node and in every copy
//! and backup. With it one-time tokens are sealed, and API keys made. Who can read the database can read it, and needs neither.

use sea_orm::ConnectionTrait as _;

use crate::rows::Column;
use crate::schema::SECRET;
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading the installation's secret";

impl Store {
    /// The secret. Where there is none yet it is `new` from now on.
    pub async fn secret(&self, new: [u8; 32]) -> Result<[u8; 32], Error> {
        if let Some(secret) = self.kept_secret().await? {
            return Ok(secret);
        }
        let turn = self.turn().await?;
        // Of nodes that start together one is first.
        let text = new.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        // As a value, not in the text: statements may be logged.
        let insert = format!(
            "insert into {SECRET} (id, secret) select 1, {{}} from (select 1 as one) as seed \
             where not exists (select 1 from {SECRET})"
        );
        let insert = self.bound(&insert, &[&text]);
        let made = soon(DOING, self.administrator.execute_raw(insert)).await;
        drop(turn);
        match self.kept_secret().await? {
            Some(secret) => Ok(secret),
            // Nobody else was first: then why it could not be made matters.
            None => Err(made.err().unwrap_or_else(|| Error::Refused("the installation got no secret".to_owned()))),
        }
    }

    async fn kept_secret(&self) -> Result<Option<[u8; 32]>, Error> {
        let sql = format!("select secret from {SECRET} where id = 1");
        let question = self.bound(&sql, &[]);
        let Some(row) = soon(DOING, self.administrator.query_one_raw(question)).await? else { return Ok(None) };
        let text: String = row.try_get_by_index(0).doing(DOING)?;
        // What it was is not told.
        let unreadable =
            || Column { table: SECRET, row: "1" }.unreadable("secret", format!("{} characters", text.len()));
        read(&text).map(Some).ok_or_else(unreadable)
    }
}

/// 64 hexadecimal digits.
fn read(text: &str) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(secret)
}
