//! Owns the promise of API keys that a command issues: they are good with its commit, and none is once it is revoked, whether
//! it has an id or is of before there were any.

use domain::access::Role;
use domain::api_key::{Name, SecretHash, shown_prefix};
use domain::text::AccountName;
use domain::{Action, ApiKeyId, Command, IssueApiKey, Timestamp};
use sha2::{Digest as _, Sha256};
use store::NewApiKey;

use crate::desk::noted;
use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(a_key_is_issued_and_revoked_by_commands, a_key_of_before_is_revoked_by_its_number);

/// A command that issues the key of this number, whose secret is `secret`.
fn issue(shop: &Shop, (key, id): (&str, u128), secret: &str) -> Command {
    let action = IssueApiKey {
        id: ApiKeyId::new(id),
        principal: shop.desk.principal,
        account: AccountName::from_stored("checkout"),
        role: Role::Service,
        shown_prefix: shown_prefix(secret),
        secret_hash: SecretHash(Sha256::digest(secret.as_bytes()).into()),
    };
    noted(shop.desk.command(key, Action::IssueApiKey(action)), None)
}

fn revoke(shop: &Shop, key: &str, name: Name) -> Command {
    noted(shop.desk.command(key, Action::RevokeApiKey(name)), Some("lost"))
}

/// The list in words.
async fn listed(shop: &Shop) -> Vec<(String, String, bool)> {
    let rows = shop.store.api_keys(shop.desk.tenant).await.expect("a list");
    rows.into_iter().map(|row| (row.key.name.to_string(), row.key.shown_prefix, row.key.revoked_at.is_some())).collect()
}

async fn is_good(shop: &Shop, secret: &str) -> bool {
    let found = shop.store.credential(secret).await.expect("an answer");
    assert!(found.is_none_or(|found| (found.principal, found.role) == (shop.desk.principal, Role::Service)));
    found.is_some()
}

async fn a_key_is_issued_and_revoked_by_commands(kind: Kind) {
    let shop = Shop::open(kind).await;
    let (first, second) = (Name::Id(ApiKeyId::new(1)), Name::Id(ApiKeyId::new(2)));
    let batch = [issue(&shop, ("a", 1), "mk_first_0123"), issue(&shop, ("b", 2), "mk_second_0123")];
    assert_eq!(words(&shop.run(&batch).await), ["201", "201"]);
    assert!(is_good(&shop, "mk_first_0123").await && is_good(&shop, "mk_second_0123").await);
    // Sent again it is another arrival, with another id, and makes nothing.
    let again = [issue(&shop, ("a", 3), "mk_third_0123"), revoke(&shop, "r", first), revoke(&shop, "r2", first)];
    assert_eq!(words(&shop.run(&again).await), ["replayed", "200", "200"]);
    let late = [revoke(&shop, "r3", first), revoke(&shop, "r4", Name::Id(ApiKeyId::new(3)))];
    assert_eq!(words(&shop.run(&late).await), ["200", "409"]);
    let good = [is_good(&shop, "mk_first_0123").await, is_good(&shop, "mk_second_0123").await];
    assert_eq!((good, is_good(&shop, "mk_third_0123").await), ([false, true], false));
    let wanted =
        [(second.to_string(), "mk_second_".to_owned(), false), (first.to_string(), "mk_first_0".to_owned(), true)];
    assert_eq!(listed(&shop).await, wanted);
    assert_eq!(shop.count("select count(*) from audit_entries where action = 'api_keys.issue'").await, 2);
    assert_eq!(shop.count("select count(*) from audit_entries where action = 'api_keys.revoke'").await, 4);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

async fn a_key_of_before_is_revoked_by_its_number(kind: Kind) {
    let shop = Shop::open(kind).await;
    let desk = &shop.desk;
    let mut made = Vec::new();
    for (id, secret) in [(None, "mk_old_0123456"), (Some(ApiKeyId::new(7)), "mk_new_0123456")] {
        let key = NewApiKey { id, secret, role: Role::Service };
        let number = shop.store.api_key_create(desk.tenant, desk.principal, &key, Timestamp(0)).await;
        made.push(number.expect("a new key"));
    }
    let [old, new] = [made[0], made[1]].map(Name::Number);
    // Who has an id is not found by the number.
    let batch = [revoke(&shop, "new", new), revoke(&shop, "old", old), revoke(&shop, "none", Name::Number(9_999))];
    assert_eq!(words(&shop.run(&batch).await), ["409", "200", "409"]);
    assert_eq!((is_good(&shop, "mk_old_0123456").await, is_good(&shop, "mk_new_0123456").await), (false, true));
    assert_eq!(listed(&shop).await[1], (made[0].to_string(), "mk_old_012".to_owned(), true));
    // Another tenant's is not there for them.
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let theirs = Command { tenant: other, note: None, ..revoke(&shop, "theirs", Name::Id(ApiKeyId::new(7))) };
    assert_eq!(words(&shop.run(&[theirs]).await), ["409"]);
    assert!(is_good(&shop, "mk_new_0123456").await);
}
