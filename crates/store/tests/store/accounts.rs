//! Owns the tests of tenants, accounts, API keys and counted conflicts.

use domain::Timestamp;
use domain::access::Role;
use idempotency::Key;
use store::{Account, Credential, NewApiKey, Sighting};

use crate::ground::{Kind, on_every_database};
use crate::shop::Shop;

on_every_database!(an_account_is_made_once, an_api_key_lives_until_it_is_revoked, conflicts_are_counted_together,);

async fn an_account_is_made_once(kind: Kind) {
    let shop = Shop::open(kind).await;
    let desk = &shop.desk;
    let account = |kind, public_id| Account { tenant: desk.tenant, kind, name: "checkout", public_id };
    let again = shop.store.account(&account("service", "acc_9"), Timestamp(5)).await.expect("it is there");
    assert_eq!(again, desk.principal);
    let system = shop.store.account(&account("system", "acc_9"), Timestamp(5)).await.expect("a new account");
    assert_ne!(system, desk.principal);
    assert_eq!(shop.store.tenant("shop").await.expect("an answer"), Some(desk.tenant));
    assert_eq!(shop.store.tenant("Shop").await.expect("an answer"), None);
}

async fn an_api_key_lives_until_it_is_revoked(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (store, desk) = (&shop.store, &shop.desk);
    let mut ids = Vec::new();
    for (secret, role) in [("mk_admin_0123456789", Role::Admin), ("mk_auditor_0123456789", Role::Auditor)] {
        let key = NewApiKey { id: None, secret, role };
        ids.push(store.api_key_create(desk.tenant, desk.principal, &key, Timestamp(7)).await.expect("a new key"));
        let credential = store.credential(secret).await.expect("an answer").expect("the key is good");
        assert_eq!(
            credential,
            Credential {
                tenant: desk.tenant,
                principal: desk.principal,
                role,
                tenant_status: domain::tenant::Status::Active
            }
        );
    }
    assert_eq!(store.credential("mk_admin_012345678").await.expect("an answer"), None);
    let other = store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    assert!(!store.api_key_revoke(other, ids[0], Timestamp(8)).await.expect("an answer"), "not this tenant's key");
    assert!(store.api_key_revoke(desk.tenant, ids[0], Timestamp(8)).await.expect("an answer"));
    assert!(!store.api_key_revoke(desk.tenant, ids[0], Timestamp(9)).await.expect("an answer"), "it is revoked");
    assert_eq!(store.credential("mk_admin_0123456789").await.expect("an answer"), None);
    let listed = store.api_keys(desk.tenant).await.expect("a list");
    let shown: Vec<_> =
        listed.iter().map(|row| (row.key.shown_prefix.as_str(), row.key.role.name(), row.key.revoked_at)).collect();
    assert_eq!(shown, [("mk_auditor", "auditor", None), ("mk_admin_0", "admin", Some(Timestamp(8)))]);
    assert!(listed.iter().all(|row| row.key.account.as_str() == "checkout"));
    assert!(store.api_keys(other).await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_secret_is_not_in_the_file() {
    let shop = Shop::open(Kind::Sqlite).await;
    let key = NewApiKey { id: None, secret: "mk_9f8e7d6c5b4a39281706", role: Role::Service };
    shop.store.api_key_create(shop.desk.tenant, shop.desk.principal, &key, Timestamp(7)).await.expect("a new key");
    shop.store.close().await;
    let bytes = std::fs::read(shop.ground.file()).expect("the file is there");
    assert!(!bytes.windows(key.secret.len()).any(|window| window == key.secret.as_bytes()));
}

async fn conflicts_are_counted_together(kind: Kind) {
    let shop = Shop::open(kind).await;
    let conflict = |key: &str, times, first_at, last_at| Sighting {
        tenant: shop.desk.tenant,
        principal: shop.desk.principal,
        key: Key::from_stored(key),
        kind: "idempotency_key_reused",
        times,
        first_at: Timestamp(first_at),
        last_at: Timestamp(last_at),
        last_from: None,
    };
    shop.store.sightings_add(&[]).await.expect("nothing to add");
    shop.store.sightings_add(&[conflict("a", 2, 10, 20), conflict("b", 1, 15, 15)]).await.expect("new counts");
    // Another node tells later of what was earlier.
    shop.store.sightings_add(&[conflict("a", 3, 5, 12), conflict("a", 1, 30, 30)]).await.expect("more counts");
    assert_eq!(shop.count("select times from key_conflicts where idempotency_key = 'a'").await, 6);
    assert_eq!(shop.count("select first_at from key_conflicts where idempotency_key = 'a'").await, 5);
    assert_eq!(shop.count("select last_at from key_conflicts where idempotency_key = 'a'").await, 30);
    assert_eq!(shop.count("select count(*) from key_conflicts").await, 2);

    let rows = async |key, limit| shop.store.conflicts(shop.desk.tenant, key, limit).await.expect("conflicts");
    let told = |rows: Vec<store::SightingRow>| {
        let line = |row: store::SightingRow| {
            format!("{} {} {} {} {}-{}", row.account, row.key, row.kind, row.times, row.first_at, row.last_at)
        };
        rows.into_iter().map(line).collect::<Vec<_>>()
    };
    let (a, b) = (
        "service:checkout a idempotency_key_reused 6 5-30".to_owned(),
        "service:checkout b idempotency_key_reused 1 15-15".to_owned(),
    );
    assert_eq!(told(rows(None, 9).await), [a.clone(), b.clone()], "the latest first");
    assert_eq!(told(rows(None, 1).await), std::slice::from_ref(&a));
    assert_eq!(told(rows(Some("b"), 9).await), [b]);
    assert_eq!(told(rows(Some("c"), 9).await), Vec::<String>::new());
    // A derived key is stored behind a blank and shown without it.
    shop.store.sightings_add(&[conflict(" put:x", 1, 3, 3)]).await.expect("one more");
    assert_eq!(rows(Some("put:x"), 9).await.len(), 1);
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    assert_eq!(shop.store.conflicts(other, None, 9).await.expect("conflicts"), Vec::new());

    let purge = async |before| shop.store.sightings_purge(Timestamp(before), 9).await.expect("a step");
    assert_eq!((purge(3).await, purge(16).await, purge(16).await), (0, 2, 0));
    assert_eq!(told(rows(None, 9).await), [a]);
}
