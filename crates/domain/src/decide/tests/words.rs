//! Owns how the tables spell an outcome: refusals by their code and what they name, rows by what they hold.

use crate::text::Sku;
use crate::{Order, Outcome, Payment, Refusal, Reply, StockItem, order, payment, product, stock};

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

/// Its standing and sums, then each attempt and each refund.
pub(super) fn payment(payment: &Payment) -> String {
    let mut words = vec![format!("{} v{}", payment.status, payment.version)];
    if payment.captured > 0 {
        words.push(format!("{}/{}/{}", payment.captured, payment.refund_reserved, payment.refunded));
    }
    words.extend(payment.attempts.iter().map(|attempt| attempt.status.to_string()));
    words.extend(payment.refunds.iter().map(|refund| format!("{}:{}", refund.cause, refund.status)));
    words.join(" ")
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
        Reply::Payment { payment, .. } => self::payment(payment),
        Reply::Refund { payment, refund, .. } => {
            let refund = payment.refund(*refund).expect("the reply names one of its refunds");
            format!("refund {} {} of {}", refund.number, refund.status, refund.amount)
        }
        Reply::Review(review) => format!("review {}", review.id),
        Reply::Channel(account) => format!("channel {} {}", account.id, account.is_enabled),
        Reply::SessionEnded => "over".to_owned(),
        Reply::SessionRules(policy) => format!("v{} {}", policy.version, policy.rules),
        Reply::CheckoutPolicy(standing) => format!("v{} {}", standing.version, standing.policy),
        Reply::RefundPolicy(policy) => {
            let limits: Vec<_> =
                policy.limits.iter().map(|limit| format!("{} {}", limit.minor, limit.currency)).collect();
            format!("v{} {}", policy.version, limits.join(" ")).trim_end().to_owned()
        }
        Reply::Noted(became) => became.name().to_owned(),
        Reply::Person { person, created } => {
            format!("{}{} {} v{}", new(*created), person.role.name(), person.status.name(), person.version)
        }
        Reply::ApiKey { key, created } => format!("{}{} {}", new(*created), key.role.name(), key.name),
        Reply::Tenant { tenant, created } => format!("{}{} v{}", new(*created), tenant.status.name(), tenant.version),
    }
}

const fn new(created: bool) -> &'static str {
    if created { "new " } else { "" }
}

/// What a refusal names, with a blank in front.
fn named(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Product(
            product::Refusal::VersionMismatch { current, .. } | product::Refusal::Exists { current, .. },
        )
        | Refusal::Order(order::Refusal::VersionMismatch { current, .. })
        | Refusal::Payment(payment::Refusal::PolicyChanged { current }) => format!(" {current}"),
        Refusal::Stock(stock::Refusal::ProductNotFound(skus) | stock::Refusal::Insufficient(skus)) => {
            format!(" {}", skus.iter().map(Sku::as_str).collect::<Vec<_>>().join(","))
        }
        Refusal::Order(order::Refusal::InvalidTransition { from, event }) => format!(" {from} {event}"),
        Refusal::Order(order::Refusal::AnotherPending(order_no)) => {
            format!(" {}", char::from(order_no.bits().to_be_bytes()[15]))
        }
        Refusal::Order(order::Refusal::CurrencyMismatch(sku)) => format!(" {sku}"),
        Refusal::Order(order::Refusal::LineNotFound(line)) => format!(" {line}"),
        Refusal::Order(
            order::Refusal::TooManyShipped { line, left }
            | order::Refusal::TooManyRefunded { line, left }
            | order::Refusal::RefundUnderWay { line, left },
        ) => format!(" {line} {left}"),
        Refusal::Payment(payment::Refusal::NotAwaiting { status, .. }) => format!(" {status}"),
        Refusal::Payment(payment::Refusal::ExceedsCaptured { left }) => format!(" {left}"),
        _ => String::new(),
    }
}
