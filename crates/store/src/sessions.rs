//! Owns sessions in SQL, which is where it is decided whether one is good: opened under the lock of their person, so that two
//! log-ins at the same time are counted one behind the other, and ended. What becomes of an open one is in `sessions/kept.rs`.

mod kept;
mod purge;
mod record;
mod rules;
mod shut;

use std::time::Duration;

use domain::audit::{Deed, Moment};
use domain::session::{Device, End, Full, Rules};
use domain::{PrincipalId, SessionId, TenantId, Timestamp, person};
use engine::Fault;

use crate::dialect::Batch;
use crate::found::{Intent, Stored as _};
use crate::read::load_error;
use crate::rows::{OPEN_OF, PersonRow, SessionRow};
use crate::set::{Find, Rows, Value, Write, bytes, number, row, text};
use crate::{Doing as _, Error, Store, chain, guests, load};

pub use kept::Renewed;
pub use record::SessionRecord;
pub(crate) use shut::{Set, Shut};

const DOING: &str = "writing a session";
/// How often a change is tried that the database takes back.
const TRIES: usize = 8;
/// Half of how long the first pause is; each is twice the one before, and the last a quarter of a second.
const PAUSE: Duration = Duration::from_millis(1);

/// A session that is to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its name.
    pub id: SessionId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// Whose.
    pub principal: PrincipalId,
    /// The epoch of the person who proved who they are; if it has passed since, nothing is opened.
    pub epoch: u32,
    /// On what.
    pub device: Device,
    /// What they call it.
    pub device_name: Option<String>,
    /// The address that they came from.
    pub address: Option<String>,
    /// When.
    pub at: Timestamp,
    /// In which request: of the staff it stands in the audit log.
    pub request_id: String,
    /// Whether they proved it with two factors.
    pub two_factors: bool,
    /// What a browser's cookie must hash to, if it is one's.
    pub cookie_hash: Option<[u8; 32]>,
    /// What its refresh tokens are made with.
    pub refresh_nonce: [u8; 16],
    /// The guest who logged in by it: whoever that was once stays that person.
    pub guest: Option<PrincipalId>,
}

/// What became of a session that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is open; these ended for it.
    Open(Vec<SessionId>),
    /// There are as many as the shop allows.
    Full(Full),
    /// The person was shut out, or all of their sessions were, since they proved who they are.
    ShutOut,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The token of this generation is the answer.
    Generation(u32),
    /// It had been exchanged before: the session is over.
    Reused,
    /// There is no such token or session, or the session is over.
    Unknown,
}

static NEW: Write = Write::insert(
    "sessions",
    &[
        number("tenant_id"),
        text("id"),
        number("principal_id"),
        text("device"),
        text("device_name"),
        text("address"),
        number("is_open"),
        text("ended"),
        number("ended_at"),
        number("epoch"),
        number("opened_at"),
        number("proved_at"),
        number("two_factors"),
        number("idle_until"),
        number("ends_at"),
        bytes("cookie_hash"),
        bytes("refresh_nonce"),
        number("refresh_generation"),
        number("refreshed_at"),
        number("guest_principal_id"),
        number("version"),
    ],
);

static ENDED: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[number("is_open"), text("ended"), number("ended_at"), number("version")],
    &[number("version")],
);

impl Store {
    /// Opens a session by the shop's rules.
    pub async fn session_open(&self, new: &NewSession, rules: &Rules) -> Result<Opened, Error> {
        again(|| self.open_once(new, rules)).await
    }

    /// Ends an open session of a tenant; false where there is none. A session is ended once: the first reason stays.
    pub async fn session_end(&self, tenant: TenantId, id: SessionId, why: End, at: Timestamp) -> Result<bool, Error> {
        again(|| self.end_once(tenant, id, why, at)).await
    }

