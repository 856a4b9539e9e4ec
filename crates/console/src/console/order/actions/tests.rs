//! Owns the tests of the steps: to each role, at each status, those that are legal and permitted are offered, and no others.

use domain::access::{Permission, Role};

use super::*;
use crate::answers::{Line, Packed, Shipment};
use crate::console::visitor::of_role;
use crate::show::Money;

/// What each role of the staff is offered, without a parcel and, behind the bar, with one.
const TABLE: &str = "
    pending_payment admin    cancel       | cancel
    pending_payment merchant cancel       | cancel
    pending_payment support  cancel       | cancel
    pending_payment auditor               |
    paid            admin    ship         | ship shipment
    paid            merchant ship         | ship shipment
    paid            support               |
    paid            auditor               |
    shipped         admin    receive      | shipment receive
    shipped         merchant receive      | shipment receive
    shipped         support  receive      | receive
    shipped         auditor               |
    completed       admin                 |
    completed       merchant              |
    completed       support               |
    completed       auditor               |
    closed          admin                 |
    closed          merchant              |
    closed          support               |
    closed          auditor               |
";

/// Each step as the API has it: its route, and the events that its request may bring about.
const STEPS: [(&str, &str, &[Event]); 4] = [
    ("POST", "ship", &[Event::ShipPart, Event::ShipAll]),
    ("PUT", "shipment", &[Event::CorrectShipment]),
    ("POST", "receive", &[Event::Receive]),
    ("POST", "cancel", &[Event::Cancel]),
];

fn order(status: Status, has_parcel: bool) -> Order {
    let yuan = |amount| Money { amount, currency: "CNY".to_owned() };
    let at = || "2026-11-23T19:07:59.000Z".to_owned();
    let parcel = Shipment {
        carrier: "SF".to_owned(),
        tracking_no: "SF1".to_owned(),
        lines: vec![Packed { line: 1, quantity: 1 }],
        shipped_at: at(),
    };
    Order {
        order_no: "ord_1".to_owned(),
        status: status.name().to_owned(),
        payment_status: "paid".to_owned(),
        fulfillment_status: "unfulfilled".to_owned(),
        version: 3,
        customer_id: "c-1".to_owned(),
        customer_name: None,
        lines: vec![Line {
            line: 1,
            sku: "tea".to_owned(),
            name: "Tea".to_owned(),
            quantity: 3,
            unit_price: yuan(100),
            total: yuan(300),
        }],
        total: yuan(300),
        note: None,
        created_at: at(),
        updated_at: at(),
        expires_at: at(),
        close_reason: None,
        shipments: if has_parcel { vec![parcel] } else { Vec::new() },
    }
}

/// Where the forms of the page are sent.
fn offered(role: Role, order: &Order) -> Vec<String> {
    let left = parcel::left(order, None);
    let page = forms(&of_role(role, Lang::En), (order, &[], &left), &Typed::default(), None).into_string();
    let sent = page.split("<form").skip(1).map(|form| {
        let action = form.split_once(r#"action=""#).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(to, _)| to);
        action.strip_prefix("/console/orders/ord_1/").unwrap_or(action).to_owned()
    });
    sent.collect()
}

#[test]
fn each_role_is_offered_what_the_table_says() {
    let mut lines = 0;
    for line in TABLE.trim().lines() {
        let (before, with_parcel) = line.split_once('|').expect("a bar");
        let words: Vec<_> = before.split_whitespace().collect();
        let [status, role, without @ ..] = words.as_slice() else { panic!("{line}") };
        let status = Status::from_name(status).expect("a status");
        let role = Role::from_name(role).expect("a role");
        assert_eq!(offered(role, &order(status, false)), without, "{line}");
        let wanted: Vec<_> = with_parcel.split_whitespace().collect();
        assert_eq!(offered(role, &order(status, true)), wanted, "{line}, with a parcel");
        lines += 1;
    }
    assert_eq!(lines, Status::ALL.len() * Role::STAFF.len());
}

/// The same from the other side: what is legal stands in the domain's table, and who may in the API's.
#[test]
fn what_is_offered_is_what_the_api_would_do() {
    let asks = |method: &str, name: &str| {
        let path = format!("/api/v1/orders/{{order_no}}/{name}");
        let line = api::lines().into_iter().find(|line| line.method == method && line.path == path);
        match line.expect("the API has the step").access {
            api::Access::May(permission) => permission,
            other => panic!("{path}: {other:?}"),
        }
    };
    let steps = STEPS.map(|(method, name, events)| (asks(method, name), name, events));
    for status in Status::ALL {
        for role in Role::ALL {
            for has_parcel in [false, true] {
                let is_offered = |(permission, name, events): &(Permission, &str, &[Event])| {
                    let is_legal = events.iter().all(|event| status.on(*event).is_some());
                    role.may(*permission) && is_legal && (*name != "shipment" || has_parcel)
                };
                let wanted: Vec<_> = steps.iter().filter(|step| is_offered(step)).map(|(_, name, _)| *name).collect();
                let found = offered(role, &order(status, has_parcel));
                assert_eq!(found, wanted, "{status} {} {has_parcel}", role.name());
            }
        }
    }
}

/// Nothing of what the page asks differs from the steps above: method, path and version.
#[test]
fn each_step_asks_its_own_route() {
    let typed: Typed = serde_json::from_str(r#"{"key":"form-1","version":"3","why":"late"}"#).expect("it is JSON");
    let asked = Deed::ALL.map(|deed| {
        let change = deed.change("ord_1", &typed);
        assert_eq!((change.key, change.reason, change.only_new), (Some("form-1"), Some("late"), false));
        assert_eq!(change.version.is_some(), deed.has_parcel(), "{}", change.path);
        (change.method.to_string(), change.path)
    });
    assert_eq!(asked, STEPS.map(|(method, name, _)| (method.to_owned(), format!("/orders/ord_1/{name}"))));
}

#[test]
fn what_somebody_missed_is_behind_the_version_they_saw() {
    let entry = |version| HistoryEntry {
        version,
        event: "pay".to_owned(),
        from: None,
        to: "paid".to_owned(),
        at: String::new(),
        actor: String::new(),
        key: String::new(),
    };
    let history: Vec<_> = (1..=4).map(entry).collect();
    for (seen, versions) in [("1", vec![4, 3, 2]), ("3", vec![4]), ("4", vec![]), ("9", vec![])] {
        let missed: Vec<_> = missed(&history, seen).iter().map(|entry| entry.version).collect();
        assert_eq!(missed, versions, "{seen}");
    }
}
