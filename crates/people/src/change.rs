//! Owns changing one's own password.

use domain::session::Authority;
use identity::password::Weak;

use crate::{Denied, Origin, People};

impl People {
    /// Puts a new password in the place of the one there is, and ends every other session with it. Tries are counted as log-ins
    /// are: a session that was stolen is no place to guess from. Sent again because the reply was lost, it is done already.
    pub async fn change_password(
        &self,
        session: &Authority,
        current: String,
        new: String,
        origin: Origin,
    ) -> Result<Result<(), Weak>, Denied> {
        let session = self.confirm(session).await?;
        self.run(|people| async move { people.changed_password(&session, (&current, &new), &origin).await }).await
    }

    async fn changed_password(
        &self,
        session: &Authority,
        (current, new): (&str, &str),
        origin: &Origin,
    ) -> Result<Result<(), Weak>, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let whose = (session.tenant, session.principal);
        inside.limits.log_in(&format!("own:{}", session.person), origin.address, None).await?;
        let person = inside.store.person(session.tenant, session.person).await?.ok_or(Denied::Invalid)?;
        let before = inside.store.password(session.tenant, session.principal).await?;
        if !self.is_password(current, None, before.as_ref(), now).await? {
            let is_done = self.is_password(new, None, before.as_ref(), now).await?;
            return if is_done { Ok(Ok(())) } else { Err(Denied::Wrong) };
        }
        let new = match self.hash(new, &[person.login.as_str(), person.name.as_str()]).await? {
            Ok(new) => new,
            Err(weak) => return Ok(Err(weak)),
        };
        let ended =
            inside.store.password_change(whose, (person.version, &new), Some(session.id), origin.at(now)).await?;
        // Of two changes at once the second knew what is not there any more.
        let ended = ended.ok_or(Denied::Wrong)?;
        self.heard(&ended, session, now).await;
        Ok(Ok(()))
    }
}
