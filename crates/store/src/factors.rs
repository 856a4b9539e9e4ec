//! Owns second factors in SQL: set up, confirmed with a first code, used, and lost. A step or a recovery code is used once:
//! each use is written under the condition that nobody used another meanwhile.

use domain::audit::{Deed, Moment};
use domain::person::{Person, Status};
use domain::session::End;
use domain::{PrincipalId, SessionId, TenantId, Timestamp};

use crate::dialect::Batch;
use crate::found::{Fields, Intent, Stored};
use crate::read::load_error;
use crate::rows::PersonRow;
use crate::sessions::{Set, Shut, again, commit, find};
use crate::set::{self, Find, Rows, Write, bytes, number, row, text};
use crate::{Doing as _, Error, Store, chain, load};

const DOING: &str = "writing a second factor";

/// A person's second factor, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What the person's app knows, sealed.
    pub secret: Vec<u8>,
    /// Whether a first code has shown that the app has it.
    pub is_confirmed: bool,
    /// The step of the last code that was used; 0 before the first.
    pub last_step: i64,
    /// The hashes of the recovery codes that were not used.
    pub recovery: Vec<String>,
    number: u32,
    version: i64,
}

/// What was used of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// The code of this step.
    Step(i64),
    /// The recovery code at this place.
    Recovery(usize),
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor").field("is_confirmed", &self.is_confirmed).finish_non_exhaustive()
    }
}

struct FactorRow {
    number: i64,
    secret: Vec<u8>,
    confirmed_at: Option<i64>,
    last_step: i64,
    recovery: String,
    version: i64,
}

impl Stored for FactorRow {
    const FIND: &'static Find = &Find {
        table: "second_factors",
        key: KEY,
        unique: None,
        read: &[
            number("number"),
            bytes("secret"),
            number("confirmed_at"),
            number("last_step"),
            text("recovery"),
            number("version"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            number: fields.take()?,
            secret: fields.take()?,
            confirmed_at: fields.take()?,
            last_step: fields.take()?,
            recovery: fields.take()?,
            version: fields.take()?,
        })
    }
}

impl FactorRow {
    /// The factor, if it is good: one that was lost stays a row, and counts no more.
    fn factor(self, person: &Person) -> Option<SecondFactor> {
        (self.number == i64::from(person.factors_lost)).then(|| SecondFactor {
            secret: self.secret,
            is_confirmed: self.confirmed_at.is_some(),
            last_step: self.last_step,
            recovery: self.recovery.lines().map(str::to_owned).collect(),
            number: person.factors_lost,
            version: self.version,
        })
    }
}

impl SecondFactor {
    /// Whether it is as it was read. It stays so until the commit.
    pub(crate) async fn is_there(
        &self,
        changes: &mut Batch,
        (tenant, principal): (TenantId, PrincipalId),
    ) -> Result<bool, Error> {
        let rows: Vec<FactorRow> = find(changes, FactorRow::FIND, vec![tenant.0.into(), principal.0.into()]).await?;
        let there = rows.first().map(|row| (row.number, row.version));
        Ok(there == Some((i64::from(self.number), self.version)))
    }
}

const KEY: &[set::Column] = &[number("tenant_id"), number("principal_id")];

static NEW: Write = Write::insert(
    "second_factors",
    &[
        number("tenant_id"),
        number("principal_id"),
        number("number"),
        bytes("secret"),
        number("created_at"),
        number("confirmed_at"),
        number("last_step"),
        text("recovery"),
        number("version"),
    ],
);

static ANEW: Write = Write::update(
    "second_factors",
    KEY,
    &[
        number("number"),
        bytes("secret"),
        number("created_at"),
        number("confirmed_at"),
        number("last_step"),
        text("recovery"),
        number("version"),
    ],
    &[number("version")],
);

static CONFIRMED: Write = Write::update(
    "second_factors",
    KEY,
    &[number("confirmed_at"), number("last_step"), text("recovery"), number("version")],
    &[number("version")],
);

static USED: Write = Write::update(
    "second_factors",
    KEY,
    &[number("last_step"), text("recovery"), number("version")],
    &[number("version")],
);

impl Store {
    /// A person's second factor, also one that is not confirmed.
    pub async fn second_factor(&self, person: &Person) -> Result<Option<SecondFactor>, Error> {
        const DOING: &str = "reading a second factor";
        let mut reading = self.database.read().await.doing(DOING)?;
        let keys = [person.tenant.0.into(), person.principal.0.into()].into_iter();
        let rows: Vec<FactorRow> =
            load::find_in(&mut reading, FactorRow::FIND, keys, Intent::Read).await.map_err(load_error)?;
        Ok(rows.into_iter().next().and_then(|row| row.factor(person)))
    }

