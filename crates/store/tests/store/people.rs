//! Owns the tests of what is asked about people and tenants, and what is written of them outside of commands.

use domain::person::{Kind as Of, Login, PasswordHash};
use domain::{PersonId, TenantPublicId, Timestamp, tenant};
use store::Cursor;
use tokio::task::JoinSet;

use crate::ground::{Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(
    a_person_is_found_by_every_name,
    an_account_of_a_person_is_made_once,
    a_tenant_is_prepared_once_and_opened,
    a_password_gives_way_to_one_new_one,
    people_are_listed_by_their_logins,
    tenants_are_listed_from_the_oldest,
);

async fn a_person_is_found_by_every_name(kind: Kind) {
    let shop = Shop::open(kind).await;
    let tenant = shop.desk.tenant;
    let (member, staff) = (shop.person(Of::Member, "anna").await, shop.person(Of::Staff, "anna").await);
    assert_ne!((member.id, member.principal), (staff.id, staff.principal), "one login behind each door");
    let by_login = async |kind, login: &str| {
        let known = shop.store.person_by_login(tenant, kind, &Login::from_stored(login)).await.expect("an answer");
        known.map(|known| (known.person, known.password))
    };
    for of in [member, staff] {
        assert_eq!(shop.store.person(tenant, of.id).await.expect("an answer").as_ref(), Some(&of));
        let first = Some(PasswordHash::new("$first"));
        assert_eq!(by_login(of.kind, "anna").await, Some((of, first)));
    }
    assert_eq!(by_login(Of::Guest, "anna").await, None);
    // As it is folded before, and as no database folds it.
    for other in ["Anna", "anna ", "\u{e4}nna"] {
        assert_eq!(by_login(Of::Member, other).await, None, "{other}");
    }
    let other = shop.store.tenant_create("other", "ten_2", Timestamp(0)).await.expect("a new tenant");
    let known = shop.store.person_by_login(other, Of::Member, &Login::from_stored("anna")).await;
    assert!(known.expect("an answer").is_none(), "nobody of another tenant");
    assert_eq!(shop.store.person(tenant, PersonId::new(999)).await.expect("an answer"), None);
}

/// Also where two nodes make it at once.
async fn an_account_of_a_person_is_made_once(kind: Kind) {
    let shop = Shop::open(kind).await;
    let nodes = shop.nodes().await;
    let before = shop.count("select count(*) from principals").await;
    for round in 0..5_u128 {
        let mut tasks = JoinSet::new();
        for number in 0..6_u128 {
            let (node, tenant) = (nodes[usize::from(number % 2 == 0)].clone(), shop.desk.tenant);
            tasks.spawn(async move {
                let login = Login::from_stored(&format!("anna {round}"));
                let id = PersonId::new(100 * round + number);
                node.person_account((tenant, Of::Member), &login, id, Timestamp(0)).await.expect("an account")
            });
        }
        let mut made = tasks.join_all().await;
        made.dedup();
        assert_eq!(made.len(), 1, "all of them have one account, and one name of it");
    }
    assert_eq!(shop.count("select count(*) from principals").await, before + 5);
}

async fn a_tenant_is_prepared_once_and_opened(kind: Kind) {
    let shop = Shop::open(kind).await;
    let nodes = shop.nodes().await;
    for round in 0..5_u128 {
        let mut tasks = JoinSet::new();
        for number in 0..6_u128 {
            let node = nodes[usize::from(number % 2 == 0)].clone();
            tasks.spawn(async move {
                let id = TenantPublicId::new(100 * round + number + 10);
                node.tenant_prepare(&format!("acme {round}"), id, Timestamp(7)).await.expect("a tenant")
            });
        }
        let mut made = tasks.join_all().await;
        made.dedup();
        assert_eq!(made.len(), 1, "{made:?}");
        let acme = made.remove(0);
        assert_eq!((acme.status, acme.version, acme.created_at), (tenant::Status::Prepared, 1, Timestamp(7)));
        for found in
            [shop.store.tenant_named(&format!("acme {round}")).await, shop.store.tenant_by_id(acme.public_id).await]
        {
            assert_eq!(found.expect("an answer").as_ref(), Some(&acme));
        }
        let open = |key: &str| shop.desk.step_tenant(&format!("{key} {round}"), &acme, tenant::Step::Open);
        assert_eq!(words(&shop.run(&[open("first"), open("second")]).await), ["201", "409"]);
        // Its name is taken: who prepares it anew finds it open.
        let again = shop.store.tenant_prepare(acme.name.as_str(), TenantPublicId::new(1_000), Timestamp(9)).await;
        let again = again.expect("it is there");
        assert_eq!((again.public_id, again.status, again.version), (acme.public_id, tenant::Status::Active, 2));
    }
    assert_eq!(shop.count("select count(*) from tenants").await, 6);
    assert_eq!(shop.store.tenant_named("ACME 0").await.expect("an answer"), None);
    assert_eq!(shop.store.tenant_by_id(TenantPublicId::new(5)).await.expect("an answer"), None);
}

async fn a_password_gives_way_to_one_new_one(kind: Kind) {
    let shop = Shop::open(kind).await;
    let of = shop.person(Of::Member, "anna").await;
    let whose = (of.tenant, of.principal);
    let other = shop.store.clone();
    let replace = async |before: Option<&str>, new: &str| {
        let (before, new) = (before.map(PasswordHash::new), PasswordHash::new(new));
        other.password_replace(whose, before.as_ref(), &new, Timestamp(9)).await.expect("an answer")
    };
    let kept = async || shop.store.password(of.tenant, of.principal).await.expect("an answer");
    assert!(!replace(None, "$x").await, "there is one");
    assert!(!replace(Some("$other"), "$x").await, "that is not the one");
    assert_eq!(kept().await, Some(PasswordHash::new("$first")));
    assert!(replace(Some("$first"), "$first").await, "the same again is an answer, too");
    let (one, two) = tokio::join!(replace(Some("$first"), "$one"), replace(Some("$first"), "$two"));
    assert!(one != two, "one of two that come at once");
    assert_eq!(kept().await, Some(PasswordHash::new(if one { "$one" } else { "$two" })));
    shop.ground.plant("update people set password_hash = null, password_at = null").await;
    assert_eq!(kept().await, None);
    assert!(!replace(Some("$one"), "$x").await, "there is none");
    assert!(replace(None, "$again").await);
    assert_eq!(
        (kept().await, shop.count("select password_at from people").await),
        (Some(PasswordHash::new("$again")), 9)
    );
    let (one, two) = (shop.store.person(of.tenant, of.id).await.expect("an answer"), Some(of));
    assert_eq!(one, two, "nothing else changes");
}

async fn people_are_listed_by_their_logins(kind: Kind) {
    let shop = Shop::open(kind).await;
    // In the order of their bytes: behind `z` comes what is not ASCII.
    for login in ["carl", "\u{e4}nna", "anna", "zoe", "bob"] {
        shop.person(Of::Member, login).await;
    }
    shop.person(Of::Staff, "boss").await;
    let begins = async |of, beginning: &str, after: Option<&str>, limit| {
        let after = after.map(|login| Cursor { at: Timestamp(0), id: login.to_owned() });
        let page = shop.store.people((shop.desk.tenant, of), beginning, after.as_ref(), limit).await.expect("a page");
        let last = page.rows.last().map(|person| person.login.to_string());
        assert!(page.next.as_ref().is_none_or(|next| Some(&next.id) == last.as_ref()), "{:?}", page.next);
        let logins: Vec<_> = page.rows.iter().map(|person| person.login.to_string()).collect();
        (logins.join(" "), page.next.is_some())
    };
    let page = async |of, after, limit| begins(of, "", after, limit).await;
    assert_eq!(page(Of::Member, None, 9).await, ("anna bob carl zoe \u{e4}nna".to_owned(), false));
    assert!(!page(Of::Member, None, 5).await.1);
    assert_eq!(page(Of::Member, None, 2).await, ("anna bob".to_owned(), true));
    assert_eq!(page(Of::Member, Some("bob"), 2).await, ("carl zoe".to_owned(), true));
    assert_eq!(page(Of::Member, Some("zoe"), 2).await, ("\u{e4}nna".to_owned(), false));
    assert_eq!(page(Of::Staff, None, 2).await, ("boss".to_owned(), false));
    assert_eq!(page(Of::Guest, None, 2).await, (String::new(), false));
    for login in ["bo", "boa", "bo_", "bo%"] {
        shop.person(Of::Member, login).await;
    }
    for (beginning, after, limit, found) in [
        ("bo", None, 9, ("bo bo% bo_ boa bob", false)),
        ("bo", None, 2, ("bo bo%", true)),
        ("bo", Some("bo%"), 2, ("bo_ boa", true)),
        ("bo", Some("boa"), 2, ("bob", false)),
        ("bo_", None, 9, ("bo_", false)),
        ("\u{e4}", None, 9, ("\u{e4}nna", false)),
        ("bp", None, 9, ("", false)),
        ("zz", None, 9, ("", false)),
    ] {
        let (logins, more) = begins(Of::Member, beginning, after, limit).await;
        assert_eq!((logins.as_str(), more), found, "{beginning} behind {after:?}");
    }
}

async fn tenants_are_listed_from_the_oldest(kind: Kind) {
    let shop = Shop::open(kind).await;
    for number in 2..=4 {
        let id = TenantPublicId::new(number);
        shop.store.tenant_prepare(&format!("shop {number}"), id, Timestamp(0)).await.expect("a new tenant");
    }
    let first = shop.store.tenants_page(None, 3).await.expect("a page");
    let names = |rows: &[domain::Tenant]| rows.iter().map(|row| row.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&first.rows), ["shop", "shop 2", "shop 3"]);
    let second = shop.store.tenants_page(first.next.as_ref(), 3).await.expect("a page");
    assert_eq!(shop.store.house().await.expect("an answer"), Some(shop.desk.tenant));
    assert_eq!((names(&second.rows), second.next), (vec!["shop 4".to_owned()], None));
}
