//! Owns the tests of what is read of sessions: the authority on whether one is good, and lists.

use domain::access::Role;
use domain::person::{Kind as Of, Step};
use domain::session::{Authority, Device, End, Renewal, Rules, WhenFull};
use domain::{Person, SessionId, Timestamp, person, tenant};
use store::NewSession;

use super::{App, Web, new, open, rules};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    an_authority_grows_with_whatever_decides,
    a_person_s_sessions_are_listed,
    what_a_shop_asks_of_sessions_is_kept,
);

async fn an_authority_grows_with_whatever_decides(kind: Kind) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Staff, "boss").await;
    let id = SessionId::new(1);
    assert_eq!(shop.store.session(id).await.expect("an answer"), None);
    let first = NewSession { two_factors: true, cookie_hash: None, ..new(&of, 1, App, 5) };
    open(&shop.store, &first, &rules(9, WhenFull::Refuse)).await;
    let read = async || shop.store.session(id).await.expect("it is read").expect("it is there");
    let record = read().await;
    let authority = Authority {
        id,
        tenant: of.tenant,
        principal: of.principal,
        person: of.id,
        kind: Of::Staff,
        role: Role::Admin,
        guests: Vec::new(),
        device: Device::App,
        ended: None,
        person_status: person::Status::Active,
        tenant_status: tenant::Status::Active,
        opened_in: 1,
        epoch: 1,
        opened_at: Timestamp(5),
        proved_at: Timestamp(5),
        two_factors: true,
        idle_until: Timestamp(1_005),
        ends_at: Timestamp(5_005),
        version: record.authority.version,
    };
    assert_eq!(record.authority, authority);
    assert_eq!((record.device_name.as_deref(), record.address.as_deref()), (Some("device 1"), Some("2001:db8::1")));
    assert_eq!((record.cookie_hash, record.refresh_nonce, record.refresh_generation), (None, vec![9; 16], 0));
    assert_eq!((record.ended_at, record.authority.over(Timestamp(5))), (None, None));

    let house = shop.store.tenants_page(None, 9).await.expect("a page").rows.remove(0);
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let from_elsewhere = crate::desk::Desk::new(other, shop.desk.principal, 900);
    let mut before = record.authority.version;
    let steps = [
        (shop.desk.step("role", &of, Step::Role(Role::Auditor)), Some(End::Kicked)),
        (shop.desk.step("shut", &of, Step::Disable), Some(End::Kicked)),
        (from_elsewhere.step_tenant("suspend", &house, tenant::Step::Suspend), Some(End::Kicked)),
        (from_elsewhere.step_tenant("resume", &house, tenant::Step::Resume), Some(End::Kicked)),
    ];
    for (step, over) in steps {
        shop.run(std::slice::from_ref(&step)).await;
        let now = read().await.authority;
        assert!(now.version > before, "{step:?}");
        assert_eq!(now.over(Timestamp(5)), over, "{step:?}");
        before = now.version;
    }
    let now = read().await.authority;
    let persons = (now.role, now.person_status, now.epoch, now.opened_in, now.tenant_status);
    assert_eq!(persons, (Role::Auditor, person::Status::Disabled, 3, 1, tenant::Status::Active));
    shop.store.session_end(of.tenant, id, End::LoggedOut, Timestamp(7)).await.expect("an answer");
    let record = read().await;
    assert!(record.authority.version > before);
    assert_eq!((record.authority.over(Timestamp(5)), record.ended_at), (Some(End::LoggedOut), Some(Timestamp(7))));
}

/// Open ones first, the latest of each first, and nobody else's.
async fn a_person_s_sessions_are_listed(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (anna, bob) = (shop.person(Of::Member, "anna").await, shop.person(Of::Member, "bob").await);
    for (of, id, at) in [(&anna, 1, 10), (&anna, 2, 30), (&anna, 3, 20), (&bob, 4, 40), (&anna, 5, 30)] {
        open(&shop.store, &new(of, id, Web, at), &rules(9, WhenFull::Refuse)).await;
    }
    shop.store.session_end(anna.tenant, SessionId::new(5), End::LoggedOut, Timestamp(50)).await.expect("an answer");
    shop.store.session_end(anna.tenant, SessionId::new(3), End::LoggedOut, Timestamp(60)).await.expect("an answer");
    let listed = async |of: &Person, limit| {
        let rows = shop.store.sessions_of(of.tenant, of.principal, limit).await.expect("they are read");
        rows.iter().map(|row| row.authority.id.bits()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&anna, 9).await, [2, 1, 5, 3]);
    assert_eq!(listed(&anna, 3).await, [2, 1, 5]);
    assert_eq!(listed(&bob, 9).await, [4]);
}

async fn what_a_shop_asks_of_sessions_is_kept(kind: Kind) {
    let shop = Shop::open(kind).await;
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let tenant = shop.desk.tenant;
    let read = async |tenant, of| shop.store.session_rules(tenant, of).await.expect("they are read");
    assert_eq!((read(tenant, Of::Member).await, read(tenant, Of::Staff).await), (Rules::MEMBERS, Rules::STAFF));
    let renewals = [Renewal::EveryRequest, Renewal::Writes, Renewal::Below(1), Renewal::Below(100)];
    for (at, (renewal, when_full)) in (1..).zip(renewals.into_iter().zip(WhenFull::ALL.into_iter().cycle())) {
        let rules = Rules { open_max: [at, 0, 50], when_full, idle_ms: 7, absolute_ms: 9, renewal };
        shop.store.session_rules_set(tenant, Of::Member, &rules, Timestamp(at.into())).await.expect("they are kept");
        assert_eq!(read(tenant, Of::Member).await, rules);
    }
    assert_eq!((read(other, Of::Member).await, read(tenant, Of::Staff).await), (Rules::MEMBERS, Rules::STAFF));
    for (sql, column) in [
        ("update session_rules set when_full = 'shrug'", "when_full"),
        ("update session_rules set renewal = 300", "renewal"),
        ("update session_rules set app_max = -1", "app_max"),
    ] {
        shop.ground.plant(sql).await;
        let found = shop.store.session_rules(tenant, Of::Member).await.expect_err(sql);
        let place = |error: &store::Error| matches!(error, store::Error::Unreadable { table: "session_rules", column: at, .. } if *at == column);
        assert!(place(&found), "{sql}: {found}");
        shop.store.session_rules_set(tenant, Of::Member, &Rules::STAFF, Timestamp(9)).await.expect("they are kept");
        assert_eq!(read(tenant, Of::Member).await, Rules::STAFF);
    }
}