    /// Sets one up that is still to be confirmed; one that was not confirmed gives way. False where there is a good one.
    pub async fn second_factor_begin(
        &self,
        whose: (TenantId, PrincipalId),
        secret: &[u8],
        at: Timestamp,
    ) -> Result<bool, Error> {
        again(|| self.begin_once(whose, secret, at)).await
    }

    /// Takes note that the person's app has it, with the hashes of the recovery codes, and ends every other session: they
    /// were opened with less. `None` where the factor, or the person, has changed since they were read.
    pub async fn second_factor_confirm(
        &self,
        person: &Person,
        (factor, step, recovery): (&SecondFactor, i64, &[String]),
        own: SessionId,
        moment: Moment<'_>,
    ) -> Result<Option<Vec<SessionId>>, Error> {
        let (tenant, principal) = (person.tenant, person.principal);
        let recovery = recovery.join("\n");
        let row = row![tenant.0, principal.0, moment.at.0, step, recovery.as_str(), factor.version + 1, factor.version];
        let shut = Shut {
            whose: (tenant, principal),
            own: Some(own),
            version: Some(person.version),
            set: Set::Factor(factor, Rows::one(&CONFIRMED, row)),
            why: End::Kicked,
            moment,
        };
        self.shut(shut).await
    }

    /// The person gives their second factor up, and every session but their own ends. `None` where somebody has changed the
    /// person since.
    pub async fn second_factor_remove(
        &self,
        person: &Person,
        own: SessionId,
        moment: Moment<'_>,
    ) -> Result<Option<Vec<SessionId>>, Error> {
        let whose = (person.tenant, person.principal);
        let set = Set::NoFactor(person.factors_lost + 1);
        self.shut(Shut { whose, own: Some(own), version: Some(person.version), set, why: End::Kicked, moment }).await
    }

    /// Uses a code; false where another was used since the factor was read, or the factor was lost.
    pub async fn second_factor_use(
        &self,
        whose: (TenantId, PrincipalId),
        factor: &SecondFactor,
        used: Used,
    ) -> Result<bool, Error> {
        let (step, recovery) = match used {
            Used::Step(step) => (step, factor.recovery.clone()),
            Used::Recovery(place) => {
                let kept = factor.recovery.iter().enumerate().filter(|(at, _)| *at != place);
                (factor.last_step, kept.map(|(_, hash)| hash.clone()).collect())
            }
        };
        again(|| self.use_once(whose, factor, (step, &recovery), None)).await
    }

    /// Gives the person other recovery codes; false where the factor has changed since it was read.
    pub async fn second_factor_recovery(
        &self,
        person: &Person,
        factor: &SecondFactor,
        recovery: &[String],
        moment: Moment<'_>,
    ) -> Result<bool, Error> {
        let whose = (person.tenant, person.principal);
        let told = Some((person, Deed { action: "second_factor.recovery_codes", subject: "", moment }));
        again(|| self.use_once(whose, factor, (factor.last_step, recovery), told)).await
    }

    async fn begin_once(
        &self,
        (tenant, principal): (TenantId, PrincipalId),
        secret: &[u8],
        at: Timestamp,
    ) -> Result<bool, Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        let key = [tenant.0.into(), principal.0.into()];
        let person: Vec<PersonRow> = find(&mut changes, PersonRow::FIND, key.to_vec()).await?;
        let Some(person) = person.first().map(PersonRow::person).transpose()? else { return Ok(false) };
        if person.status != Status::Active {
            return Ok(false);
        }
        let row: Vec<FactorRow> = find(&mut changes, FactorRow::FIND, key.to_vec()).await?;
        let number = person.factors_lost;
        let begun = match row.into_iter().next() {
            None => Rows::one(&NEW, row![tenant.0, principal.0, number, secret, at.0, None::<i64>, 0_i64, "", 1_i64]),
            Some(row) if row.number == i64::from(number) && row.confirmed_at.is_some() => return Ok(false),
            Some(row) => {
                let (version, was) = (row.version + 1, row.version);
                let row = row![tenant.0, principal.0, number, secret, at.0, None::<i64>, 0_i64, "", version, was];
                Rows::one(&ANEW, row)
            }
        };
        commit(changes, vec![begun]).await.map(|()| true)
    }

    async fn use_once(
        &self,
        (tenant, principal): (TenantId, PrincipalId),
        factor: &SecondFactor,
        (step, recovery): (i64, &[String]),
        told: Option<(&Person, Deed<'_>)>,
    ) -> Result<bool, Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        if !factor.is_there(&mut changes, (tenant, principal)).await? {
            return Ok(false);
        }
        let recovery = recovery.join("\n");
        let row = row![tenant.0, principal.0, step, recovery.as_str(), factor.version + 1, factor.version];
        let mut sets = vec![Rows::one(&USED, row)];
        if let Some((person, deed)) = told {
            sets.extend(chain::deed(&mut changes, person, deed).await?);
        }
        commit(changes, sets).await.map(|()| true)
    }
}
