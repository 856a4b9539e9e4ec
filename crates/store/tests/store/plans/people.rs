//! Owns what is asked and written about people and their sessions, in a shop that has many of both.

use domain::person::{Kind as Of, Login, PasswordHash};
use domain::session::{Device, End, Rules, WhenFull};
use domain::{
    Action, Command, EndSession, PersonId, PrincipalId, PutSessionRules, SessionId, TenantId, TenantPublicId, Timestamp,
};
use store::{AuditFilter, Cursor, NewSession, Store, Used};

use crate::desk::Desk;
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
    let factors: Vec<_> = (0..PEOPLE)
        .filter(|at| *at != SOMEBODY)
        .map(|at| format!("({}, {at}, 0, x'00', 0, 0, '', 1)", 1 + at % 3))
        .collect();
    let factors = factors.join(", ");
    // Each was the one before, who bought nothing.
    let links =
        (3..PEOPLE).map(|at| format!("({}, {}, {at}, {at})", 1 + at % 3, at - 3)).collect::<Vec<_>>().join(", ");
    shop.ground
        .plant(&format!(
            "insert into people (tenant_id, principal_id, public_id, kind, login, name, role, status, epoch, version,
                created_at, updated_at) values {people};
             insert into sessions (tenant_id, id, principal_id, device, is_open, ended, ended_at, epoch, opened_at,
                proved_at, two_factors, idle_until, ends_at, refresh_nonce, refresh_generation, refreshed_at, version)
                values {sessions};
             insert into second_factors (tenant_id, principal_id, number, secret, created_at, last_step, recovery, version)
                values {factors};
             insert into guest_links values {links};
             insert into audit_heads select id + 1000, 1, x'00' from tenants"
        ))
        .await;
    // So many accounts that nobody would rather look at all of them.
    let account = |at: u32| format!("({}, 'acc_more_{at}', 'guest', 'guest {at}', 0)", 1 + at % 3);
    let accounts = (0..3_000).map(account).collect::<Vec<_>>().join(", ");
    shop.ground
        .plant(&format!("insert into principals (tenant_id, public_id, kind, name, created_at) values {accounts}"))
        .await;
    // A long log, in which one has done nearly everything.
    let entry = |at: u32| {
        let (by, action) =
            (if at.is_multiple_of(40) { at % 7 } else { 1 }, ["orders.ship", "people.add"][at as usize % 2]);
        format!("({}, {at}, {at}, {by}, '{action}', '', 'done', '', x'00', x'00')", 1 + at % 3)
    };
    for some in (1_000_000..1_006_000).map(entry).collect::<Vec<_>>().chunks(2_000) {
        let some = some.join(", ");
        shop.ground
            .plant(&format!(
                "insert into audit_entries (tenant_id, place, at, principal_id, action, subject, outcome, request_id,
                    before_hash, hash) values {some}"
            ))
            .await;
    }
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
    let people = store.people((tenant, Of::Member), "", Some(&behind), 20).await.expect(DONE);
    assert_eq!((people.rows.len(), people.next.is_some()), (20, true));
    let people = store.people((tenant, Of::Member), "login 2", None, 20).await.expect(DONE);
    assert_eq!((people.rows.len(), people.next.is_some()), (20, true));
    let new = PasswordHash::new("$new");
    assert!(store.password_replace((tenant, principal), None, &new, Timestamp(0)).await.expect(DONE));
    assert!(store.password_replace((tenant, principal), Some(&new), &new, Timestamp(0)).await.expect(DONE));
    store.person_account((tenant, Of::Member), &login, PersonId::new(1_000), Timestamp(0)).await.expect(DONE);
    let house = store.tenant_named("shop").await.expect(DONE).expect("the first tenant");
    assert!(store.tenant_by_id(house.public_id).await.expect(DONE).is_some());
    assert_eq!(store.guests_of((tenant, principal), &[PrincipalId(1)]).await.expect(DONE).len(), 1);
    assert_eq!(store.order_number_of(tenant, domain::OrderNo::new(7)).await.expect(DONE), None);
    assert!(store.session(session).await.expect(DONE).is_some());
    assert_eq!(store.sessions_of(tenant, principal, 20).await.expect(DONE).len(), 6);

    read_logs(store, tenant).await;
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
        request_id: String::new(),
        two_factors: false,
        cookie_hash: None,
        refresh_nonce: [0; 16],
        guest: None,
    };
    store.session_open(&opened, &rules).await.expect(DONE);
    store.session_renew(opened.id, Timestamp(i64::MAX)).await.expect(DONE);
    store.session_refresh(opened.id, 0, Timestamp(i64::MAX), Timestamp(1_001)).await.expect(DONE);
    assert!(store.session_prove(opened.id, (Timestamp(1_001).into(), true), None).await.expect(DONE));
    let one = store.person(tenant, person).await.expect(DONE).expect("they are there");
    assert!(store.second_factor_begin((tenant, principal), &[1; 48], Timestamp(1_001)).await.expect(DONE));
    let factor = store.second_factor(&one).await.expect(DONE).expect("it was begun");
    assert!(store.second_factor_use((tenant, principal), &factor, Used::Step(1)).await.expect(DONE));
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

/// The end of one of the many sessions, at a time when it is open.
pub fn end_session(desk: &Desk, name: &str) -> Command {
    let number = desk.now().0.rem_euclid(30) * 3;
    let (principal, at) = (PrincipalId(number), u128::from(number.unsigned_abs()));
    let end = EndSession { principal, person: PersonId::new(at), session: SessionId::new(at * SESSIONS) };
    Command { at: Timestamp(0), ..desk.command(&format!("{name} end"), Action::EndSession(end)) }
}

/// Rules that differ by a number.
pub fn put_rules(desk: &Desk, name: &str, most: u32) -> Command {
    let rules = Rules { open_max: [most; 3], ..Rules::MEMBERS };
    let put = PutSessionRules { kind: Of::Member, rules, expected_version: None };
    desk.command(&format!("{name} rules {most}"), Action::PutSessionRules(put))
}

/// Every filter of the log, and the chain.
async fn read_logs(store: &Store, tenant: TenantId) {
    let cursor = Cursor { at: Timestamp(1_004_000), id: "1004000".to_owned() };
    for bits in 0..32_u8 {
        let set = |bit: u8| bits & (1 << bit) != 0;
        let filter = AuditFilter {
            actor: set(0).then(|| "acc_1".to_owned()),
            action: set(1).then(|| "people.add".to_owned()),
            from: set(2).then_some(Timestamp(1_000_100)),
            to: set(3).then_some(Timestamp(1_005_000)),
        };
        let page = store.audit(tenant, &filter, set(4).then_some(&cursor), 20).await.expect("a page");
        assert_eq!((page.rows.len(), page.next.is_some()), (20, true), "{filter:?}");
    }
    assert_eq!(store.audit_behind(tenant, 1_000_100, 20).await.expect("a page").rows.len(), 20);
    store.audit_head(tenant).await.expect("an answer");
}
