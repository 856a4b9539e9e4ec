//! Owns bringing a database up to date: harmless to repeat, and refused where it would be a guess.

use std::path::Path;

use domain::access::Role;
use domain::{PrincipalId, TenantId, Timestamp, tenant};
use store::{Error, NewApiKey, Store};
use tokio::task::JoinSet;

use crate::desk::{Desk, order_no};
use crate::ground::{Ground, Kind, on_every_database};
use crate::shop::{Shop, words};

on_every_database!(
    to_migrate_twice_is_harmless,
    a_migrated_shop_keeps_its_rows,
    a_database_of_a_newer_version_is_not_opened,
    a_shop_of_before_there_were_people_goes_on;
    nodes_that_start_at_once_make_one_schema,
    a_node_that_dies_while_it_is_alone_lets_the_next_one_in,
    a_step_that_was_broken_off_is_taken_again,
);

fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Refused(text)) => text,
        Err(other) => panic!("it should be refused: {other:?}"),
        Ok(_) => panic!("it should be refused"),
    }
}

async fn to_migrate_twice_is_harmless(kind: Kind) {
    let ground = Ground::new(kind).await;
    let store = ground.store().await;
    let all = store.pending_migrations().await.expect("an empty database lacks all of them");
    assert!(all >= 1);
    assert_eq!(store.migrate().await.expect("an empty database takes the schema"), all);
    assert!(store.is_empty().await.expect("the table is there"));
    for _ in 0..2 {
        assert_eq!(store.pending_migrations().await.expect("a list"), 0);
        assert_eq!(store.migrate().await.expect("nothing to do"), 0);
    }
}

async fn a_migrated_shop_keeps_its_rows(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    shop.run(&[shop.desk.place("k", &[("tea", 1)])]).await;
    let again = shop.ground.store().await;
    assert_eq!(again.migrate().await.expect("nothing to do"), 0);
    assert!(!again.is_empty().await.expect("the table is there"));
    assert_eq!(shop.count("select count(*) from orders").await, 1);
}

#[tokio::test]
async fn a_command_that_only_looks_makes_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mideng.db");
    assert!(refusal(Store::open_existing(&file).await).contains("no database"));
    assert!(!file.exists());
    Store::open(&file).await.expect("a new database").close().await;
    assert!(refusal(Store::open_existing(&file).await).contains("mideng migrate"));
}

async fn a_database_of_a_newer_version_is_not_opened(kind: Kind) {
    let shop = Shop::open(kind).await;
    shop.ground.plant("insert into seaql_migrations values ('m9999_later', 0)").await;
    let text = refusal(Store::open_existing(shop.ground.address()).await);
    assert!(text.contains("newer"), "{text}");
    assert!(refusal(shop.store.migrate().await).contains("newer"));
}

/// Three nodes start at once on a new database: one makes the schema and the first tenant, and the others find them.
async fn nodes_that_start_at_once_make_one_schema(kind: Kind) {
    let ground = Ground::new(kind).await;
    let mut nodes = JoinSet::new();
    for node in 0..3 {
        let store = ground.store().await;
        nodes.spawn(async move {
            let alone = store.alone().await.expect("the others are done soon");
            let applied = store.migrate().await.expect("nobody else migrates");
            if store.is_empty().await.expect("the table is there") {
                store.tenant_create("shop", &format!("ten_{node}"), Timestamp(0)).await.expect("a new tenant");
            }
            drop(alone);
            applied
        });
    }
    let mut applied = nodes.join_all().await;
    applied.sort_unstable();
    let all = *applied.last().expect("three nodes");
    assert!(all >= 1);
    assert_eq!(applied, [0, 0, all]);
    assert_eq!(ground.count("select count(*) from tenants").await, 1);
}

/// Who starts and dies keeps nobody out.
async fn a_node_that_dies_while_it_is_alone_lets_the_next_one_in(kind: Kind) {
    let ground = Ground::new(kind).await;
    let (dies, next) = (ground.store().await, ground.store().await);
    let alone = dies.alone().await.expect("nobody else starts");
    let waiting = tokio::spawn(async move { next.alone().await.map(|_| ()) });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(alone);
    waiting.await.expect("it does not panic").expect("it is its turn");
}

