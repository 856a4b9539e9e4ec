//! Owns the tests of sessions: how they are opened, and how they end. What becomes of them between is in `sessions/kept.rs`.

mod deeds;
mod desk;
mod factors;
mod kept;
mod read;

use domain::person::{Kind as Of, Step};
use domain::session::{Device, End, Full, Rules, WhenFull};
use domain::{Person, SessionId, Timestamp};
use store::{NewSession, Opened, Store};
use tokio::task::JoinSet;

use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_log_in_keeps_the_shop_s_rules,
    what_is_over_takes_no_place,
    log_ins_at_once_keep_the_limit,
    who_was_shut_out_opens_nothing,
    a_session_ends_once,
    all_sessions_end_but_one,
    every_way_out_at_once_ends_each_session_once,
);

use Device::{App, Web};

/// A session of somebody, opened at that time.
fn new(of: &Person, id: u128, device: Device, at: i64) -> NewSession {
    NewSession {
        id: SessionId::new(id),
        tenant: of.tenant,
        principal: of.principal,
        epoch: of.epoch,
        device,
        device_name: Some(format!("device {id}")),
        address: Some("2001:db8::1".to_owned()),
        at: Timestamp(at),
        request_id: String::new(),
        two_factors: false,
        cookie_hash: Some([7; 32]),
        refresh_nonce: [9; 16],
        guest: None,
    }
}

/// At most so many of each kind of device, each for a thousand milliseconds without a request, and five thousand in all.
fn rules(most: u32, when_full: WhenFull) -> Rules {
    Rules { open_max: [most; 3], when_full, idle_ms: 1_000, absolute_ms: 5_000, ..Rules::MEMBERS }
}

async fn open(store: &Store, new: &NewSession, rules: &Rules) -> Opened {
    store.session_open(new, rules).await.expect("the database answers")
}

/// The ids of sessions.
fn ids(of: &[u128]) -> Vec<SessionId> {
    of.iter().copied().map(SessionId::new).collect()
}

/// Every session: its number, why and when it ended, its version.
async fn told(shop: &Shop, of: &Person) -> Vec<String> {
    let sessions = shop.store.sessions_of(of.tenant, of.principal, 100).await.expect("they are read");
    let mut lines: Vec<String> = sessions
        .iter()
        .map(|session| {
            let end = session.authority.ended.map_or("open", End::name);
            let at = session.ended_at.map_or_else(String::new, |at| format!(" at {}", at.0));
            format!("{} {end}{at}", session.authority.id.bits())
        })
        .collect();
    lines.sort_unstable();
    lines
}

async fn a_log_in_keeps_the_shop_s_rules(kind: Kind) {
    let shop = Shop::open(kind).await;
    // How many of a kind, what then, on what: what comes of it, and what is there behind it.
    let table: [(u32, WhenFull, Device, Opened, &[&str]); 6] = [
        (3, WhenFull::Refuse, Web, Opened::Open(vec![]), &["1 open", "2 open", "3 open", "4 open"]),
        (2, WhenFull::Refuse, Web, Opened::Full(Full(Web)), &["1 open", "2 open", "3 open"]),
        (2, WhenFull::Refuse, App, Opened::Open(vec![]), &["1 open", "2 open", "3 open", "4 open"]),
        (2, WhenFull::ReplaceOldest, Web, Opened::Open(ids(&[2])), &["1 open", "2 replaced at 40", "3 open", "4 open"]),
        (
            2,
            WhenFull::ReplaceSameType,
            Web,
            Opened::Open(ids(&[2, 1])),
            &["1 replaced at 40", "2 replaced at 40", "3 open", "4 open"],
        ),
        (0, WhenFull::ReplaceOldest, Web, Opened::Full(Full(Web)), &["1 open", "2 open", "3 open"]),
    ];
    for (case, (most, when_full, device, wanted, behind)) in (1..).zip(table) {
        let of = shop.person(Of::Member, &format!("member {case}")).await;
        let id = |number: u128| case * 100 + number;
        for (number, device, at) in [(1, Web, 30), (2, Web, 20), (3, App, 10)] {
            let opened = open(&shop.store, &new(&of, id(number), device, at), &rules(9, WhenFull::Refuse)).await;
            assert_eq!(opened, Opened::Open(vec![]));
        }
        let opened = open(&shop.store, &new(&of, id(4), device, 40), &rules(most, when_full)).await;
        let wanted = match wanted {
            Opened::Open(ended) => {
                Opened::Open(ended.into_iter().map(|ended| SessionId::new(id(ended.bits()))).collect())
            }
            other => other,
        };
        assert_eq!(opened, wanted, "{most} {when_full:?} {device:?}");
        let behind: Vec<String> = behind.iter().map(|line| format!("{case}0{line}")).collect();
        assert_eq!(told(&shop, &of).await, behind, "{most} {when_full:?} {device:?}");
    }
}

