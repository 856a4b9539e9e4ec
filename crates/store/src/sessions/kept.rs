//! Owns what becomes of an open session: its refresh token is exchanged, its time renewed, its person proved anew. What is
//! over stays over.

use domain::audit::{Deed, Moment};
use domain::session::{End, Refresh};
use domain::{Person, SessionId, Timestamp, person};

use super::{DOING, Refreshed, again, commit, end, find};
use crate::dialect::Batch;
use crate::found::{Intent, Stored as _};
use crate::read::load_error;
use crate::rows::{PersonRow, SessionRow};
use crate::set::{Find, Rows, Write, bytes, number, row, text};
use crate::{Doing as _, Error, Store, chain, load};

static RENEWED: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[number("idle_until"), number("refresh_generation"), number("refreshed_at"), number("version")],
    &[number("version")],
);

static PROVED: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[number("proved_at"), number("two_factors"), number("version")],
    &[number("version")],
);

static PROVED_BY_COOKIE: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[bytes("cookie_hash"), number("proved_at"), number("two_factors"), number("version")],
    &[number("version")],
);

static PROVED_BY_TOKENS: Write = Write::update(
    "sessions",
    SessionRow::FIND.key,
    &[bytes("refresh_nonce"), number("proved_at"), number("two_factors"), number("version")],
    &[number("version")],
);

static BY_ID: Find =
    Find { table: "sessions", key: &[text("id")], unique: Some("sessions_id"), read: SessionRow::FIND.read };

/// What a session is known by from now on.
#[derive(Clone, Copy, Debug)]
pub enum Renewed {
    /// What a browser's cookie hashes to.
    Cookie([u8; 32]),
    /// What its refresh tokens are made of.
    Nonce([u8; 16]),
}

/// What was proved, and what the session is known by from now on, where that changes.
struct Proof<'a> {
    at: Timestamp,
    two_factors: bool,
    renewed: Option<Renewed>,
    /// Written into the audit log where it is somebody of the staff.
    told: Option<Moment<'a>>,
}

impl Store {
    /// Exchanges a refresh token of this generation; a new one moves the session's idle time to `idle_until`.
    pub async fn session_refresh(
        &self,
        id: SessionId,
        presented: u32,
        idle_until: Timestamp,
        at: Timestamp,
    ) -> Result<Refreshed, Error> {
        again(|| self.refresh_once(id, presented, idle_until, at)).await
    }

    /// Moves an open session's idle time on, never back. The request that this is for came while the session was good.
    pub async fn session_renew(&self, id: SessionId, idle_until: Timestamp) -> Result<(), Error> {
        again(|| self.renew_once(id, idle_until)).await
    }

    /// Writes down that the person proved anew who they are, with two factors or one, and what the session is known by from now
    /// on: what was seen of that before is worth nothing. False where the session is over.
    pub async fn session_prove(
        &self,
        id: SessionId,
        (moment, two_factors): (Moment<'_>, bool),
        renewed: Option<Renewed>,
    ) -> Result<bool, Error> {
        let proof = Proof { at: moment.at, two_factors, renewed, told: Some(moment) };
        again(|| self.prove_once(id, &proof)).await
    }

    /// Writes down that nothing was proved in a session; false where it is over.
    pub async fn session_unprove(&self, id: SessionId) -> Result<bool, Error> {
        let none = Proof { at: Timestamp(0), two_factors: false, renewed: None, told: None };
        again(|| self.prove_once(id, &none)).await
    }

    async fn refresh_once(
        &self,
        id: SessionId,
        presented: u32,
        idle_until: Timestamp,
        at: Timestamp,
    ) -> Result<Refreshed, Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        let Some((row, _)) = good(&mut changes, id, at).await? else { return Ok(Refreshed::Unknown) };
        let current = row.column().small("refresh_generation", row.refresh_generation)?;
        let next = match Refresh::of(presented, current, Timestamp(row.refreshed_at), at) {
            Refresh::Unknown => return Ok(Refreshed::Unknown),
            Refresh::Again(current) => return Ok(Refreshed::Generation(current)),
            Refresh::Reused => {
                let mut ended = Rows::of(&super::ENDED);
                end(&mut ended, &row, End::Reused, at);
                return commit(changes, vec![ended]).await.map(|()| Refreshed::Reused);
            }
            Refresh::Next(next) => next,
        };
        let renewed = renewed(&row, longer(&row, idle_until), (next.into(), at.0));
        commit(changes, vec![renewed]).await.map(|()| Refreshed::Generation(next))
    }

