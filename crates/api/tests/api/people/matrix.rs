//! Owns the matrix: each route with each kind of caller. The table of expectations is written by hand and complete: a route
//! that is not in it fails, as does a line of it that is no route.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::CheckoutPolicy;
use domain::access::Role;
use http::Method;

use super::guests::be_guest;
use super::{add, log_in, with_token};
use crate::harness::{Client, Shop};

/// Who is let through by the guard of a route: `-` nobody without more, `x` in, `.` refused. The columns: nobody, the keys
/// admin, service and auditor, then the people admin, merchant, support, auditor, shopper and guest. `2` are let in with two
/// factors.
const MATRIX: &str = include_str!("matrix.txt");

/// The mark of a route in a column of the table.
pub(super) fn mark(line: &api::Line, column: usize) -> char {
    let route = format!("{:<6} {:<48}", line.method, line.path);
    let rows = MATRIX.lines().filter_map(|row| row.rsplit_once(' '));
    let marks = rows.filter(|(of, _)| *of == route).find_map(|(_, marks)| marks.chars().nth(column));
    marks.unwrap_or_else(|| panic!("{route} is not in matrix.txt"))
}

/// The ids in a path, of nothing that is there.
pub(crate) fn filled(path: &str) -> String {
    let never = "01JD8Q7V0EFXXR6D2J1Q5Z9K3M";
    [
        ("{order_no}", format!("ord_{never}")),
        ("{payment_id}", format!("pay_{never}")),
        ("{refund_id}", format!("rfd_{never}")),
        ("{person_id}", format!("per_{never}")),
        ("{session_id}", format!("ses_{never}")),
        ("{tenant_id}", format!("ten_{never}")),
        ("{review_id}", format!("rev_{never}")),
        ("{api_key_id}", format!("key_{never}")),
        ("{channel_account_id}", format!("cha_{never}")),
        ("{whose}", "members".to_owned()),
        ("{sku}", "nothing".to_owned()),
        ("{code}", "forbidden".to_owned()),
        ("{provider}", "nobody".to_owned()),
    ]
    .into_iter()
    .fold(path.to_owned(), |path, (name, id)| path.replace(name, &id))
}

/// What the guard says: `x` lets in, `.` refuses the role, `-` wants a credential. The request itself is empty and can do
/// nothing.
async fn asked(client: &Client, method: &str, path: &str) -> char {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let answer = client.call(method, &filled(path)).send().await;
    match answer.status {
        401 => '-',
        403 if answer.str("/code") == "second_factor_missing" => '2',
        403 => '.',
        _ => 'x',
    }
}

#[tokio::test]
async fn every_route_with_every_caller() {
    let shop = Shop::open().await;
    let policy = CheckoutPolicy { guests: true, ..CheckoutPolicy::default() };
    shop.store.policy_set(shop.tenant, &policy, api::now()).await.expect("stored");
    let mut callers = vec![shop.admin.nobody()];
    for role in Role::KEYS {
        callers.push(shop.client(shop.tenant, &format!("key-{}", role.name()), role).await);
    }
    for role in ["admin", "merchant", "support", "auditor", "shopper"] {
        add(&shop.admin, &format!("{role}-1"), role).await;
        callers.push(with_token(&shop, &log_in(&shop, "default", &format!("{role}-1"), "web").await.expect(201)));
    }
    callers.push(be_guest(&shop, "default").await);
    // Logging out everywhere comes last: behind it nobody is anybody.
    let ends = |line: &api::Line| (line.method, line.path) == ("DELETE", "/api/v1/sessions");
    let mut lines: Vec<_> = api::lines();
    lines.sort_by_key(|line| (ends(line), line.path, line.method));
    let mut found = String::new();
    for line in &lines {
        let mut marks = String::new();
        for caller in &callers {
            marks.push(asked(caller, line.method, line.path).await);
        }
        writeln!(found, "{:<6} {:<48} {marks}", line.method, line.path).expect("a text grows");
    }
    let wanted: BTreeMap<&str, &str> = MATRIX.lines().filter_map(|line| line.rsplit_once(' ')).collect();
    for line in found.lines() {
        let (route, marks) = line.rsplit_once(' ').expect("marks");
        let expected = wanted.get(route).copied().unwrap_or("which is not in matrix.txt");
        assert_eq!(marks, expected, "{route}");
    }
    assert_eq!(found.lines().count(), wanted.len(), "matrix.txt has a line that is no route");
    shop.close().await;
}