/// Neither what is past its time, nor what was put out, keeps anybody from coming in; and each is told what it is.
async fn what_is_over_takes_no_place(kind: Kind) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    let one = rules(1, WhenFull::Refuse);
    assert_eq!(open(&shop.store, &new(&of, 1, Web, 0), &one).await, Opened::Open(vec![]));
    assert_eq!(open(&shop.store, &new(&of, 2, Web, 999), &one).await, Opened::Full(Full(Web)));
    assert_eq!(open(&shop.store, &new(&of, 2, Web, 1_000), &one).await, Opened::Open(vec![]));
    shop.run(&[shop.desk.step("out", &of, Step::SignOut)]).await;
    let of = Person { epoch: of.epoch + 1, ..of };
    assert_eq!(open(&shop.store, &new(&of, 3, Web, 1_001), &one).await, Opened::Open(vec![]));
    assert_eq!(told(&shop, &of).await, ["1 expired at 1000", "2 kicked at 1001", "3 open"]);
}

/// On two nodes.
async fn log_ins_at_once_keep_the_limit(kind: Kind) {
    let shop = Shop::open(kind).await;
    let nodes = shop.nodes().await;
    for (when_full, name) in [(WhenFull::Refuse, "anna"), (WhenFull::ReplaceOldest, "bob")] {
        let of = shop.person(Of::Member, name).await;
        let two = rules(2, when_full);
        let mut tasks = JoinSet::new();
        for number in 1..=8_i64 {
            let node = nodes[usize::from(number % 2 == 0)].clone();
            let new = new(&of, of.id.bits() * 100 + u128::from(number.unsigned_abs()), Web, number);
            tasks.spawn(async move { open(&node, &new, &two).await });
        }
        let opened = tasks.join_all().await;
        let is_open = |opened: &&Opened| matches!(opened, Opened::Open(_));
        let wanted = if when_full == WhenFull::Refuse { 2 } else { 8 };
        assert_eq!(opened.iter().filter(is_open).count(), wanted, "{opened:?}");
        let there = told(&shop, &of).await;
        assert_eq!(there.iter().filter(|line| line.ends_with("open")).count(), 2, "{there:?}");
        assert_eq!(there.len(), wanted, "{there:?}");
    }
}

async fn who_was_shut_out_opens_nothing(kind: Kind) {
    let shop = Shop::open(kind).await;
    let rules = rules(9, WhenFull::Refuse);
    let before = shop.person(Of::Staff, "boss").await;
    let opens = async |of: &Person, id| open(&shop.store, &new(of, id, Web, 1), &rules).await;
    shop.run(&[shop.desk.step("out", &before, Step::SignOut)]).await;
    assert_eq!(opens(&before, 1).await, Opened::ShutOut, "who proved who they are in an epoch that is over");
    let now = Person { epoch: before.epoch + 1, ..before.clone() };
    assert_eq!(opens(&now, 2).await, Opened::Open(vec![]));
    shop.run(&[shop.desk.step("shut", &before, Step::Disable)]).await;
    let now = Person { epoch: before.epoch + 2, ..before.clone() };
    assert_eq!(opens(&now, 3).await, Opened::ShutOut, "who may not come in");
    shop.run(&[shop.desk.step("back", &before, Step::Enable)]).await;
    assert_eq!(opens(&now, 4).await, Opened::Open(vec![]));
    let nobody = Person { principal: shop.desk.principal, ..before.clone() };
    assert_eq!(opens(&nobody, 5).await, Opened::ShutOut, "an account that is no person's");
    assert_eq!(shop.count("select count(*) from sessions").await, 2);
}

