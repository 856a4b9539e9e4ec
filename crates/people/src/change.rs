//! Owns changing one's own password.

use std::net::IpAddr;

use domain::session::{Authority, End};
use identity::password::Weak;

use crate::{Denied, People};

impl People {
    /// Puts a new password in the place of the one there is, and ends every other session. Tries are counted as log-ins are:
    /// a session that was stolen is no place to guess from.
    pub async fn change_password(
        &self,
        session: &Authority,
        (current, new): (&str, &str),
        address: IpAddr,
    ) -> Result<Result<(), Weak>, Denied> {
        let inside = &self.0;
        let now = (inside.stamp.now)();
        let session = self.confirm(session).await?;
        let (tenant, principal) = (session.tenant, session.principal);
        inside.limits.log_in(&format!("own:{}", session.person), address, None).await?;
        let person = inside.store.person(tenant, session.person).await?.ok_or(Denied::Invalid)?;
        let before = inside.store.password(tenant, principal).await?;
        if !self.is_password(current, None, before.as_ref(), now).await? {
            return Err(Denied::Wrong);
        }
        let new = match self.hash(new, &[person.login.as_str(), person.name.as_str()]).await? {
            Ok(new) => new,
            Err(weak) => return Ok(Err(weak)),
        };
        // Of two changes at once the second compared with what is not there any more.
        if !inside.store.password_replace((tenant, principal), before.as_ref(), &new, now).await? {
            return Err(Denied::Wrong);
        }
        self.end_all((tenant, principal), Some(session.id), End::Kicked).await?;
        Ok(Ok(()))
    }
}
