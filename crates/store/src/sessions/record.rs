//! Owns what stands of a session, read in one question together with its person and tenant: the authority on whether it is
//! good.

use domain::access::Role;
use domain::person::{self, Kind};
use domain::session::{Authority, Device, End};
use domain::{PrincipalId, SessionId, TenantId, Timestamp};
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult};

use crate::rows::{Column, status_of_tenant};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

const DOING: &str = "reading a session";

/// A session, with what proves that a request belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Whether it is good, and for what.
    pub authority: Authority,
    /// What they call the device.
    pub device_name: Option<String>,
    /// The address that they came from.
    pub address: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What a browser's cookie must hash to.
    pub cookie_hash: Option<Vec<u8>>,
    /// What its refresh tokens are made with.
    pub refresh_nonce: Vec<u8>,
    /// The last refresh token that was given out.
    pub refresh_generation: i64,
}

const COLUMNS: &str = "s.id, s.tenant_id, s.principal_id, p.public_id, p.kind, p.role, p.status, p.epoch, p.version, \
    t.status, t.changes, s.device, s.device_name, s.address, s.ended, s.ended_at, s.epoch, s.opened_at, s.proved_at, \
    s.two_factors, s.idle_until, s.ends_at, s.cookie_hash, s.refresh_nonce, s.refresh_generation, s.version, s.guest_principal_id";

const TABLES: &str = "sessions s join people p on p.tenant_id = s.tenant_id and p.principal_id = s.principal_id \
    join tenants t on t.id = s.tenant_id";

impl Store {
    /// The session of this name.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionRecord>, Error> {
        let sql = format!("select {COLUMNS} from {TABLES} where s.id = {{}}");
        let row = soon(DOING, self.lister.query_one_raw(self.bound(&sql, &[&id.to_string()]))).await?;
        let found = row.map(|row| record(&row)).transpose()?;
        Ok(self.with_guests(found.into_iter().collect()).await?.pop())
    }

    /// A person's sessions, open ones first, the latest of each first; at most `limit`.
    pub async fn sessions_of(
        &self,
        tenant: TenantId,
        principal: PrincipalId,
        limit: u64,
    ) -> Result<Vec<SessionRecord>, Error> {
        let sql = format!(
            "select {COLUMNS} from {TABLES} where s.tenant_id = {} and s.principal_id = {} \
             order by s.is_open desc, s.opened_at desc, s.id desc limit {limit}",
            tenant.0, principal.0
        );
        let rows = soon(DOING, self.lister.query_all_raw(self.bound(&sql, &[]))).await?;
        self.with_guests(rows.iter().map(record).collect::<Result<_, _>>()?).await
    }

    /// A person's sessions, each with the guests who the person was: that of the session first, for what may still be on
    /// its way.
    async fn with_guests(&self, found: Vec<(SessionRecord, Option<PrincipalId>)>) -> Result<Vec<SessionRecord>, Error> {
        let Some((SessionRecord { authority, .. }, _)) = found.first() else { return Ok(Vec::new()) };
        let own: Vec<_> = found.iter().filter_map(|(_, own)| *own).collect();
        let guests = match authority.kind {
            Kind::Member => self.guests_of((authority.tenant, authority.principal), &own).await?,
            Kind::Staff | Kind::Guest => Vec::new(),
        };
        let each = |(mut record, own): (SessionRecord, Option<PrincipalId>)| {
            let (first, others): (Vec<_>, Vec<_>) = guests.iter().partition(|(guest, _)| Some(*guest) == own);
            record.authority.guests = [first, others].concat();
            record
        };
        Ok(found.into_iter().map(each).collect())
    }
}

/// The session, and the guest that it was opened by.
fn record(row: &QueryResult) -> Result<(SessionRecord, Option<PrincipalId>), Error> {
    let text = |at| row.try_get_by_index::<String>(at).doing(DOING);
    let number = |at| row.try_get_by_index::<i64>(at).doing(DOING);
    let name = text(0)?;
    let column = Column { table: "sessions", row: &name };
    let (tenant, person_name, status) = (number(1)?, text(3)?, number(9)?);
    // What cannot be read is told where it stands.
    let person = Column { table: "people", row: &person_name };
    let shop = tenant.to_string();
    let shop = Column { table: "tenants", row: &shop };
    let optional = |at| row.try_get_by_index::<Option<String>>(at).doing(DOING);
    let authority = Authority {
        id: column.parse("id", &name)?,
        tenant: TenantId(tenant),
        principal: PrincipalId(number(2)?),
        person: person.parse("public_id", &person_name)?,
        kind: person.name("kind", &text(4)?, Kind::from_name)?,
        role: person.name("role", &text(5)?, Role::from_name)?,
        person_status: person.name("status", &text(6)?, person::Status::from_name)?,
        epoch: person.small("epoch", number(7)?)?,
        tenant_status: status_of_tenant(status).ok_or_else(|| shop.unreadable("status", status.to_string()))?,
        device: column.name("device", &text(11)?, Device::from_name)?,
        ended: optional(14)?.map(|ended| column.name("ended", &ended, End::from_name)).transpose()?,
        opened_in: column.small("epoch", number(16)?)?,
        opened_at: Timestamp(number(17)?),
        proved_at: Timestamp(number(18)?),
        two_factors: number(19)? == 1,
        idle_until: Timestamp(number(20)?),
        ends_at: Timestamp(number(21)?),
        guests: Vec::new(),
        // Each of the three only grows.
        version: number(8)?.saturating_add(number(10)?).saturating_add(number(25)?),
    };
    let rest = || {
        let record = SessionRecord {
            authority,
            device_name: row.try_get_by_index(12)?,
            address: row.try_get_by_index(13)?,
            ended_at: row.try_get_by_index::<Option<i64>>(15)?.map(Timestamp),
            cookie_hash: row.try_get_by_index(22)?,
            refresh_nonce: row.try_get_by_index(23)?,
            refresh_generation: row.try_get_by_index(24)?,
        };
        Ok::<_, DbErr>((record, row.try_get_by_index::<Option<i64>>(26)?.map(PrincipalId)))
    };
    rest().doing(DOING)
}
