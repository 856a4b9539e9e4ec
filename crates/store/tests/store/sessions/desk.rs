//! Owns the tests of ending sessions by commands: beside everybody else who writes them, each ends once.

use domain::person::Kind as Of;
use domain::session::{End, WhenFull};
use domain::{Action, Command, EndSession, Person, SessionId, Timestamp};
use engine::Fault;
use store::Store;
use tokio::task::JoinSet;

use super::{Web, new, open, rules, told};
use crate::desk::{Desk, noted};
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop, words};

on_every_database!(
    a_session_is_ended_with_its_entry_in_one_commit,
    the_staff_and_everybody_else_at_once_end_each_session_once,
);

fn end(desk: &Desk, of: &Person, id: u128, at: i64) -> Command {
    let end = EndSession { principal: of.principal, person: of.id, session: SessionId::new(id) };
    let command = noted(desk.command(&format!("end {id}"), Action::EndSession(end)), Some("lost"));
    Command { at: Timestamp(at), ..command }
}

/// Twice in a batch, once more, and one that is not theirs: the first counts, and all are written down.
async fn a_session_is_ended_with_its_entry_in_one_commit(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (anna, bob) = (shop.person(Of::Member, "anna").await, shop.person(Of::Member, "bob").await);
    for (of, id) in [(&anna, 1), (&anna, 2), (&bob, 3)] {
        open(&shop.store, &new(of, id, Web, 10), &rules(9, WhenFull::Refuse)).await;
    }
    let another = |id, at| Command {
        key: idempotency::Key::from_stored(&format!("another {at}")),
        ..end(&shop.desk, &anna, id, at)
    };
    let batch = [end(&shop.desk, &anna, 1, 20), another(1, 21), end(&shop.desk, &anna, 3, 20)];
    assert_eq!(words(&shop.run(&batch).await), ["204", "204", "409"]);
    assert_eq!(words(&shop.run(&[another(1, 22)]).await), ["204"]);
    assert_eq!(told(&shop, &anna).await, ["1 kicked at 20", "2 open"]);
    assert_eq!(told(&shop, &bob).await, ["3 open"]);
    assert_eq!(shop.count("select version from sessions where is_open = 0").await, 2);
    assert_eq!(shop.count("select count(*) from audit_entries where action = 'sessions.end'").await, 4);
    assert_eq!(shop.count("select count(*) from audit_entries where outcome = 'not_found'").await, 1);
    // Its time is over: that is why it ended, whoever ends it then.
    assert_eq!(words(&shop.run(&[another(2, 1_010)]).await), ["204"]);
    assert_eq!(told(&shop, &anna).await, ["1 kicked at 20", "2 open"]);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// The command until it is applied; how often the database took it back.
async fn applied(node: &Store, command: &Command) -> usize {
    for taken_back in 0..100 {
        match shop::run(node, std::slice::from_ref(command)).await {
            Ok(_) => return taken_back,
            Err(Fault::Retry(_)) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
    panic!("it is taken back again and again");
}

/// On two nodes a session is refreshed, renewed, logged out of and ended by the staff: one end is written, and whoever was
/// late has written nothing over it.
async fn the_staff_and_everybody_else_at_once_end_each_session_once(kind: Kind) {
    const SESSIONS: u128 = 12;
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    for id in 1..=SESSIONS {
        open(&shop.store, &new(&of, id, Web, 10), &rules(20, WhenFull::Refuse)).await;
    }
    let nodes = shop.nodes().await;
    let mut tasks = JoinSet::new();
    for id in 1..=SESSIONS {
        let commands = [end(&shop.desk, &of, id, 20)];
        let [one, other] = [0, 1].map(|at| nodes[usize::from((id + at) % 2 == 0)].clone());
        let (session, tenant) = (SessionId::new(id), of.tenant);
        tasks.spawn(async move {
            for command in &commands {
                applied(&one, command).await;
            }
        });
        tasks.spawn(async move {
            other.session_refresh(session, 0, Timestamp(600), Timestamp(19)).await.expect("an answer");
            other.session_renew(session, Timestamp(700)).await.expect("an answer");
            if id.is_multiple_of(3) {
                other.session_end(tenant, session, End::LoggedOut, Timestamp(21)).await.expect("an answer");
            }
        });
    }
    tasks.join_all().await;
    for line in told(&shop, &of).await {
        assert!(line.ends_with(" kicked at 20") || line.ends_with(" logged_out at 21"), "{line}");
    }
    let ends = "select count(*) from audit_entries where action = 'sessions.end' and outcome = 'done'";
    assert_eq!(shop.count(ends).await, i64::try_from(SESSIONS).expect("few"));
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
