//! Owns what MariaDB means to do: `explain` for every statement that was heard, with values in it.

use domain::payment::RefundStatus;

use crate::capture;
use crate::ground::{Beside, Kind};
use crate::shop::Shop;

use super::{all_heard, batches, completed, lists, lopsided, may_sort, people, populated, refunds};

/// The indexes over the whole key.
const BY_KEY: &[&str] = &[
    "PRIMARY",
    "orders_tenant_id_order_no",
    "archived_orders_tenant_id_order_no",
    "key_records_tenant_id_key_hash",
    "payments_tenant_id_payment_id",
    "payment_attempts_tenant_id_attempt_id",
    "refunds_tenant_id_refund_id",
];

/// A step of a plan: the table, how it is read, by which index, and what else is done.
#[derive(Debug)]
struct Step {
    table: String,
    how: String,
    index: String,
    extra: String,
}

async fn plan(connection: &mut Beside, sql: &str) -> Vec<Step> {
    let steps = connection.cells(&format!("explain {sql}")).await;
    let step = |cells: Vec<String>| {
        let cell = |at: usize| cells.get(at).cloned().unwrap_or_default();
        Step { table: cell(2), how: cell(3), index: cell(5), extra: cell(9) }
    };
    steps.into_iter().map(step).collect()
}

/// Whether a step is over rows that were given.
fn is_given(step: &Step) -> bool {
    step.table == "-" || step.table.starts_with('<')
}

/// Whether a step goes by an index to the rows that are wanted.
fn is_short(step: &Step) -> bool {
    is_given(step) || ["const", "eq_ref", "ref", "range"].contains(&step.how.as_str())
}

/// The statement with values instead of its marks: in rows of several, as the columns of the key come, and else those
/// of the column that is named last.
fn filled(sql: &str, order_no: &str) -> String {
    let (person, session) = people::somebody();
    let (person, session) = (format!("'{person}'"), format!("'{session}'"));
    let of_sessions = sql.contains(" sessions ");
    let value = |name: &str| match name {
        "id" if of_sessions => Some(session.as_str()),
        "public_id" => Some(person.as_str()),
        "action" => Some("'people.add'"),
        _ => value(name, order_no),
    };
    let (mut out, mut key, mut at, mut rest) = (String::new(), Vec::new(), 0, sql);
    while let Some((before, behind)) = rest.split_once('?') {
        out.push_str(before);
        if let Some((names, _)) = before.rsplit_once(") in ((") {
            let (_, names) = names.rsplit_once('(').unwrap_or_default();
            (key, at) = (names.split(", ").collect(), 0);
        }
        let words = || out.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let value = if before.ends_with("cast(") {
            value(behind.split([' ', ')']).nth(2).unwrap_or_default())
        } else if key.is_empty() {
            words().find_map(value)
        } else {
            value(key[at % key.len()])
        };
        out.push_str(value.unwrap_or("1"));
        (at, rest) = (at + 1, behind);
    }
    out + rest
}

/// A value for a column, or of a type.
fn value<'a>(name: &str, order_no: &'a str) -> Option<&'a str> {
    Some(match name {
        "tenant_id" | "principal_id" | "id" | "number" | "line" | "signed" | "is_open" | "idle_until" | "ended_at" => {
            "1"
        }
        "login" => "'login 99'",
        "name" => "'shop'",
        "password_hash" => "'$new'",
        "order_no" => order_no,
        "sku" | "char" => "'tea'",
        "refund_id" => "'rfd_2'",
        "account_id" => "'cha_00000000000000000000000001'",
        "status" => "'shipped'",
        "customer_id" => "'customer-1'",
        "key_hash" | "secret_hash" | "binary" => "x'00'",
        "idempotency_key" | "kind" => "'k'",
        // In a small table the server would rather walk all of it than go through an index to most of it.
        "last_at" => "30",
        "review_id" => "'rev_2'",
        "reference" => "'att_2'",
        "channel_no" | "verdict" => "'disputed'",
        "created_at" | "raised_at" | "completed_at" | "updated_at" | "expires_at" => "900",
        "LIMIT" => "20",
        _ => return None,
    })
}

async fn analysed(shop: &Shop) -> Beside {
    let mut connection = shop.ground.connect().await;
    for table in [
        "orders",
        "archived_orders",
        "order_lines",
        "products",
        "stock_items",
        "key_records",
        "order_numbers",
        "people",
        "sessions",
    ] {
        connection.lines(&format!("analyze table {table}")).await;
    }
    connection
}

