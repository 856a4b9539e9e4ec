//! Owns what PostgreSQL does: the server tells the plan of every statement that it ran, with the values that it ran on
//! and the settings of the connection.

use domain::Timestamp;
use store::Store;

use crate::capture;
use crate::ground::Kind;
use crate::shop::Shop;

use super::{all_heard, batches, completed, lists, lopsided, may_sort, people, populated, refunds};

/// The most rows that the server may sort for a page of twenty, of some thousand: what is left behind an index.
const SORTED_MAX: u32 = 100;

/// A statement that was run, and how.
struct Ran {
    sql: String,
    plan: String,
}

/// From here on, new connections tell the plans of what they run.
async fn tell_plans(shop: &Shop) {
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_level = notice",
    ] {
        shop.ground.plant(&format!("alter database {} set {setting}", shop.ground.name())).await;
    }
}

fn ran(notices: &[String]) -> Vec<Ran> {
    let told = notices.iter().filter_map(|notice| notice.split_once("Query Text: "));
    told.map(|(_, text)| {
        let (sql, plan) = text.split_once('\n').unwrap_or((text, ""));
        Ran { sql: sql.to_owned(), plan: plan.to_owned() }
    })
    .collect()
}

/// Whether rows are read by a part of their key only, and the rest of them thrown away.
fn throws_away(step: &str) -> bool {
    step.trim_start().starts_with("Filter:") && ["order_no", "sku", "key_hash"].iter().any(|key| step.contains(key))
}

/// Whether it goes through a table, row by row or page by page.
fn walks(plan: &str) -> bool {
    plan.contains("Seq Scan") || plan.contains("Bitmap")
}

/// How many rows a step sorts at once. An incremental sort only orders the rows of one moment.
fn sorted(step: &str) -> Option<u32> {
    let cost = step.trim_start().trim_start_matches("->").trim_start().strip_prefix("Sort  (")?;
    cost.split_once("rows=")?.1.split(' ').next()?.parse().ok()
}

/// The statements of batches, each with its plan.
async fn plans(store: &Store, shop: &Shop, name: &str, first: u64) -> Vec<String> {
    let ((), notices) = capture::notices(Box::pin(batches(store, &shop.desk_from(first), name))).await;
    let ran = ran(&notices);
    all_heard(ran.iter().map(|ran| &ran.sql));
    ran.into_iter().map(|Ran { sql, plan }| format!("{sql}\n{plan}")).collect()
}

#[tokio::test]
async fn every_statement_of_a_batch_uses_the_index_of_its_key() {
    let (shop, _) = populated(Kind::Postgres).await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    for plan in plans(&store, &shop, "new", 100_000).await {
        assert!(!walks(&plan), "{plan}");
    }
    // Before that, all indexes that begin with the tenant look the same to the server: it knows of no tenant's rows yet.
    shop.ground.plant("analyze").await;
    for plan in plans(&store, &shop, "known", 200_000).await {
        assert!(!walks(&plan) && !plan.lines().any(throws_away), "{plan}");
    }
}

#[tokio::test]
async fn every_list_walks_an_index_in_its_own_order() {
    let (shop, order_no) = populated(Kind::Postgres).await;
    shop.ground.plant("analyze").await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    let ((), notices) = capture::notices(Box::pin(lists(&store, shop.desk.tenant, order_no))).await;
    let ran = ran(&notices);
    let ordered = ran.iter().filter(|ran| ran.sql.contains("ORDER BY")).count();
    assert!(ordered >= 40, "{ordered} lists were heard");
    for Ran { sql, plan } in &ran {
        let scans = plan.lines().any(|step| step.contains("Seq Scan on ") && !step.contains("Seq Scan on tenants"));
        assert!(!scans, "{sql}:\n{plan}");
        let sorted = plan.lines().find_map(sorted).unwrap_or_default();
        assert!(sorted <= SORTED_MAX || may_sort(sql), "{sql}:\n{plan}");
    }
}

#[tokio::test]
async fn whatever_is_asked_of_people_uses_an_index() {
    let (shop, _) = populated(Kind::Postgres).await;
    shop.ground.plant("analyze").await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    let ((), notices) = capture::notices(Box::pin(people::ask(&store, shop.desk.tenant))).await;
    let ran = ran(&notices);
    assert!(ran.len() >= 30, "{} statements were heard", ran.len());
    for Ran { sql, plan } in &ran {
        let scans = plan.lines().any(|step| step.contains("Seq Scan on ") && !step.contains("Seq Scan on tenants"));
        assert!(!scans, "{sql}:\n{plan}");
        // What is locked is sorted by its keys, which are few.
        let sorts = !sql.contains("unnest(") && plan.lines().any(|step| sorted(step).is_some_and(|rows| rows > 1));
        assert!(!sorts || people::may_sort(sql), "{sql}:\n{plan}");
    }
}

/// The server believes that nearly every order is completed, and would look at all that were placed since.
#[tokio::test]
async fn a_page_of_a_status_passes_over_no_newer_order() {
    let shop = lopsided(Kind::Postgres).await;
    shop.ground.plant("analyze").await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    let ((), notices) = capture::notices(Box::pin(completed(&store, shop.desk.tenant))).await;
    let ran = ran(&notices);
    let page = ran.iter().find(|ran| ran.sql.contains(r#"FROM "orders""#)).expect("the page is heard");
    assert!(page.plan.contains("orders_tenant_id_status_created_at"), "{}:\n{}", page.sql, page.plan);
}

/// Nearly all of them succeeded, and the newest did not yet.
#[tokio::test]
async fn a_page_of_refunds_walks_the_index_of_its_list() {
    let shop = Shop::stocked(Kind::Postgres).await;
    refunds::lopsided(&shop).await;
    shop.ground.plant("analyze").await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    for (status, index) in refunds::WALKED {
        let page = store.refunds(shop.desk.tenant, status, None, 20);
        let (_, notices) = capture::notices(Box::pin(page)).await;
        let ran = ran(&notices);
        let Ran { sql, plan } = ran.iter().find(|ran| refunds::is_page(&ran.sql)).expect("the page is heard");
        let is_walked =
            plan.contains(&format!(" using {index} on refunds")) && !plan.lines().any(|step| sorted(step).is_some());
        assert!(is_walked, "{sql}:\n{plan}");
    }
}

/// A check that looks through all orders for each key takes minutes where there are some ten thousand.
#[tokio::test]
async fn the_check_joins_answers_and_orders_once() {
    let (shop, _) = populated(Kind::Postgres).await;
    shop.ground.plant("analyze").await;
    tell_plans(&shop).await;
    let store = shop.ground.store().await;
    let (findings, notices) = capture::notices(store.check(Timestamp(0))).await;
    findings.expect("the check runs");
    let answers = notices.iter().find(|notice| notice.contains("': answered with '")).expect("it is told");
    assert!(answers.contains("Hash") && answers.contains(" Join"), "{answers}");
    assert!(!answers.contains("SubPlan"), "a question for each key: {answers}");
}
