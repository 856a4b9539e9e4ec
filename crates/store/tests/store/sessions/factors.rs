//! Owns the tests of second factors: set up, confirmed once, used once, lost.

use domain::person::{Kind as Of, Step};
use domain::session::WhenFull;
use domain::{Person, SessionId, Timestamp};
use store::{SecondFactor, Store, Used};

use super::{Web, new, open, rules};
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(
    a_factor_is_good_once_it_is_confirmed,
    a_code_is_used_once_also_by_two_at_once,
    a_factor_that_was_lost_counts_no_more,
);

const OWN: SessionId = SessionId::new(1);
const AT: Timestamp = Timestamp(10);

/// One of the staff with two open sessions.
async fn staff(kind: Kind) -> (Shop, Person) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Staff, "boss").await;
    for id in 1..=2 {
        open(&shop.store, &new(&of, id, Web, 0), &rules(9, WhenFull::Refuse)).await;
    }
    (shop, of)
}

async fn factor(store: &Store, of: &Person) -> Option<SecondFactor> {
    store.second_factor(of).await.expect("it is read")
}

/// They as they are now.
async fn anew(shop: &Shop, of: &Person) -> Person {
    shop.store.person(of.tenant, of.id).await.expect("it is read").expect("they are there")
}

/// Sets one up and confirms it; they as they are then.
async fn confirmed(shop: &Shop, of: &Person) -> Person {
    assert!(shop.store.second_factor_begin((of.tenant, of.principal), &[1; 48], AT).await.expect("written"));
    let begun = factor(&shop.store, of).await.expect("it was begun");
    let codes = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    shop.store
        .second_factor_confirm(of, (&begun, 5, &codes), OWN, AT.into())
        .await
        .expect("written")
        .expect("as it was read");
    anew(shop, of).await
}

async fn a_factor_is_good_once_it_is_confirmed(kind: Kind) {
    let (shop, of) = staff(kind).await;
    let (store, whose) = (&shop.store, (of.tenant, of.principal));
    assert_eq!(factor(store, &of).await, None);
    assert!(store.second_factor_begin(whose, &[1; 48], AT).await.expect("written"));
    let first = factor(store, &of).await.expect("it was begun");
    assert!(!first.is_confirmed);
    // Begun again, it is another, and the first is confirmed no more.
    assert!(store.second_factor_begin(whose, &[2; 48], AT).await.expect("written"));
    let second = factor(store, &of).await.expect("it was begun");
    assert_eq!((second.secret.as_slice(), second.is_confirmed), (&[2; 48][..], false));
    let codes = ["a".to_owned(), "b".to_owned()];
    let late = store.second_factor_confirm(&of, (&first, 5, &codes), OWN, AT.into()).await.expect("an answer");
    assert_eq!(late, None, "what was read is not there any more");
    assert_eq!(anew(&shop, &of).await, of, "nothing of it was written");
    let ended = store.second_factor_confirm(&of, (&second, 5, &codes), OWN, AT.into()).await.expect("written");
    assert_eq!(ended, Some(vec![SessionId::new(2)]), "the other session was opened with less");
    let kept = factor(store, &of).await.expect("it is good");
    assert_eq!((kept.is_confirmed, kept.last_step, kept.recovery.as_slice()), (true, 5, &codes[..]));
    let own = store.session(OWN).await.expect("it is read").expect("it is there").authority;
    // It proves nothing by it yet: what it is known by may have been copied before.
    assert_eq!((own.over(AT), own.two_factors, own.proved_at), (None, true, Timestamp(0)));
    // Confirmed is confirmed: it does not give way, and nobody who knew the person before confirms it again.
    assert!(!store.second_factor_begin(whose, &[3; 48], AT).await.expect("an answer"));
    assert_eq!(store.second_factor_confirm(&of, (&kept, 6, &codes), OWN, AT.into()).await.expect("an answer"), None);
}

async fn a_code_is_used_once_also_by_two_at_once(kind: Kind) {
    let (shop, of) = staff(kind).await;
    let of = confirmed(&shop, &of).await;
    let whose = (of.tenant, of.principal);
    for used in [Used::Step(7), Used::Recovery(1)] {
        let read = factor(&shop.store, &of).await.expect("it is good");
        let uses = (0..2).map(|_| {
            let (store, read) = (shop.store.clone(), read.clone());
            tokio::spawn(async move { store.second_factor_use(whose, &read, used).await.expect("an answer") })
        });
        let mut done = Vec::new();
        for use_of_it in uses.collect::<Vec<_>>() {
            done.push(use_of_it.await.expect("no panic"));
        }
        done.sort_unstable();
        assert_eq!(done, [false, true], "{used:?}");
    }
    let left = factor(&shop.store, &of).await.expect("it is good");
    assert_eq!((left.last_step, left.recovery.join(" ")), (7, "a c".to_owned()));
    assert!(shop.store.second_factor_recovery(&of, &left, &["d".to_owned()], AT.into()).await.expect("written"));
    assert!(!shop.store.second_factor_recovery(&of, &left, &["e".to_owned()], AT.into()).await.expect("an answer"));
    assert_eq!(factor(&shop.store, &of).await.expect("it is good").recovery, ["d"]);
}

async fn a_factor_that_was_lost_counts_no_more(kind: Kind) {
    let (shop, of) = staff(kind).await;
    let of = confirmed(&shop, &of).await;
    let read = factor(&shop.store, &of).await.expect("it is good");
    shop.run(&[shop.desk.step("drop", &of, Step::DropFactor)]).await;
    let of = anew(&shop, &of).await;
    assert_eq!((of.factors_lost, factor(&shop.store, &of).await), (1, None));
    assert!(shop.store.session(OWN).await.expect("it is read").expect("it is there").authority.over(AT).is_some());
    // The next one is another, and what was read of the first confirms and uses nothing of it.
    assert!(shop.store.second_factor_begin((of.tenant, of.principal), &[9; 48], AT).await.expect("written"));
    let second = factor(&shop.store, &of).await.expect("it was begun");
    assert_eq!((second.is_confirmed, second.last_step, second.recovery.len()), (false, 0, 0));
    assert!(!shop.store.second_factor_use((of.tenant, of.principal), &read, Used::Step(8)).await.expect("an answer"));
    // Given up by themselves, it is the same; the session that it was given up in stays.
    let session = SessionId::new(3);
    open(&shop.store, &new(&of, 3, Web, 20), &rules(9, WhenFull::Refuse)).await;
    let begun = (&second, 9, &[] as &[String]);
    shop.store.second_factor_confirm(&of, begun, session, AT.into()).await.expect("written").expect("as it was read");
    let of = anew(&shop, &of).await;
    assert!(factor(&shop.store, &of).await.is_some_and(|factor| factor.is_confirmed));
    shop.store.second_factor_remove(&of, session, AT.into()).await.expect("written").expect("as it was read");
    let of = anew(&shop, &of).await;
    assert_eq!((of.factors_lost, factor(&shop.store, &of).await), (2, None));
    let own = shop.store.session(session).await.expect("it is read").expect("it is there").authority;
    assert_eq!(own.over(Timestamp(30)), None);
}
