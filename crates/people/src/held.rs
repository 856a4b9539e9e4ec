//! Owns what is remembered of a session, and its form in a cache that nodes share. Whoever can write into that cache and does not
//! know the installation's secret lets nobody in: what they wrote is not believed.

use std::sync::Arc;

use bytes::Bytes;
use coord::cache::Entry;
use domain::access::Role;
use domain::person::{self, Kind};
use domain::session::{Authority, Device, End};
use domain::{PersonId, PrincipalId, SessionId, TenantId, Timestamp, tenant};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use store::SessionRecord;
use zeroize::Zeroizing;

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

/// What the key is for; the installation's secret has other uses.
const PURPOSE: &[u8] = b"mideng/held/1";
const MARK_BYTES: usize = 32;

/// Marks what a node of this installation put into the cache.
#[derive(Clone)]
pub(crate) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
        let key = Zeroizing::new(<[u8; 32]>::from(keyed(secret).chain_update(PURPOSE).finalize().into_bytes()));
        Self(keyed(&*key))
    }

    fn put_on(&self, mut form: Vec<u8>) -> Vec<u8> {
        let mark = self.0.clone().chain_update(&form).finalize().into_bytes();
        form.extend_from_slice(&mark);
        form
    }

    /// What stands before the mark, where it is ours.
    fn taken_off<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (form, mark) = bytes.split_at_checked(bytes.len().checked_sub(MARK_BYTES)?)?;
        self.0.clone().chain_update(form).verify_slice(mark).ok().map(|()| form)
    }
}

impl Held {
    pub(crate) fn of(record: SessionRecord) -> Self {
        let cookie_hash = record.cookie_hash.and_then(|hash| hash.try_into().ok());
        Self { authority: Arc::new(record.authority), cookie_hash }
    }

    pub(crate) fn entry(&self, seal: &Seal) -> Entry {
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
        Entry { version: it.version.unsigned_abs(), bytes: Bytes::from(seal.put_on(bytes)) }
    }

    /// Reads what a node put there; `None` where no node did, or it is not in this form.
    pub(crate) fn read(entry: &Entry, seal: &Seal) -> Option<Self> {
        let form = seal.taken_off(&entry.bytes)?;
        let form: Form = serde_json::from_slice(form).ok().filter(|form: &Form| form.number == FORM)?;
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
        let seal = Seal::new(&[1; 32]);
        assert_eq!(Held::read(&held.entry(&seal), &seal), Some(held.clone()));
        assert_eq!(held.entry(&seal).version, 13);
        let plain =
            Held { authority: Arc::new(Authority { guests: Vec::new(), ended: None, ..authority }), cookie_hash: None };
        assert_eq!(Held::read(&plain.entry(&seal), &seal), Some(plain.clone()));
        let marked = |text: &str| Entry { version: 1, bytes: seal.put_on(text.as_bytes().to_vec()).into() };
        for bad in ["", "{}", "null"] {
            assert_eq!(Held::read(&Entry { version: 1, bytes: bad.into() }, &seal), None, "{bad}");
            assert_eq!(Held::read(&marked(bad), &seal), None, "{bad}");
        }
        let (now, then) = (format!("\"number\":{FORM}"), "\"number\":1");
        let bytes = plain.entry(&seal).bytes;
        let text = std::str::from_utf8(&bytes[..bytes.len() - MARK_BYTES]).expect("text");
        assert_eq!(Held::read(&marked(text), &seal), Some(plain.clone()));
        assert_eq!(Held::read(&marked(&text.replace(&now, then)), &seal), None, "of another version");
        // Who writes into the cache and does not know the secret makes nobody an administrator.
        let forged = [text.replace("support", "admin").as_bytes(), &bytes[bytes.len() - MARK_BYTES..]].concat();
        assert_ne!(forged, bytes);
        assert_eq!(Held::read(&Entry { version: 1, bytes: forged.into() }, &seal), None, "by nobody of ours");
        assert_eq!(Held::read(&plain.entry(&Seal::new(&[2; 32])), &seal), None, "of another installation");
    }
}
