//! Owns what is asked and written about people and their sessions, in a shop that has many of both.

use domain::person::{Kind as Of, Login, PasswordHash};
use domain::session::{Device, End, Rules, WhenFull};
use domain::{PersonId, PrincipalId, SessionId, TenantId, TenantPublicId, Timestamp};
use store::{Cursor, NewSession, Store};

use crate::shop::Shop;

/// How many people there are, in three tenants.
const PEOPLE: u128 = 400;
/// How many sessions each of them has, every other of which is over.
const SESSIONS: u128 = 6;
/// How many tenants there are, most of which trade nothing.
const TENANTS: u128 = 60;
/// One of the first tenant's.
const SOMEBODY: u128 = 99;

/// Their person, and one of their sessions that is open.
pub fn somebody() -> (PersonId, SessionId) {
    (PersonId::new(SOMEBODY), SessionId::new(SOMEBODY * SESSIONS))
}

/// Many people with sessions, and tenants with a log each.
pub async fn populate(shop: &Shop) {
    for number in 2..=TENANTS {
        let id = TenantPublicId::new(number);
        shop.store.tenant_prepare(&format!("shop {number}"), id, Timestamp(0)).await.expect("a new tenant");
    }
    let (mut people, mut sessions) = (Vec::new(), Vec::new());
    for at in 0..PEOPLE {
        let (tenant, id, role) = (1 + at % 3, PersonId::new(at), "'shopper', 'active', 1, 1, 0, 0");
        people.push(format!("({tenant}, {at}, '{id}', 'member', 'login {at}', 'n', {role})"));
        for number in 0..SESSIONS {
            let (id, is_over) = (SessionId::new(at * SESSIONS + number), number % 2 == 1);
            let end = if is_over { format!("0, 'kicked', {at}") } else { "1, null, null".to_owned() };
            let times = format!("{at}, {at}, 0, {}, 900000", 1_000 + at * SESSIONS + number);
            sessions.push(format!("({tenant}, '{id}', {at}, 'web', {end}, 1, {times}, x'00', 0, 0, 1)"));
        }
    }
    let (people, sessions) = (people.join(", "), sessions.join(", "));
    shop.ground
        .plant(&format!(
            "insert into people (tenant_id, principal_id, public_id, kind, login, name, role, status, epoch, version,
                created_at, updated_at) values {people};
             insert into sessions (tenant_id, id, principal_id, device, is_open, ended, ended_at, epoch, opened_at,
                proved_at, two_factors, idle_until, ends_at, refresh_nonce, refresh_generation, refreshed_at, version)
                values {sessions};
             insert into audit_heads select id + 1000, 1, x'00' from tenants"
        ))
        .await;
}

/// Everything that is asked and written of them beside the batches.
pub async fn ask(store: &Store, tenant: TenantId) {
    const DONE: &str = "it is done";
    let (person, session) = somebody();
    let principal = PrincipalId(i64::try_from(SOMEBODY).expect("few"));
    let login = Login::from_stored(&format!("login {SOMEBODY}"));
    assert!(store.person(tenant, person).await.expect(DONE).is_some());
    assert!(store.person_by_login(tenant, Of::Member, &login).await.expect(DONE).is_some());
    let behind = Cursor { at: Timestamp(0), id: "login 2".to_owned() };
    let people = store.people((tenant, Of::Member), Some(&behind), 20).await.expect(DONE);
    assert_eq!((people.rows.len(), people.next.is_some()), (20, true));
    let new = PasswordHash::new("$new");
    assert!(store.password_replace((tenant, principal), None, &new, Timestamp(0)).await.expect(DONE));
    assert!(store.password_replace((tenant, principal), Some(&new), &new, Timestamp(0)).await.expect(DONE));
    store.person_account((tenant, Of::Member), &login, PersonId::new(1_000), Timestamp(0)).await.expect(DONE);
    let house = store.tenant_named("shop").await.expect(DONE).expect("the first tenant");
    assert!(store.tenant_by_id(house.public_id).await.expect(DONE).is_some());
    assert!(store.session(session).await.expect(DONE).is_some());
    assert_eq!(store.sessions_of(tenant, principal, 20).await.expect(DONE).len(), 6);

    let rules = Rules { open_max: [3; 3], when_full: WhenFull::ReplaceOldest, ..Rules::MEMBERS };
    let opened = NewSession {
        id: SessionId::new(1_000_000),
        tenant,
        principal,
        epoch: 1,
        device: Device::Web,
        device_name: None,
        address: None,
        at: Timestamp(1_000),
        two_factors: false,
        cookie_hash: None,
        refresh_nonce: [0; 16],
        guest: None,
    };
    store.session_open(&opened, &rules).await.expect(DONE);
    store.session_renew(opened.id, Timestamp(i64::MAX)).await.expect(DONE);
    store.session_refresh(opened.id, 0, Timestamp(i64::MAX), Timestamp(1_001)).await.expect(DONE);
    assert!(store.session_prove(opened.id, (Timestamp(1_001), true), None).await.expect(DONE));
    assert!(store.session_end(tenant, opened.id, End::LoggedOut, Timestamp(1_002)).await.expect(DONE));
    let ended = store.sessions_end((tenant, principal), None, End::Kicked, Timestamp(1_002)).await.expect(DONE);
    assert_eq!(ended.len(), 2);
    // Some whose time was over, and some that ended.
    assert_eq!(store.sessions_purge(Timestamp(100), 50).await.expect(DONE), 50);
    assert_eq!(store.sessions_purge(Timestamp(1_100), 50).await.expect(DONE), 50);
}

/// A person's own sessions are few: who lists them may sort them.
pub fn may_sort(sql: &str) -> bool {
    sql.contains("order by s.is_open desc")
}
