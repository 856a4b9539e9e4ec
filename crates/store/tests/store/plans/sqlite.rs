//! Owns what SQLite means to do: `explain query plan` for every statement that was heard.

use crate::capture;
use crate::ground::{Beside, Kind};
use crate::shop::Shop;

use super::{all_heard, batches, lists, may_sort, people, populated, refunds};

/// What may be scanned: the rows that came as a parameter, the few tenants, and a bounded number that an index gave.
const SCANS: &[&str] = &["SCAN j", "SCAN tenants", "SCAN latest"];

async fn plan(connection: &mut Beside, sql: &str) -> Vec<String> {
    let steps = connection.cells(&format!("explain query plan {sql}")).await;
    steps.into_iter().map(|mut step| step.swap_remove(3)).collect()
}

/// What of a plan walks through a table.
fn walks(plan: &[String]) -> Vec<&String> {
    let is_fine = |step: &str| {
        let constant =
            ["CONSTANT", "(subquery", "VALUES CLAUSE", "VIRTUAL TABLE"].iter().any(|word| step.contains(word));
        constant || SCANS.iter().any(|scan| step.starts_with(scan))
    };
    plan.iter().filter(|step| step.starts_with("SCAN") && !is_fine(step)).collect()
}

#[tokio::test]
async fn every_statement_of_a_batch_uses_an_index() {
    let (shop, _) = populated(Kind::Sqlite).await;
    let ((), statements) = capture::statements(Box::pin(batches(&shop.store, &shop.desk, "new"))).await;
    all_heard(statements.iter());
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for sql in &statements {
            let plan = plan(&mut connection, sql).await;
            assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}, analysed {analysed}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn every_list_walks_an_index_in_its_own_order() {
    let (shop, order_no) = populated(Kind::Sqlite).await;
    let ((), statements) = capture::statements(Box::pin(lists(&shop.store, shop.desk.tenant, order_no))).await;
    let ordered = statements.iter().filter(|sql| sql.contains("ORDER BY")).count();
    assert!(ordered >= 40, "{ordered} lists were heard");
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for sql in &statements {
            let plan = plan(&mut connection, sql).await;
            assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}: {plan:#?}");
            let sorts = sql.contains("ORDER BY") && plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(!sorts || may_sort(sql), "analysed {analysed}, {sql}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn whatever_is_asked_of_people_uses_an_index() {
    let (shop, _) = populated(Kind::Sqlite).await;
    let ((), statements) = capture::statements(Box::pin(people::ask(&shop.store, shop.desk.tenant))).await;
    assert!(statements.len() >= 30, "{} statements were heard", statements.len());
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for sql in &statements {
            let plan = plan(&mut connection, sql).await;
            assert_eq!(walks(&plan), Vec::<&String>::new(), "{sql}, analysed {analysed}: {plan:#?}");
            let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(!sorts || people::may_sort(sql), "analysed {analysed}, {sql}: {plan:#?}");
        }
    }
}

/// Nearly all of them succeeded, and the newest did not yet.
#[tokio::test]
async fn a_page_of_refunds_walks_the_index_of_its_list() {
    let shop = Shop::stocked(Kind::Sqlite).await;
    refunds::lopsided(&shop).await;
    let mut connection = shop.ground.connect().await;
    for analysed in [false, true] {
        if analysed {
            connection.run("analyze").await.expect("the tables can be counted");
        }
        for (status, index) in refunds::WALKED {
            let page = shop.store.refunds(shop.desk.tenant, status, None, 20);
            let (_, statements) = capture::statements(Box::pin(page)).await;
            let sql = statements.iter().find(|sql| refunds::is_page(sql)).expect("the page is heard");
            let plan = plan(&mut connection, sql).await;
            let is_walked = plan.len() == 1 && plan[0].contains(&format!(" INDEX {index} ("));
            assert!(is_walked, "{sql}, analysed {analysed}: {plan:#?}");
        }
    }
}
