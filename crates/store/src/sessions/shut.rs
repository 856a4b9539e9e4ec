//! Owns putting people out: every session of somebody ends, but perhaps their own, in one commit with what they prove
//! themselves with from now on.

use domain::audit::{Deed, Moment};
use domain::person::PasswordHash;
use domain::session::End;
use domain::{PrincipalId, SessionId, TenantId, Timestamp};

use super::{DOING, ENDED, again, commit, end, find};
use crate::factors::SecondFactor;
use crate::found::Stored as _;
use crate::rows::{OPEN_OF, PersonRow, SessionRow};
use crate::set::{Rows, Write, number, row, text};
use crate::{Doing as _, Error, Store, chain};

/// The end of all of somebody's sessions, but for their own that they ask from.
pub(crate) struct Shut<'a> {
    pub(crate) whose: (TenantId, PrincipalId),
    pub(crate) own: Option<SessionId>,
    /// Only where nobody has changed the person since this version.
    pub(crate) version: Option<u32>,
    pub(crate) set: Set<'a>,
    pub(crate) why: End,
    pub(crate) moment: Moment<'a>,
}

/// What else is written with it.
pub(crate) enum Set<'a> {
    Nothing,
    /// What proves who they are from now on.
    Password(&'a PasswordHash),
    /// What proves it from now on as well, where it is as it was read. No session has proved it yet.
    Factor(&'a SecondFactor, Rows),
    /// No second factor does any more; so many were lost now.
    NoFactor(u32),
}

impl Set<'_> {
    /// What the audit log calls it, where it is asked for from a session or without one.
    const fn action(&self, own: Option<SessionId>) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Password(_) if own.is_some() => Some("password.change"),
            Self::Password(_) => Some("password.reset"),
            Self::Factor(..) => Some("second_factor.set"),
            Self::NoFactor(_) => Some("second_factor.remove"),
        }
    }
}

/// A session that stays while the person's epoch changes.
static CARRIED: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[number("epoch"), number("proved_at"), number("two_factors"), number("version")],
    &[number("version")],
);

static SHUT: Write = Write::update(
    "people",
    PersonRow::FIND.key,
    &[number("epoch"), number("version"), number("updated_at")],
    &[number("version")],
);

static PASSWORD: Write = Write::update(
    "people",
    PersonRow::FIND.key,
    &[number("epoch"), number("version"), number("updated_at"), text("password_hash"), number("password_at")],
    &[number("version")],
);

static FACTOR_LOST: Write = Write::update(
    "people",
    PersonRow::FIND.key,
    &[number("epoch"), number("version"), number("updated_at"), number("factors_lost")],
    &[number("version")],
);

impl Store {
    /// Ends every open session of a person but one; which they were. What is about to be opened by a proof from before is
    /// not opened any more: the person's epoch is another.
    pub async fn sessions_end(
        &self,
        whose: (TenantId, PrincipalId),
        but: Option<SessionId>,
        why: End,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, Error> {
        let shut = Shut { whose, own: but, version: None, set: Set::Nothing, why, moment: at.into() };
        Ok(self.shut(shut).await?.unwrap_or_default())
    }

    /// Gives a person another password and ends every session but their own, in one; which they were. `None` where somebody
    /// changed the person since they had this version.
    pub async fn password_change(
        &self,
        whose: (TenantId, PrincipalId),
        (version, new): (u32, &PasswordHash),
        own: Option<SessionId>,
        moment: Moment<'_>,
    ) -> Result<Option<Vec<SessionId>>, Error> {
        let set = Set::Password(new);
        self.shut(Shut { whose, own, version: Some(version), set, why: End::Kicked, moment }).await
    }

    pub(crate) async fn shut(&self, shut: Shut<'_>) -> Result<Option<Vec<SessionId>>, Error> {
        again(|| self.shut_once(&shut)).await
    }

    async fn shut_once(&self, shut: &Shut<'_>) -> Result<Option<Vec<SessionId>>, Error> {
        let Shut { whose: (tenant, principal), own, version, ref set, why, moment } = *shut;
        let at = moment.at;
        let mut changes = self.changes().await.doing(DOING)?;
        let person: Vec<PersonRow> =
            find(&mut changes, PersonRow::FIND, vec![tenant.0.into(), principal.0.into()]).await?;
        let Some(person) = person.first().map(PersonRow::person).transpose()? else { return Ok(None) };
        if version.is_some_and(|version| version != person.version) {
            return Ok(None);
        }
        if let Set::Factor(factor, _) = set
            && !factor.is_there(&mut changes, (tenant, principal)).await?
        {
            return Ok(None);
        }
        let rows: Vec<SessionRow> =
            find(&mut changes, &OPEN_OF, vec![tenant.0.into(), principal.0.into(), 1_i64.into()]).await?;
        let (mut ended, mut carried, mut ids) = (Rows::of(&ENDED), Rows::of(&CARRIED), Vec::new());
        let epoch = person.epoch + 1;
        for row in &rows {
            let id = row.id()?;
            if own == Some(id) && row.epoch == i64::from(person.epoch) {
                // What it is known by stays, and copies of that may be about: who wants the most of the new factor proves it
                // once more, and is known by something else then.
                let (proved_at, two_factors) = match set {
                    Set::Factor(..) => (0, 1),
                    Set::NoFactor(_) => (row.proved_at, 0),
                    Set::Nothing | Set::Password(_) => (row.proved_at, row.two_factors),
                };
                let (version, was) = (row.version + 1, row.version);
                carried.add(row![row.tenant_id, row.id.as_str(), epoch, proved_at, two_factors, version, was]);
            } else {
                end(&mut ended, row, why, at);
                ids.push(id);
            }
        }
        let (version, was) = (person.version + 1, person.version);
        let shut = |of| Rows::one(of, row![tenant.0, principal.0, epoch, version, at.0, was]);
        let mut sets = match set {
            Set::Nothing => vec![shut(&SHUT)],
            Set::Factor(_, rows) => vec![shut(&SHUT), rows.clone()],
            Set::Password(new) => {
                let row = row![tenant.0, principal.0, epoch, version, at.0, new.as_str(), at.0, was];
                vec![Rows::one(&PASSWORD, row)]
            }
            Set::NoFactor(lost) => {
                vec![Rows::one(&FACTOR_LOST, row![tenant.0, principal.0, epoch, version, at.0, *lost, was])]
            }
        };
        sets.extend([ended, carried]);
        if let Some(action) = set.action(own) {
            sets.extend(chain::deed(&mut changes, &person, Deed { action, subject: "", moment }).await?);
        }
        commit(changes, sets).await.map(|()| Some(ids))
    }
}
