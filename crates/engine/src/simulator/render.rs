//! Owns how the simulator spells an answer. The HTTP interface has the real one, on a floor above.

use domain::{Command, Order, Outcome, Reply};
use idempotency::Answer;

use crate::Render;

/// Spells an outcome with its ids, and the request's id where it is refused, as a stored problem has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl Render for Plain {
    fn render(&self, command: &Command, outcome: &Outcome) -> Answer {
        let (status, headers, body) = match outcome {
            Outcome::Refused(refusal) => {
                (409, Vec::new(), format!("{} {refusal} {}", refusal.code(), command.request_id))
            }
            Outcome::Accepted(accepted) => {
                let (created, headers, body) = spell(&accepted.reply);
                (if created { 201 } else { 200 }, headers, body)
            }
        };
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Answer { status, headers, body: body.into_bytes().into() }
    }
}

type Headers = Vec<(&'static str, String)>;

fn spell(reply: &Reply) -> (bool, Headers, String) {
    match reply {
        Reply::Product { product, stock, created } => {
            let headers = vec![("location", product.sku.to_string()), ("etag", format!("\"{}\"", product.version))];
            (
                *created,
                headers,
                format!("{} {} {}/{}", product.name, product.price.minor, stock.on_hand, stock.reserved),
            )
        }
        Reply::StockMoved { movement, stock } => {
            let id = format!("{:?}", movement.source);
            (true, vec![("location", id)], format!("{} {}/{}", movement.quantity, stock.on_hand, stock.reserved))
        }
        Reply::NumberIssued(number) => (true, vec![("location", number.order_no.to_string())], String::new()),
        Reply::Order { order, created } => (*created, head(order), lines(order)),
        Reply::Payment { payment, created } => {
            let headers = vec![("payment", payment.id.to_string()), ("minor", payment.amount.minor.to_string())];
            (*created, headers, format!("{} {}", payment.status, payment.version))
        }
        Reply::Refund { payment, refund, created } => {
            let refund = payment.refund(*refund).expect("the reply names one of its refunds");
            let account = payment.attempt(refund.attempt).map_or(0, |attempt| attempt.account.bits());
            let headers = vec![
                ("payment", payment.id.to_string()),
                ("account", account.to_string()),
                ("minor", refund.amount.to_string()),
            ];
            (*created, headers, format!("{} {} {}", refund.id, refund.status, payment.version))
        }
        Reply::RefundPolicy(policy) => {
            (false, vec![("etag", format!("\"{}\"", policy.version))], format!("{:?}", policy.limits))
        }
        Reply::Noted(became) => (false, Vec::new(), became.name().to_owned()),
        Reply::Person { person, created } => (*created, Vec::new(), format!("{} {}", person.id, person.version)),
        Reply::Review(review) => (false, Vec::new(), format!("{} {:?}", review.id, review.resolved)),
        Reply::Channel(account) => (false, Vec::new(), format!("{} {}", account.id, account.is_enabled)),
        Reply::ApiKey { key, created } => (*created, Vec::new(), format!("{} {:?}", key.name, key.revoked_at)),
        Reply::SessionEnded => (false, Vec::new(), "over".to_owned()),
        Reply::SessionRules(policy) => (false, Vec::new(), format!("{} {}", policy.rules, policy.version)),
        Reply::CheckoutPolicy(standing) => (false, Vec::new(), format!("{} {}", standing.policy, standing.version)),
        Reply::Tenant { tenant, created } => (*created, Vec::new(), format!("{} {}", tenant.public_id, tenant.version)),
    }
}

/// What the simulated clients read.
fn head(order: &Order) -> Headers {
    vec![
        ("location", order.order_no.to_string()),
        ("etag", format!("\"{}\"", order.version)),
        ("total", order.total.minor.to_string()),
        ("expires", order.expires_at.0.to_string()),
    ]
}

fn lines(order: &Order) -> String {
    let lines = order.lines.iter().map(|line| format!(" {}*{}@{}", line.sku, line.quantity, line.unit_price.minor));
    format!("{} {} {}{}", order.customer_id, order.status, order.updated_at.0, lines.collect::<String>())
}
