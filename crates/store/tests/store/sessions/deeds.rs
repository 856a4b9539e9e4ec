//! Owns the promise that what the staff do with what is their own stands in the audit log, in the commit of what it tells of.

use domain::audit::Moment;
use domain::person::{Kind as Of, PasswordHash};
use domain::session::WhenFull;
use domain::{Person, SessionId, Timestamp};
use store::AuditFilter;

use super::{Web, new, open, rules};
use crate::desk::noted;
use crate::ground::{Kind, on_every_database};
use crate::shop::{self, Shop};

on_every_database!(what_the_staff_do_with_their_own_is_in_the_chain, log_ins_and_batches_at_once_leave_one_chain,);

const OWN: SessionId = SessionId::new(1);

fn moment(request_id: &str) -> Moment<'_> {
    Moment { at: Timestamp(10), request_id }
}

/// A log-in, two passwords, a proof, and a second factor from its setting up to its end.
async fn does_everything(shop: &Shop, of: &Person) {
    let (store, whose) = (&shop.store, (of.tenant, of.principal));
    let first = store::NewSession { request_id: "in".to_owned(), ..new(of, OWN.bits(), Web, 10) };
    open(store, &first, &rules(9, WhenFull::Refuse)).await;
    let now = async || store.person(of.tenant, of.id).await.expect("it is read").expect("they are there");
    let password = PasswordHash::new("$new");
    let change = async |version, own, request: &'static str| {
        let changed = store.password_change(whose, (version, &password), own, moment(request)).await;
        changed.expect("an answer")
    };
    assert!(change(of.version, Some(OWN), "own").await.is_some());
    assert_eq!(change(of.version, Some(OWN), "late").await, None, "what is not done is not told");
    assert!(store.second_factor_begin(whose, &[1; 48], Timestamp(10)).await.expect("written"));
    let begun = store.second_factor(of).await.expect("it is read").expect("it was begun");
    let codes = ["a".to_owned()];
    let set = store.second_factor_confirm(&now().await, (&begun, 5, &codes), OWN, moment("set")).await;
    assert!(set.expect("an answer").is_some());
    let person = now().await;
    let factor = store.second_factor(&person).await.expect("it is read").expect("it is good");
    assert!(store.second_factor_recovery(&person, &factor, &codes, moment("codes")).await.expect("an answer"));
    assert!(!store.second_factor_recovery(&person, &factor, &codes, moment("late")).await.expect("an answer"));
    assert!(store.session_prove(OWN, (moment("proof"), true), None).await.expect("an answer"));
    assert!(store.session_unprove(OWN).await.expect("an answer"));
    assert!(store.second_factor_remove(&person, OWN, moment("gone")).await.expect("an answer").is_some());
    assert!(change(now().await.version, None, "reset").await.is_some());
}

async fn what_the_staff_do_with_their_own_is_in_the_chain(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (boss, anna) = (shop.person(Of::Staff, "boss").await, shop.person(Of::Member, "anna").await);
    does_everything(&shop, &boss).await;
    let page = shop.store.audit(boss.tenant, &AuditFilter::default(), None, 50).await.expect("a page");
    let told: Vec<_> = page.rows.iter().rev().map(|it| (it.action.as_str(), it.request_id.as_str())).collect();
    let all = [
        ("sessions.open", "in"),
        ("password.change", "own"),
        ("second_factor.set", "set"),
        ("second_factor.recovery_codes", "codes"),
        ("sessions.prove", "proof"),
        ("second_factor.remove", "gone"),
        ("password.reset", "reset"),
    ];
    assert_eq!(told, all);
    assert!(page.rows.iter().all(|it| (it.principal, it.outcome.as_str()) == (boss.principal, "done")));
    assert!(page.rows.iter().all(|it| it.actor == boss.id.to_string()));
    assert_eq!(page.rows[6].subject, format!("{OWN} web"));
    // What a member does is their own affair.
    shop.store.session_end(boss.tenant, OWN, domain::session::End::Kicked, Timestamp(11)).await.expect("an answer");
    shop.store.sessions_purge(Timestamp(i64::MAX), 9).await.expect("a step");
    does_everything(&shop, &anna).await;
    assert_eq!(shop.count("select count(*) from audit_entries").await, 7);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn log_ins_and_batches_at_once_leave_one_chain(kind: Kind) {
    const EACH: u128 = 10;
    let shop = Shop::open(kind).await;
    let boss = shop.person(Of::Staff, "boss").await;
    let [here, there] =
        if kind == Kind::Sqlite { [shop.store.clone(), shop.store.clone()] } else { shop.nodes().await };
    let log_ins = async {
        for id in 1..=EACH {
            open(&here, &new(&boss, id, Web, 10), &rules(99, WhenFull::Refuse)).await;
        }
    };
    let desk = shop.desk_from(5_000_000);
    let batches = async {
        for at in 1..=EACH {
            let command = noted(desk.issue(&format!("number {at}")), Some("why"));
            while shop::run(&there, std::slice::from_ref(&command)).await.is_err() {}
        }
    };
    tokio::join!(log_ins, batches);
    assert_eq!(shop.count("select count(*) from audit_entries").await, 2 * i64::try_from(EACH).expect("few"));
    assert_eq!(shop.count("select count(distinct action) from audit_entries").await, 2);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}
