//! Owns how the tables spell an outcome: refusals by their code and what they name, rows by what they hold.

use crate::text::Sku;
use crate::{Order, Outcome, Refusal, Reply, StockItem, order, product, stock};

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused(refusal) => format!("{}{}", refusal.code(), named(refusal)),
        Outcome::Accepted(accepted) => reply(&accepted.reply),
    }
}

pub(super) fn stock(item: &StockItem) -> String {
    format!("{}/{}", item.on_hand, item.reserved)
}

pub(super) fn order(order: &Order) -> String {
    let reason = order.close_reason.map_or(String::new(), |reason| format!(" {reason}"));
    let (payment, fulfillment) = (order.payment_status(), order.fulfillment_status());
    format!("{} v{} {payment} {fulfillment}{reason}", order.status, order.version)
}

fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Product { product, stock: item, created } => {
            format!("{}v{} {}", new(*created), product.version, stock(item))
        }
        Reply::StockMoved { stock: item, .. } => stock(item),
        Reply::NumberIssued(_) => "issued".to_owned(),
        Reply::Order { order, created: true } => {
            format!("new {} v{} {}", order.status, order.version, order.total.minor)
        }
        Reply::Order { order, created: false } => format!("{} v{}", order.status, order.version),
    }
}

const fn new(created: bool) -> &'static str {
    if created { "new " } else { "" }
}

/// What a refusal names, with a blank in front.
fn named(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Product(product::Refusal::VersionMismatch { current, .. })
        | Refusal::Order(order::Refusal::VersionMismatch { current, .. }) => format!(" {current}"),
        Refusal::Stock(stock::Refusal::ProductNotFound(skus) | stock::Refusal::Insufficient(skus)) => {
            format!(" {}", skus.iter().map(Sku::as_str).collect::<Vec<_>>().join(","))
        }
        Refusal::Order(order::Refusal::InvalidTransition { from, event }) => format!(" {from} {event}"),
        Refusal::Order(order::Refusal::CurrencyMismatch(sku)) => format!(" {sku}"),
        Refusal::Order(order::Refusal::LineNotFound(line)) => format!(" {line}"),
        Refusal::Order(order::Refusal::TooManyShipped { line, left }) => format!(" {line} {left}"),
        _ => String::new(),
    }
}
