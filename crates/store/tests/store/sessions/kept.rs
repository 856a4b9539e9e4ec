//! Owns the tests of what becomes of an open session: refreshed, renewed, proved anew.

use domain::person::{Kind as Of, PasswordHash, Step};
use domain::session::{End, REFRESH_AGAIN_MS, WhenFull};
use domain::{Person, SessionId, Timestamp};
use store::{Opened, Refreshed, Renewed, SessionRecord, Store};

use super::{Web, new, open, rules, told};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_refresh_token_is_exchanged_once,
    a_refresh_token_that_comes_back_ends_the_session,
    two_refreshes_at_once_get_the_same_token,
    what_is_over_is_not_refreshed_nor_proved,
    a_session_is_renewed_and_never_shortened,
    a_session_is_proved_anew,
    a_new_password_ends_what_the_old_one_opens,
    what_is_over_for_long_is_purged_in_bounded_steps,
);

const ID: SessionId = SessionId::new(1);

/// Somebody with a session that was opened at 0: idle until 1,000, over at 5,000.
async fn with_session(kind: Kind) -> (Shop, Person) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    open(&shop.store, &new(&of, 1, Web, 0), &rules(9, WhenFull::Refuse)).await;
    (shop, of)
}

async fn refresh(store: &Store, presented: u32, idle_until: i64, at: i64) -> Refreshed {
    store.session_refresh(ID, presented, Timestamp(idle_until), Timestamp(at)).await.expect("an answer")
}

async fn now(store: &Store) -> SessionRecord {
    store.session(ID).await.expect("it is read").expect("it is there")
}

async fn a_refresh_token_is_exchanged_once(kind: Kind) {
    let (shop, _) = with_session(kind).await;
    // Which is sent, until when the session would live, at what time: what comes of it, and until when it lives.
    let table = [
        (0, 900, 10, Refreshed::Generation(1), 1_000),
        (0, 2_000, 20, Refreshed::Generation(1), 1_000),
        (1, 1_500, 500, Refreshed::Generation(2), 1_500),
        (3, 9_000, 501, Refreshed::Unknown, 1_500),
        (2, 9_000, 1_499, Refreshed::Generation(3), 5_000),
        (2, 9_000, 4_999, Refreshed::Generation(3), 5_000),
        (9, 9_000, 4_999, Refreshed::Unknown, 5_000),
    ];
    for (presented, idle_until, at, wanted, until) in table {
        let before = now(&shop.store).await;
        assert_eq!(refresh(&shop.store, presented, idle_until, at).await, wanted, "{presented} at {at}");
        let after = now(&shop.store).await;
        assert_eq!(after.authority.idle_until, Timestamp(until), "{presented} at {at}");
        let grew = after.authority.version > before.authority.version;
        assert_eq!(grew, after.refresh_generation > before.refresh_generation, "{presented} at {at}");
    }
    let unknown = shop.store.session_refresh(SessionId::new(2), 0, Timestamp(1), Timestamp(0)).await;
    assert_eq!(unknown.expect("an answer"), Refreshed::Unknown);
}

async fn a_refresh_token_that_comes_back_ends_the_session(kind: Kind) {
    let (shop, of) = with_session(kind).await;
    for (presented, wanted) in [(0, Refreshed::Generation(1)), (1, Refreshed::Generation(2))] {
        assert_eq!(refresh(&shop.store, presented, 9_000, 10).await, wanted);
    }
    assert_eq!(refresh(&shop.store, 0, 9_000, 11).await, Refreshed::Reused);
    assert_eq!(told(&shop, &of).await, ["1 reused at 11"]);
    for presented in 0..4 {
        assert_eq!(refresh(&shop.store, presented, 9_000, 12).await, Refreshed::Unknown, "neither has it any more");
    }
    // The last token but one is good for a lost reply, and no longer.
    let long = domain::session::Rules { idle_ms: 500_000, absolute_ms: 500_000, ..rules(9, WhenFull::Refuse) };
    open(&shop.store, &new(&of, 2, Web, 0), &long).await;
    let refresh = async |presented, at: i64| {
        shop.store.session_refresh(SessionId::new(2), presented, Timestamp(0), Timestamp(at)).await.expect("an answer")
    };
    assert_eq!(refresh(0, 100).await, Refreshed::Generation(1));
    assert_eq!(refresh(0, 100 + REFRESH_AGAIN_MS).await, Refreshed::Generation(1));
    assert_eq!(refresh(0, 101 + REFRESH_AGAIN_MS).await, Refreshed::Reused);
}