    async fn renew_once(&self, id: SessionId, idle_until: Timestamp) -> Result<(), Error> {
        let mut changes = self.changes().await.doing(DOING)?;
        let Some(row) = open(&mut changes, id).await? else { return Ok(()) };
        let until = longer(&row, idle_until);
        // Nothing is written where nothing changes, or at its end each request of a session would write.
        if until == row.idle_until {
            return Ok(());
        }
        let renewed = renewed(&row, until, (row.refresh_generation, row.refreshed_at));
        commit(changes, vec![renewed]).await
    }

    async fn prove_once(&self, id: SessionId, proof: &Proof<'_>) -> Result<bool, Error> {
        let Proof { at, two_factors, ref renewed, told } = *proof;
        let mut changes = self.changes().await.doing(DOING)?;
        let Some((row, person)) = good(&mut changes, id, at).await? else { return Ok(false) };
        let mut sets = vec![proved(&row, (at.0, i64::from(two_factors)), renewed.as_ref())];
        if let Some(moment) = told {
            let subject = format!("{id} {}", if two_factors { "two factors" } else { "one factor" });
            let deed = Deed { action: "sessions.prove", subject: &subject, moment };
            sets.extend(chain::deed(&mut changes, &person, deed).await?);
        }
        commit(changes, sets).await.map(|()| true)
    }
}

/// The session, if nobody has ended it.
async fn open(changes: &mut Batch, id: SessionId) -> Result<Option<SessionRow>, Error> {
    let rows: Vec<SessionRow> = find(changes, &BY_ID, vec![id.to_string().into()]).await?;
    Ok(rows.into_iter().next().filter(|row| row.is_open == 1))
}

/// The session and whose it is, if it is not over in any way. The person is looked at and not locked: who is put out at this very moment is
/// told so by the next reading of the session.
async fn good(changes: &mut Batch, id: SessionId, at: Timestamp) -> Result<Option<(SessionRow, Person)>, Error> {
    let Some(row) = open(changes, id).await? else { return Ok(None) };
    if row.is_past(at) {
        return Ok(None);
    }
    let keys = [row.tenant_id.into(), row.principal_id.into()].into_iter();
    let people: Vec<PersonRow> =
        load::find_in(changes, PersonRow::FIND, keys, Intent::Read).await.map_err(load_error)?;
    let Some(person) = people.first().map(PersonRow::person).transpose()? else { return Ok(None) };
    let may_stay = person.status == person::Status::Active && i64::from(person.epoch) == row.epoch;
    Ok(may_stay.then_some((row, person)))
}

/// Until when a session lives that is to live until then: never beyond its end, and never shorter than before.
fn longer(row: &SessionRow, idle_until: Timestamp) -> i64 {
    idle_until.0.min(row.ends_at).max(row.idle_until)
}

fn proved(row: &SessionRow, (at, two_factors): (i64, i64), renewed: Option<&Renewed>) -> Rows {
    let (tenant, id, version, was) = (row.tenant_id, row.id.as_str(), row.version + 1, row.version);
    let (write, known_by) = match renewed {
        None => {
            let mut proved = Rows::of(&PROVED);
            proved.add(row![tenant, id, at, two_factors, version, was]);
            return proved;
        }
        Some(Renewed::Cookie(hash)) => (&PROVED_BY_COOKIE, &hash[..]),
        Some(Renewed::Nonce(nonce)) => (&PROVED_BY_TOKENS, &nonce[..]),
    };
    let mut proved = Rows::of(write);
    proved.add(row![tenant, id, known_by, at, two_factors, version, was]);
    proved
}

fn renewed(row: &SessionRow, until: i64, (generation, refreshed_at): (i64, i64)) -> Rows {
    let mut renewed = Rows::of(&RENEWED);
    renewed.add(row![row.tenant_id, row.id.as_str(), until, generation, refreshed_at, row.version + 1, row.version]);
    renewed
}