#[tokio::test]
async fn every_statement_of_a_batch_uses_the_index_of_its_key() {
    let (shop, order_no) = populated(Kind::MariaDb).await;
    let ((), statements) = capture::statements(Box::pin(batches(&shop.store, &shop.desk, "new"))).await;
    all_heard(statements.iter());
    for mut connection in [shop.ground.connect().await, analysed(&shop).await] {
        for sql in statements.iter().filter(|sql| !sql.starts_with("insert")) {
            let sql = filled(sql, &format!("'{order_no}'"));
            for step in plan(&mut connection, &sql).await {
                let by_key = is_given(&step) || BY_KEY.contains(&step.index.as_str());
                assert!(is_short(&step) && by_key, "{sql}: {step:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_list_walks_an_index_in_its_own_order() {
    let (shop, order_no) = populated(Kind::MariaDb).await;
    let ((), statements) = capture::statements(Box::pin(lists(&shop.store, shop.desk.tenant, order_no))).await;
    let ordered = statements.iter().filter(|sql| sql.contains("ORDER BY")).count();
    assert!(ordered >= 40, "{ordered} lists were heard");
    let mut connection = analysed(&shop).await;
    let lists = statements.iter().filter(|sql| sql.starts_with("SELECT") && !sql.contains("`tenants`"));
    for sql in lists {
        let sql = filled(sql, &format!("'{order_no}'"));
        for step in plan(&mut connection, &sql).await {
            assert!(is_short(&step), "{sql}: {step:?}");
            assert!(!step.extra.contains("filesort") || may_sort(&sql), "{sql}: {step:?}");
        }
    }
}

#[tokio::test]
async fn whatever_is_asked_of_people_uses_an_index() {
    let (shop, order_no) = populated(Kind::MariaDb).await;
    let ((), statements) = capture::statements(Box::pin(people::ask(&shop.store, shop.desk.tenant))).await;
    assert!(statements.len() >= 30, "{} statements were heard", statements.len());
    for mut connection in [shop.ground.connect().await, analysed(&shop).await] {
        for sql in statements.iter().filter(|sql| !sql.starts_with("insert")) {
            let sql = filled(sql, &format!("'{order_no}'"));
            for step in plan(&mut connection, &sql).await {
                assert!(is_short(&step), "{sql}: {step:?}");
                assert!(!step.extra.contains("filesort") || people::may_sort(&sql), "{sql}: {step:?}");
            }
        }
    }
}

/// The server believes that nearly every order is completed, and would look at all that were placed since.
#[tokio::test]
async fn a_page_of_a_status_passes_over_no_newer_order() {
    let shop = lopsided(Kind::MariaDb).await;
    let mut connection = analysed(&shop).await;
    let ((), statements) = capture::statements(Box::pin(completed(&shop.store, shop.desk.tenant))).await;
    let page = statements.iter().find(|sql| sql.contains("FROM `orders`")).expect("the page is heard");
    let sql = filled(page, "''").replace("'shipped'", "'completed'");
    let plan = plan(&mut connection, &sql).await;
    assert!(plan.iter().all(|step| step.index == "orders_tenant_id_status_created_at"), "{sql}: {plan:?}");
}

/// Nearly all of them succeeded, and the newest did not yet.
#[tokio::test]
async fn a_page_of_refunds_walks_the_index_of_its_list() {
    let shop = Shop::stocked(Kind::MariaDb).await;
    refunds::lopsided(&shop).await;
    let mut connection = shop.ground.connect().await;
    connection.lines("analyze table refunds").await;
    for (status, index) in refunds::WALKED {
        let page = shop.store.refunds(shop.desk.tenant, status, None, 20);
        let (_, statements) = capture::statements(Box::pin(page)).await;
        let page = statements.iter().find(|sql| refunds::is_page(sql)).expect("the page is heard");
        let sql = filled(page, "''").replace("'shipped'", &format!("'{}'", status.map_or("", RefundStatus::name)));
        let plan = plan(&mut connection, &sql).await;
        let is_walked = plan.iter().all(|step| step.index == index && !step.extra.contains("filesort"));
        assert!(is_walked, "{sql}: {plan:?}");
    }
}