/// A client that sends its token twice at once, to two nodes, has one token behind it, whichever answer it keeps.
async fn two_refreshes_at_once_get_the_same_token(kind: Kind) {
    let (shop, _) = with_session(kind).await;
    let nodes = shop.nodes().await;
    for round in 0..10_u32 {
        let at = i64::from(round) + 1;
        let (one, other) = tokio::join!(refresh(&nodes[0], round, 900, at), refresh(&nodes[1], round, 900, at));
        assert_eq!((one, other), (Refreshed::Generation(round + 1), Refreshed::Generation(round + 1)));
    }
    assert_eq!(now(&shop.store).await.refresh_generation, 10);
}

/// By its time, by its person, or by its own end: nothing brings a session back that somebody was told is over.
async fn what_is_over_is_not_refreshed_nor_proved(kind: Kind) {
    let (shop, of) = with_session(kind).await;
    let refuses = async |at: i64, why: &str| {
        assert_eq!(refresh(&shop.store, 0, at + 500, at).await, Refreshed::Unknown, "{why}");
        let proved = shop.store.session_prove(ID, (Timestamp(at).into(), true), None).await;
        assert!(!proved.expect("an answer"), "{why}");
    };
    refuses(1_000, "its idle time is over").await;
    shop.store.session_renew(ID, Timestamp(9_000)).await.expect("it is there");
    refuses(5_000, "all of its time is over").await;
    assert_eq!(now(&shop.store).await.refresh_generation, 0);
    shop.run(&[shop.desk.step("out", &of, Step::SignOut)]).await;
    refuses(10, "the person was put out").await;
    let of = Person { epoch: of.epoch + 1, ..of };
    open(&shop.store, &new(&of, 2, Web, 0), &rules(9, WhenFull::Refuse)).await;
    shop.run(&[shop.desk.step("shut", &of, Step::Disable)]).await;
    let refreshed = shop.store.session_refresh(SessionId::new(2), 0, Timestamp(900), Timestamp(10)).await;
    assert_eq!(refreshed.expect("an answer"), Refreshed::Unknown);
}

async fn a_session_is_renewed_and_never_shortened(kind: Kind) {
    let (shop, of) = with_session(kind).await;
    for (wanted, until) in [(1_200, 1_200), (1_100, 1_200), (1_200, 1_200), (9_000, 5_000), (9_000, 5_000)] {
        let before = now(&shop.store).await.authority;
        shop.store.session_renew(ID, Timestamp(wanted)).await.expect("an answer");
        let after = now(&shop.store).await.authority;
        assert_eq!(after.idle_until, Timestamp(until), "{wanted}");
        assert_eq!(after.version > before.version, after.idle_until > before.idle_until, "{wanted}");
    }
    shop.store.session_renew(SessionId::new(2), Timestamp(1)).await.expect("there is none, and that is no error");
    open(&shop.store, &new(&of, 3, Web, 0), &rules(9, WhenFull::Refuse)).await;
    let over = SessionId::new(3);
    shop.store.session_end(of.tenant, over, End::Kicked, Timestamp(1)).await.expect("an answer");
    shop.store.session_renew(over, Timestamp(2_000)).await.expect("an answer");
    let kept = shop.store.session(over).await.expect("it is read").expect("it is there");
    assert_eq!(kept.authority.idle_until, Timestamp(1_000));
}

