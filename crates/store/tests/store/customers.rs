//! Owns the questions about customers: what they are called, and who is called so, each within the tenant.

use std::collections::BTreeSet;

use domain::person::{Kind as Of, Login};
use domain::text::CustomerId;
use domain::{PersonId, Timestamp};

use crate::desk::Desk;
use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(a_customer_is_called_what_they_log_in_with);

async fn a_customer_is_called_what_they_log_in_with(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (store, tenant) = (&shop.store, shop.desk.tenant);
    let people = [(Of::Member, "anna"), (Of::Staff, "anna"), (Of::Guest, "per_9"), (Of::Member, "us:\u{e4}nna")];
    let mut ids = Vec::new();
    for (of, login) in people {
        let id = shop.person(of, login).await.id.to_string();
        ids.push((CustomerId::from_stored(&id), format!("{}:{login}", of.name())));
    }
    let other = store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let (door, zoe) = ((other, Of::Member), Login::from_stored("zoe"));
    let account = store.person_account(door, &zoe, PersonId::new(99), Timestamp(0)).await.expect("an account");
    shop.run(&[Desk::new(other, account.0, 1_000).add(Of::Member, "zoe", account)]).await;

    let unknown = ["c-42", &account.1.to_string(), "per_none"].map(CustomerId::from_stored);
    let asked: BTreeSet<_> = ids.iter().map(|(id, _)| id.clone()).chain(unknown).collect();
    let named = store.customers_named(tenant, asked.clone()).await.expect("names");
    let customers = ids.iter().filter(|(_, name)| !name.starts_with("staff:")).cloned();
    assert_eq!(
        named,
        customers.collect(),
        "neither whom the merchant alone knows nor who works for the shop has a name here"
    );
    let of_none = [CustomerId::from_stored("c-42"), ids[1].0.clone()].into();
    assert!(store.customers_named(tenant, of_none).await.expect("names").is_empty());
    assert!(store.customers_named(tenant, BTreeSet::new()).await.expect("names").is_empty());
    let elsewhere = store.customers_named(other, asked).await.expect("names");
    assert_eq!(elsewhere.values().collect::<Vec<_>>(), ["member:zoe"]);

    for (word, wanted) in [
        ("anna", Some(0)),
        ("Anna", Some(0)),
        ("member:anna", Some(0)),
        ("member:ANNA", Some(0)),
        ("staff:anna", None),
        ("guest:per_9", Some(2)),
        ("us:\u{c4}nna", Some(3)),
        ("member:us:\u{e4}nna", Some(3)),
        ("Member:anna", None),
        ("service:checkout", None),
        ("checkout", None),
        ("us:anna", None),
        ("ann", None),
        ("anna%", None),
        ("zoe", None),
        (":", None),
        ("member:", None),
        ("", None),
    ] {
        let found = store.customer_called(tenant, word).await.expect("an answer");
        assert_eq!(found.as_ref(), wanted.map(|at: usize| &ids[at].0), "{word}");
    }
}