async fn a_session_ends_once(kind: Kind) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    open(&shop.store, &new(&of, 1, Web, 1), &rules(9, WhenFull::Refuse)).await;
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let end = async |tenant, id, why, at| {
        shop.store.session_end(tenant, SessionId::new(id), why, Timestamp(at)).await.expect("an answer")
    };
    assert!(!end(other, 1, End::Kicked, 5).await, "not this tenant's session");
    assert!(!end(of.tenant, 2, End::Kicked, 5).await, "there is none");
    assert!(end(of.tenant, 1, End::LoggedOut, 6).await);
    assert!(!end(of.tenant, 1, End::Kicked, 7).await, "it is over");
    assert_eq!(told(&shop, &of).await, ["1 logged_out at 6"]);
}

async fn all_sessions_end_but_one(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (anna, bob) = (shop.person(Of::Member, "anna").await, shop.person(Of::Member, "bob").await);
    for (of, id) in [(&anna, 1), (&anna, 2), (&anna, 3), (&bob, 4)] {
        open(&shop.store, &new(of, id, Web, 1), &rules(9, WhenFull::Refuse)).await;
    }
    let whose = (anna.tenant, anna.principal);
    let end = async |but: Option<u128>, at| {
        let ended = shop.store.sessions_end(whose, but.map(SessionId::new), End::Kicked, Timestamp(at)).await;
        let mut ended = ended.expect("an answer");
        ended.sort_unstable();
        ended
    };
    assert_eq!(end(Some(2), 5).await, ids(&[1, 3]));
    assert_eq!(end(Some(2), 6).await, ids(&[]));
    assert_eq!(end(None, 7).await, ids(&[2]));
    assert_eq!(told(&shop, &anna).await, ["1 kicked at 5", "2 kicked at 7", "3 kicked at 5"]);
    assert_eq!(told(&shop, &bob).await, ["4 open"]);
}

/// Somebody logs in, logs out, is put out and refreshes, all at the same time on two nodes: nobody is told that the database
/// failed, and each session ends once.
async fn every_way_out_at_once_ends_each_session_once(kind: Kind) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    let nodes = shop.nodes().await;
    for (round, begun) in (0..6_u128).zip((0..).step_by(10)) {
        let mut tasks = JoinSet::new();
        for number in 0..10_u128 {
            let (node, at) = (nodes[usize::from(number % 2 == 0)].clone(), begun);
            let id = SessionId::new(100 * round + number);
            let (new, rules) = (new(&of, id.bits(), Web, at), rules(3, WhenFull::ReplaceOldest));
            let (tenant, principal, person, at) = (of.tenant, of.principal, of.id, Timestamp(at + 1));
            tasks.spawn(async move {
                // The epoch of whoever proves who they are now; somebody else may put them out meanwhile.
                let found = node.person(tenant, person).await.expect("read").expect("she is there");
                let new = NewSession { epoch: found.epoch, ..new };
                let mut ended = match node.session_open(&new, &rules).await.expect("it opens") {
                    Opened::Open(ended) => ended,
                    Opened::ShutOut => return Vec::new(),
                    Opened::Full(full) => panic!("{full:?}"),
                };
                match number % 4 {
                    0 => {
                        let is_ended = node.session_end(tenant, id, End::LoggedOut, at).await.expect("an answer");
                        ended.extend(is_ended.then_some(id));
                    }
                    1 => ended.extend(
                        node.sessions_end((tenant, principal), None, End::Kicked, at).await.expect("an answer"),
                    ),
                    2 => drop(node.session_refresh(id, 0, Timestamp(at.0 + 500), at).await.expect("an answer")),
                    _ => node.session_renew(id, Timestamp(at.0 + 600)).await.expect("an answer"),
                }
                ended
            });
        }
        let mut ended: Vec<SessionId> = tasks.join_all().await.into_iter().flatten().collect();
        ended.sort_unstable();
        let all = ended.len();
        ended.dedup();
        assert_eq!(ended.len(), all, "no session ends twice");
        let over = format!("select count(*) from sessions where is_open = 0 and opened_at = {begun}");
        let earlier = ended.iter().filter(|id| id.bits() < 100 * round).count();
        assert_eq!(shop.count(&over).await, i64::try_from(all - earlier).expect("few"), "and each end was told");
    }
}