async fn a_session_is_proved_anew(kind: Kind) {
    let (shop, _) = with_session(kind).await;
    // When, with two factors, which cookie: which is kept. What was proved before does not count for what is proved now.
    let nonce = now(&shop.store).await.refresh_nonce;
    let table = [
        (10, false, Some(Renewed::Cookie([8; 32])), ([8; 32], nonce.clone())),
        (20, true, None, ([8; 32], nonce.clone())),
        (30, false, Some(Renewed::Cookie([6; 32])), ([6; 32], nonce)),
        (40, true, Some(Renewed::Nonce([5; 16])), ([6; 32], vec![5; 16])),
    ];
    for (at, two_factors, renewed, (cookie, nonce)) in table {
        let before = now(&shop.store).await.authority;
        let proved = shop.store.session_prove(ID, (Timestamp(at).into(), two_factors), renewed).await;
        assert!(proved.expect("an answer"), "{at}");
        let after = now(&shop.store).await;
        assert_eq!((after.cookie_hash.as_deref(), after.refresh_nonce), (Some(&cookie[..]), nonce), "{at}");
        assert_eq!((after.authority.proved_at, after.authority.two_factors), (Timestamp(at), two_factors), "{at}");
        assert!(after.authority.version > before.version, "{at}");
    }
    let absent = shop.store.session_prove(SessionId::new(2), (Timestamp(1).into(), true), None).await;
    assert!(!absent.expect("an answer"), "there is none");
}

/// By its end or by its time, whichever came first; and nothing that is open.
async fn what_is_over_for_long_is_purged_in_bounded_steps(kind: Kind) {
    let (shop, of) = with_session(kind).await;
    // Idle until 1,100, 1,200 … 1,600: two of them end before that, two are renewed.
    for id in 2..=7_i64 {
        let one = new(&of, id.unsigned_abs().into(), Web, 100 * (id - 1));
        open(&shop.store, &one, &rules(9, WhenFull::Refuse)).await;
    }
    for (id, at) in [(6, 700), (7, 800)] {
        let ended = shop.store.session_end(of.tenant, SessionId::new(id), End::LoggedOut, Timestamp(at)).await;
        assert!(ended.expect("an answer"));
    }
    for id in [1, 2] {
        shop.store.session_renew(SessionId::new(id), Timestamp(4_000)).await.expect("an answer");
    }
    let purge = async |before, limit| shop.store.sessions_purge(Timestamp(before), limit).await.expect("a step");
    assert_eq!(purge(700, 9).await, 0, "what ended at that moment is not older");
    assert_eq!(purge(701, 9).await, 1);
    assert_eq!(purge(1_201, 9).await, 2, "one that ended, and one whose time was over");
    assert_eq!((purge(1_500, 1).await, purge(1_500, 1).await, purge(1_500, 1).await), (1, 1, 0));
    assert_eq!(told(&shop, &of).await, ["1 open", "2 open"]);
    // One that ended, and is past its time besides, is one session.
    shop.store.session_end(of.tenant, ID, End::LoggedOut, Timestamp(2_000)).await.expect("an answer");
    assert_eq!(purge(4_001, 9).await, 2);
    assert_eq!((purge(i64::MAX, 9).await, shop.count("select count(*) from people").await), (0, 1));
}

/// In one commit: another password, another epoch, every other session ended; and who proved who they are with the old one,
/// and has not come in yet, does not.
async fn a_new_password_ends_what_the_old_one_opens(kind: Kind) {
    let shop = Shop::open(kind).await;
    let anna = shop.person(Of::Member, "anna").await;
    let whose = (anna.tenant, anna.principal);
    let rules = rules(9, WhenFull::Refuse);
    for id in [1, 2] {
        open(&shop.store, &new(&anna, id, Web, 0), &rules).await;
    }
    let proved = new(&anna, 3, Web, 5);
    let (own, at) = (SessionId::new(1), Timestamp(5));
    let (first, second) = (PasswordHash::new("$one"), PasswordHash::new("$two"));
    let change = async |version, password| {
        shop.store.password_change(whose, (version, password), Some(own), at.into()).await.expect("an answer")
    };
    assert_eq!(change(anna.version, &first).await, Some(vec![SessionId::new(2)]));
    assert_eq!(change(anna.version, &second).await, None, "of two at once the second knew what is no more");
    assert_eq!(shop.store.password(whose.0, whose.1).await.expect("read"), Some(first));
    let after = shop.store.person(anna.tenant, anna.id).await.expect("read").expect("she is there");
    assert_eq!((after.epoch, after.version), (anna.epoch + 1, anna.version + 1));
    let standing = async |id| {
        let record = shop.store.session(SessionId::new(id)).await.expect("read").expect("it is there");
        record.authority.over(at)
    };
    assert_eq!((standing(1).await, standing(2).await), (None, Some(End::Kicked)));
    let opened = shop.store.session_open(&proved, &rules).await.expect("an answer");
    assert_eq!(opened, Opened::ShutOut, "the proof was of before");
}