/// How many steps there are from that of people on.
const STEPS: usize = 7;

/// What the step of people and those behind it added, taken away again: the schema as the release before it left it.
const BEFORE_PEOPLE: &[&str] = &[
    "drop table people",
    "drop table sessions",
    "drop table session_rules",
    "drop table signing_keys",
    "drop table audit_heads",
    "drop table audit_entries",
    "alter table tenants drop column status",
    "alter table tenants drop column changes",
    "alter table tenant_policies drop column order_units_max",
    "delete from seaql_migrations where version in ('m0006_people', 'm0009_desk')",
];

/// And the one behind it.
const BEFORE_FACTORS: &[&str] = &[
    "drop table guest_links",
    "drop table second_factors",
    "alter table people drop column factors_lost",
    "alter table tenant_policies drop column guests",
    "alter table tenant_policies drop column registration",
    "delete from seaql_migrations where version in ('m0007_factors', 'm0010_guests')",
];

/// The index goes by another word on each.
fn without_index(kind: Kind, table: &str, index: &str) -> String {
    if kind == Kind::MariaDb { format!("drop index {index} on {table}") } else { format!("drop index {index}") }
}

/// What the step of the console and that of refunds added, taken away again.
async fn before_console(ground: &Ground, kind: Kind) {
    for (table, index) in [
        ("key_conflicts", "key_conflicts_tenant_id_idempotency_key"),
        ("shipments", "shipments_tenant_id_tracking_no"),
        ("archived_shipments", "archived_shipments_tenant_id_tracking_no"),
        ("stock_movements", "stock_movements_tenant_id_sku_moved_at_id"),
        ("payments", "payments_tenant_id_created_at_payment_id"),
        ("payments", "payments_tenant_id_status_created_at_payment_id"),
        ("reviews", "reviews_tenant_id_resolved_at_raised_at_review_id"),
        ("payment_attempts", "payment_attempts_tenant_id_account_id_created_at_payment_id"),
        ("api_keys", "api_keys_tenant_id_public_id"),
        ("channel_events", "channel_events_tenant_id_reference_received_at"),
        ("channel_events", "channel_events_tenant_id_channel_no_received_at"),
        ("refunds", "refunds_tenant_id_created_at_refund_id"),
        ("refunds", "refunds_tenant_id_status_created_at_refund_id"),
    ] {
        ground.plant(&without_index(kind, table, index)).await;
    }
    ground.plant("alter table api_keys drop column public_id").await;
    ground.plant("alter table key_conflicts drop column last_from").await;
    ground.plant("alter table tenant_policies drop column version").await;
    ground.plant("alter table stock_movements drop column principal_id").await;
    ground.plant("alter table channel_events drop column source").await;
    ground.plant("alter table channel_events drop column raw").await;
    ground.plant("alter table key_records drop column request").await;
    ground.plant("alter table key_records drop column came_from").await;
    ground
        .plant("delete from seaql_migrations where version in ('m0011_console', 'm0012_refunds', 'm0013_origins')")
        .await;
}

/// Its tenant is open, its API keys are good, its orders take steps; and people may come.
async fn a_shop_of_before_there_were_people_goes_on(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let (place, key) =
        (shop.desk.place("k", &[("tea", 1)]), NewApiKey { id: None, secret: "mk_secret", role: Role::Admin });
    let number = order_no(&place);
    shop.run(&[place]).await;
    let desk = &shop.desk;
    shop.store.api_key_create(desk.tenant, desk.principal, &key, Timestamp(0)).await.expect("a new key");
    shop.store.close().await;
    before_console(&shop.ground, kind).await;
    let index = without_index(kind, "tenants", "tenants_name");
    for sql in BEFORE_FACTORS.iter().chain(&[index.as_str()]).chain(BEFORE_PEOPLE) {
        shop.ground.plant(sql).await;
    }
    let text = refusal(Store::open_existing(shop.ground.address()).await);
    assert!(text.contains(&format!("lacks {STEPS} migrations")), "{text}");
    // Who has many payments and refunds built these by hand, without holding up those who write them.
    for built in [
        "create index payments_tenant_id_created_at_payment_id on payments (tenant_id, created_at, payment_id)",
        "create index refunds_tenant_id_created_at_refund_id on refunds (tenant_id, created_at, refund_id)",
    ] {
        shop.ground.plant(built).await;
    }
    let shop = Shop { store: shop.ground.store().await, ..shop };
    assert_eq!(shop.store.migrate().await.expect("the steps"), STEPS);
    grows(&shop).await;
    let credential = shop.store.credential("mk_secret").await.expect("an answer").expect("the key is good");
    assert_eq!((credential.role, credential.tenant_status), (Role::Admin, tenant::Status::Active));
    assert_eq!(words(&shop.run(&[shop.desk.cancel(number)]).await), ["200"]);
    let house = shop.store.tenant_named("shop").await.expect("an answer").expect("it is there");
    assert_eq!((house.status, house.version), (tenant::Status::Active, 1));
}

