//! Owns what is remembered of a session, and its form in a cache that nodes share.

use std::sync::Arc;

use bytes::Bytes;
use coord::cache::Entry;
use domain::access::Role;
use domain::person::{self, Kind};
use domain::session::{Authority, Device, End};
use domain::{PersonId, PrincipalId, SessionId, TenantId, Timestamp, tenant};
use serde::{Deserialize, Serialize};
use store::SessionRecord;

/// A session as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) authority: Arc<Authority>,
    /// What a browser's cookie must hash to.
    pub(crate) cookie_hash: Option<[u8; 32]>,
}

/// The form in a cache. Another version of the server that does not know it reads the database instead.
#[derive(Serialize, Deserialize)]
struct Form {
    number: u8,
    id: String,
    numbers: [i64; 9],
    person: String,
    names: [String; 5],
    ended: Option<String>,
    guests: Vec<(i64, String)>,
    epochs: (u32, u32),
    cookie_hash: Option<[u8; 32]>,
}

const FORM: u8 = 2;

impl Held {
    pub(crate) fn of(record: SessionRecord) -> Self {
        let cookie_hash = record.cookie_hash.and_then(|hash| hash.try_into().ok());
        Self { authority: Arc::new(record.authority), cookie_hash }
    }

    pub(crate) fn entry(&self) -> Entry {
        let Authority { id, tenant, principal, person, kind, role, guests, device, ended, .. } = &*self.authority;
        let it = &self.authority;
        let form = Form {
            number: FORM,
            id: id.to_string(),
            numbers: [
                tenant.0,
                principal.0,
                it.opened_at.0,
                it.proved_at.0,
                it.idle_until.0,
                it.ends_at.0,
                it.version,
                i64::from(it.two_factors),
                0,
            ],
            person: person.to_string(),
            names: [kind.name(), role.name(), device.name(), it.person_status.name(), it.tenant_status.name()]
                .map(str::to_owned),
            ended: ended.map(|end| end.name().to_owned()),
            guests: guests.iter().map(|(principal, id)| (principal.0, id.to_string())).collect(),
            epochs: (it.opened_in, it.epoch),
            cookie_hash: self.cookie_hash,
        };
        let bytes = serde_json::to_vec(&form).expect("numbers and texts");
        Entry { version: it.version.unsigned_abs(), bytes: Bytes::from(bytes) }
    }

    /// Reads what a node put there; `None` where it is not in this form.
    pub(crate) fn read(entry: &Entry) -> Option<Self> {
        let form: Form = serde_json::from_slice(&entry.bytes).ok().filter(|form: &Form| form.number == FORM)?;
        let [tenant, principal, opened_at, proved_at, idle_until, ends_at, version, two_factors, _] = form.numbers;
        let [kind, role, device, person_status, tenant_status] = &form.names;
        let ended = match form.ended {
            None => None,
            Some(end) => Some(End::from_name(&end)?),
        };
        let guest = |(principal, id): &(i64, String)| Some((PrincipalId(*principal), id.parse::<PersonId>().ok()?));
        let guests = form.guests.iter().map(guest).collect::<Option<_>>()?;
        let authority = Authority {
            id: form.id.parse::<SessionId>().ok()?,
            tenant: TenantId(tenant),
            principal: PrincipalId(principal),
            person: form.person.parse().ok()?,
            kind: Kind::from_name(kind)?,
            role: Role::from_name(role)?,
            guests,
            device: Device::from_name(device)?,
            ended,
            person_status: person::Status::from_name(person_status)?,
            tenant_status: tenant::Status::from_name(tenant_status)?,
            opened_in: form.epochs.0,
            epoch: form.epochs.1,
            opened_at: Timestamp(opened_at),
            proved_at: Timestamp(proved_at),
            two_factors: two_factors == 1,
            idle_until: Timestamp(idle_until),
            ends_at: Timestamp(ends_at),
            version,
        };
        Some(Self { authority: Arc::new(authority), cookie_hash: form.cookie_hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_there_is_read_back() {
        let authority = Authority {
            id: SessionId::new(1),
            tenant: TenantId(2),
            principal: PrincipalId(3),
            person: PersonId::new(4),
            kind: Kind::Staff,
            role: Role::Support,
            guests: vec![(PrincipalId(5), PersonId::new(6)), (PrincipalId(7), PersonId::new(8))],
            device: Device::MiniProgram,
            ended: Some(End::Replaced),
            person_status: person::Status::Disabled,
            tenant_status: tenant::Status::Suspended,
            opened_in: 7,
            epoch: 8,
            opened_at: Timestamp(9),
            proved_at: Timestamp(10),
            two_factors: true,
            idle_until: Timestamp(11),
            ends_at: Timestamp(12),
            version: 13,
        };
        let held = Held { authority: Arc::new(authority.clone()), cookie_hash: Some([14; 32]) };
        assert_eq!(Held::read(&held.entry()), Some(held.clone()));
        assert_eq!(held.entry().version, 13);
        let plain =
            Held { authority: Arc::new(Authority { guests: Vec::new(), ended: None, ..authority }), cookie_hash: None };
        assert_eq!(Held::read(&plain.entry()), Some(plain.clone()));
        for bad in ["", "{}", "null"] {
            assert_eq!(Held::read(&Entry { version: 1, bytes: bad.into() }), None, "{bad}");
        }
        let (now, then) = (format!("\"number\":{FORM}"), "\"number\":1");
        let other = String::from_utf8(plain.entry().bytes.to_vec()).expect("text").replace(&now, then);
        assert_eq!(Held::read(&Entry { version: 1, bytes: other.into() }), None, "of another version");
    }
}
