//! Owns the table of an order's life as commands reach it: each standing, each command, legal or not.

use super::{check, more};

/// A standing: the order's status there, the line that leads to it, and how the order then reads.
struct Standing {
    name: &'static str,
    status: &'static str,
    line: &'static str,
    order: &'static str,
}

#[rustfmt::skip]
const STANDINGS: [Standing; 6] = [
    Standing { name: "pending", status: "pending_payment", order: "pending_payment v1 unpaid unfulfilled",
        line: "place A tea*2 tea*1 until=100 -> new pending_payment v1 300" },
    Standing { name: "closed", status: "closed", order: "closed v2 unpaid unfulfilled customer",
        line: "cancel A -> closed v2" },
    Standing { name: "paid", status: "paid", order: "paid v2 paid unfulfilled",
        line: "pay A 300 -> paid v2" },
    Standing { name: "partial", status: "paid", order: "paid v3 paid partial",
        line: "ship A T1 1*1 v=2 -> paid v3" },
    Standing { name: "shipped", status: "shipped", order: "shipped v4 paid shipped",
        line: "ship A T2 v=3 -> shipped v4" },
    Standing { name: "completed", status: "completed", order: "completed v5 paid received",
        line: "receive A -> completed v5" },
];

/// Every cell that a command can reach: a row a standing, a column a command; `.` is `invalid_transition`, which
/// leaves the order as it was.
const TABLE: &str = "
                pay     cancel  expire  ship_part  ship_all  correct      receive    auto
    pending     paid    closed  closed  .          .         .            .          .
    closed      .       .       .       .          .         .            .          .
    paid        .       .       .       paid       shipped   no_shipment  .          .
    partial     .       .       .       paid       shipped   paid         .          .
    shipped     .       .       .       .          .         shipped      completed  completed
    completed   .       .       .       .          .         .            .          .
";

#[test]
fn o9_every_cell_that_a_command_can_reach() {
    let mut rows = TABLE.trim().lines();
    let columns: Vec<&str> = rows.next().expect("a head").split_whitespace().collect();
    let mut cells = 0;
    for (at, row) in rows.enumerate() {
        let standing = &STANDINGS[at];
        let mut found = row.split_whitespace();
        assert_eq!(found.next(), Some(standing.name), "the rows stand in the order of STANDINGS");
        let version = standing.version();
        for name in &columns {
            let (told, left) = match found.next().expect("a cell for each command") {
                "." => (format!("invalid_transition {} {}", standing.status, event(name)), standing.order),
                "no_shipment" => ("no_shipment".to_owned(), standing.order),
                to => (format!("{to} v{}", version + 1), ""),
            };
            let left = if left.is_empty() { String::new() } else { format!("order A -> {left}") };
            check(&format!("{}{} -> {told}\n{left}", way_to(at), command(name, version)));
            cells += 1;
        }
    }
    assert_eq!(cells, 48);
}

impl Standing {
    fn version(&self) -> u32 {
        let (_, version) = self.line.rsplit_once('v').expect("a version");
        version.split(' ').next().and_then(|digits| digits.parse().ok()).expect("a version")
    }
}

/// The lines that bring an order to a standing. Closing is a branch, the others follow one another.
fn way_to(at: usize) -> String {
    let steps = STANDINGS[..=at].iter().filter(|step| step.name != "closed" || STANDINGS[at].name == "closed");
    let lines: Vec<&str> = steps.map(|step| step.line).collect();
    format!("put tea 100 stock=5 -> new v1 5/0\n{}\n", lines.join("\n"))
}

fn command(name: &str, version: u32) -> String {
    match name {
        "pay" => "pay A 300".to_owned(),
        "ship_part" => format!("ship A T9 1*1 v={version}"),
        "expire" => "at 100\nexpire A".to_owned(),
        "ship_all" => format!("ship A T9 v={version}"),
        "correct" => format!("correct A T9 v={version}"),
        other => format!("{other} A"),
    }
}

fn event(command: &str) -> &str {
    match command {
        "correct" => "correct_shipment",
        "auto" => "receive_automatically",
        other => other,
    }
}

#[test]
fn a_life_from_cart_to_doorstep() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*3                  -> new pending_payment v1 300
        pay A 300                      -> paid v2
        stock tea                      -> 2/0
        ship A T1 1*1 v=2              -> paid v3
        order A                        -> paid v3 paid partial
        ship A T2 1*1 v=3              -> paid v4
        ship A T3 1*1 v=4              -> shipped v5
        correct A T4 v=5               -> shipped v6
        auto A                         -> completed v7
        order A                        -> completed v7 paid received
        stock tea                      -> 2/0
        ",
    );
}

#[test]
fn time_runs_out_once_the_deadline_is_reached() {
    check(
        "
        put tea 100 stock=5            -> new v1 5/0
        place A tea*3 until=50         -> new pending_payment v1 300
        at 49
        expire A                       -> not_expired
        at 50
        expire A                       -> closed v2
        order A                        -> closed v2 unpaid unfulfilled timeout
        stock tea                      -> 5/0
        ",
    );
}

/// An order of two lines, paid.
const TWO_LINES: &str = "
    put tea 100 stock=9            -> new v1 9/0
    put cup 50 stock=9             -> new v1 9/0
    place A tea*1 cup*2            -> new pending_payment v1 200
    pay A 200                      -> paid v2
";

#[test]
fn units_of_a_refund_under_way_are_not_sent() {
    let mut shop = check(TWO_LINES);
    more(
        &mut shop,
        "
        refund A 2*1                   -> refund 1 created of 50
        ship A T1 2*2 v=2              -> refund_under_way 2 1
        ship A T1 v=2                  -> refund_under_way 2 1
        ship A T1 2*3 v=2              -> quantity_exceeds_unshipped 2 2
        ship A T1 1*1 2*1 v=2          -> paid v3
        ship A T2 2*1 v=3              -> refund_under_way 2 0
        back A.1 failed code=no src=query -> applied
        ship A T2 v=3                  -> shipped v4
        refund A 2*1                   -> refund 2 created of 50
        receive A                      -> completed v5
        ",
    );
}

#[test]
fn an_order_is_shipped_once_what_was_not_sent_is_given_back() {
    let mut shop = check(TWO_LINES);
    more(
        &mut shop,
        "
        ship A T1 1*1 v=2              -> paid v3
        refund A 2*1                   -> refund 1 created of 50
        back A.1 succeeded             -> applied
        order A                        -> paid v4 partially_refunded partial
        refund A 2*1                   -> refund 2 created of 50
        back A.2 succeeded             -> applied
        order A                        -> shipped v6 partially_refunded shipped
        receive A                      -> completed v7
        ",
    );
}

#[test]
fn an_order_of_which_nothing_was_sent_is_not_shipped_by_a_refund() {
    let mut shop = check(TWO_LINES);
    more(
        &mut shop,
        "
        refund A 150                   -> refund 1 created of 150
        back A.1 succeeded             -> applied
        refund A 1*1 2*1               -> refund 2 created of 50
        back A.2 succeeded             -> applied
        order A                        -> closed v4 refunded unfulfilled refunded
        ",
    );
}