/// People come, with sessions, and what is done is written down.
async fn grows(shop: &Shop) {
    let session = shop.peopled().await;
    let record = shop.store.session(session).await.expect("it is read").expect("it is there");
    assert_eq!(record.authority.over(Timestamp(5)), None);
    assert_eq!(shop.broken().await, Vec::<&str>::new());
}

/// A server that died in the middle: where a schema is not changed in one transaction, a part of the step stands already.
async fn a_step_that_was_broken_off_is_taken_again(kind: Kind) {
    let shop = Shop::stocked(kind).await;
    let whole = BEFORE_PEOPLE.len();
    let step = BEFORE_PEOPLE[whole - 1];
    // What is left of it: nothing but its mark is missing, or its tables, its index, or a column of two.
    let index = without_index(kind, "tenants", "tenants_name");
    let index = index.as_str();
    let cases: [Vec<&str>; 4] = [
        vec![],
        vec!["drop table audit_entries", "drop table audit_heads", index],
        vec![index, "alter table tenants drop column changes"],
        [&[index], &BEFORE_PEOPLE[..whole - 1]].concat(),
    ];
    if kind != Kind::Postgres {
        shop.ground.plant(BEFORE_FACTORS[BEFORE_FACTORS.len() - 1]).await;
        let again = shop.ground.store().await;
        assert_eq!(again.migrate().await.expect("they are taken again"), 2);
        again.close().await;
    }
    for missing in cases {
        if kind == Kind::Postgres && missing.len() < whole {
            // One transaction: all of it stands, or nothing.
            continue;
        }
        before_console(&shop.ground, kind).await;
        for sql in BEFORE_FACTORS.iter().chain(&missing).chain([&step]) {
            shop.ground.plant(sql).await;
        }
        let again = shop.ground.store().await;
        assert_eq!(again.migrate().await.unwrap_or_else(|error| panic!("{missing:?}: {error:?}")), STEPS);
        again.close().await;
    }
    grows(&shop).await;
}

/// Databases that earlier releases wrote, as they left them.
#[tokio::test]
async fn every_earlier_release_s_database_takes_people() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/tests/golden");
    let mut seen = 0;
    for release in std::fs::read_dir(&kept).expect("there are golden databases") {
        let release = release.expect("it can be read").path();
        let ground = Ground::new(Kind::Sqlite).await;
        std::fs::copy(release.join("mideng.db"), ground.file()).expect("a copy");
        let (orders, tenants) = (ground.count("select count(*) from orders").await, "select min(id) from tenants");
        if ground.count("select count(*) from seaql_migrations where version = 'm0006_people'").await == 1 {
            // It has its own.
            continue;
        }
        let store = ground.store().await;
        assert!(store.migrate().await.expect("it takes the schema") > 0, "{release:?}");
        assert_eq!(ground.count("select count(*) from orders").await, orders, "{release:?}");
        let (tenant, principal) = (TenantId(ground.count(tenants).await), PrincipalId(1));
        let shop = Shop { store, desk: Desk::new(tenant, principal, 2_000_000_000_000), ground };
        grows(&shop).await;
        seen += 1;
    }
    assert!(seen >= 4, "{seen}");
}