    async fn open_once(&self, new: &NewSession, rules: &Rules) -> Result<Opened, Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        let key = [new.tenant.0.into(), new.principal.0.into()];
        let person: Vec<PersonRow> = find(&mut changes, PersonRow::FIND, key.to_vec()).await?;
        let Some(person) = person.first().map(PersonRow::person).transpose()? else { return Ok(Opened::ShutOut) };
        if person.status != person::Status::Active || person.epoch != new.epoch {
            return Ok(Opened::ShutOut);
        }
        let key = [new.tenant.0.into(), new.principal.0.into(), 1_i64.into()];
        let rows: Vec<SessionRow> = find(&mut changes, &OPEN_OF, key.to_vec()).await?;
        let is_over = |row: &SessionRow| row.epoch != i64::from(person.epoch) || row.is_past(new.at);
        let (over, good): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_over);
        let open = good.iter().map(SessionRow::open).collect::<Result<Vec<_>, _>>()?;
        let replaced = match rules.make_room(&open, new.device) {
            Ok(replaced) => replaced,
            Err(full) => return Ok(Opened::Full(full)),
        };
        let mut ended = Rows::of(&ENDED);
        for row in &over {
            let why = if row.epoch == i64::from(person.epoch) { End::Expired } else { End::Kicked };
            end(&mut ended, row, why, new.at);
        }
        for (row, open) in good.iter().zip(&open).filter(|(_, open)| replaced.contains(&open.id)) {
            debug_assert_eq!(row.id, open.id.to_string());
            end(&mut ended, row, End::Replaced, new.at);
        }
        let mut opened = Rows::of(&NEW);
        add(&mut opened, new, rules);
        let linked = match new.guest {
            Some(guest) => guests::link(&mut changes, (new.tenant, guest), new.principal, new.at).await?,
            None => None,
        };
        let subject = format!("{} {}", new.id, new.device.name());
        let moment = Moment { at: new.at, request_id: &new.request_id };
        let deed = Deed { action: "sessions.open", subject: &subject, moment };
        let told = chain::deed(&mut changes, &person, deed).await?;
        commit(changes, [ended, opened].into_iter().chain(linked).chain(told).collect()).await?;
        Ok(Opened::Open(replaced))
    }

    async fn end_once(&self, tenant: TenantId, id: SessionId, why: End, at: Timestamp) -> Result<bool, Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        let rows: Vec<SessionRow> =
            find(&mut changes, SessionRow::FIND, vec![tenant.0.into(), id.to_string().into()]).await?;
        let Some(row) = rows.first().filter(|row| row.is_open == 1) else { return Ok(false) };
        let mut ended = Rows::of(&ENDED);
        end(&mut ended, row, why, at);
        commit(changes, vec![ended]).await.map(|()| true)
    }
}

/// Once more where the database took everything back, as it does where two wait for each other: MariaDB locks a session by
/// the index that found it first, and log-ins and log-outs find it by different ones.
pub(crate) async fn again<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for tried in 1..TRIES {
        match attempt().await {
            Err(error) if was_taken_back(&error) => tokio::time::sleep(PAUSE * (1 << tried)).await,
            done => return done,
        }
    }
    attempt().await
}

fn was_taken_back(error: &Error) -> bool {
    let Error::Database { source, .. } = error else { return false };
    matches!(source.downcast_ref(), Some(Fault::Retry(_)))
}

pub(crate) async fn find<T: crate::found::Stored>(
    changes: &mut Batch,
    find: &'static Find,
    keys: Vec<Value>,
) -> Result<Vec<T>, Error> {
    load::find_in(changes, find, keys.into_iter(), Intent::Change).await.map_err(load_error)
}

/// Each of the rows was locked, so each is as it was found.
pub(crate) async fn commit(mut changes: Batch, sets: Vec<Rows>) -> Result<(), Error> {
    let wanted: usize = sets.iter().map(Rows::len).sum();
    let written = changes.write_all(sets).await.doing(DOING)?;
    if written != wanted as u64 {
        let fault = Fault::Retry(format!("{written} of {wanted} rows of sessions were as they had been found"));
        return Err(Error::database(DOING)(Box::new(fault)));
    }
    changes.commit().await.doing(DOING)
}

fn end(rows: &mut Rows, row: &SessionRow, why: End, at: Timestamp) {
    rows.add(row![row.tenant_id, row.id.as_str(), 0_i64, why.name(), at.0, row.version + 1, row.version]);
}

fn add(rows: &mut Rows, new: &NewSession, rules: &Rules) {
    let ends_at = new.at.plus_ms(rules.absolute_ms);
    rows.add(row![
        new.tenant.0,
        new.id.to_string(),
        new.principal.0,
        new.device.name(),
        new.device_name.as_deref(),
        new.address.as_deref(),
        1_i64,
        None::<&str>,
        None::<i64>,
        new.epoch,
        new.at.0,
        new.at.0,
        i64::from(new.two_factors),
        new.at.plus_ms(rules.idle_ms).min(ends_at).0,
        ends_at.0,
        new.cookie_hash.as_ref().map(|hash| &hash[..]),
        &new.refresh_nonce[..],
        0_i64,
        new.at.0,
        new.guest.map(|guest| guest.0),
        1_i64,
    ]);
}
