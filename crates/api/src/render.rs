//! Owns the answer of every command, byte for byte as it is stored: status, headers and body.

use domain::{Command, Outcome, Reply};
use engine::Render;
use idempotency::Answer;
use serde::Serialize;

use crate::problem::Problem;
use crate::wire;

/// Renders outcomes as the HTTP contract has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renderer;

impl Render for Renderer {
    fn render(&self, command: &Command, outcome: &Outcome) -> Answer {
        match outcome {
            Outcome::Accepted(accepted) => accepted_answer(&accepted.reply),
            Outcome::Refused(refusal) => {
                let problem = Problem::refused(refusal, &command.action);
                Answer {
                    status: problem.status(),
                    headers: problem.headers(),
                    body: problem.body(&command.request_id).into(),
                }
            }
        }
    }
}

fn accepted_answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Product { product, stock, created } => {
            let path = wire::product_path(&product.sku);
            answer(*created, &wire::Product::of(product, stock), Some(path), Some(product.version))
        }
        Reply::StockMoved { movement, stock } => answer(true, &wire::Movement::of(movement, stock), None, None),
        Reply::NumberIssued(number) => answer(true, &wire::OrderNumber::of(number), None, None),
        Reply::Order { order, created } => {
            let path = created.then(|| wire::order_path(order.order_no));
            answer(*created, &wire::Order::of(order), path, Some(order.version))
        }
        Reply::Payment { payment, created } => {
            let path = wire::payment_path(payment.id);
            answer(*created, &wire::Payment::of(payment), Some(path), Some(payment.version))
        }
        Reply::Refund { payment, refund, created } => {
            let body = payment.refund(*refund).map(|refund| wire::Refund::of(payment, refund));
            answer(*created, &body, Some(wire::refund_path(*refund)), None)
        }
        Reply::RefundPolicy(policy) => answer(false, &wire::RefundPolicy::of(policy), None, Some(policy.version)),
        Reply::Person { person, created } => {
            answer(*created, &wire::Person::of(person), Some(wire::person_path(person)), Some(person.version))
        }
        Reply::Tenant { tenant, created } => {
            let path = wire::tenant_path(tenant.public_id);
            answer(*created, &wire::Tenant::of(tenant), Some(path), Some(tenant.version))
        }
        Reply::Review(review) => answer(false, &wire::Review::of(review), None, None),
        Reply::Channel(account) => answer(false, &wire::Switched::of(account), None, None),
        Reply::ApiKey { key, created } => answer(*created, &wire::ApiKey::of(key), None, None),
        Reply::SessionEnded => Answer { status: 204, headers: Vec::new(), body: Vec::new().into() },
        Reply::SessionRules(policy) => answer(false, &wire::SessionRules::of(policy), None, Some(policy.version)),
        Reply::CheckoutPolicy(standing) => {
            answer(false, &wire::CheckoutPolicy::of(standing), None, Some(standing.version))
        }
        Reply::Noted(became) => answer(false, &wire::Noted { became: became.name() }, None, None),
    }
}

fn answer(created: bool, body: &impl Serialize, location: Option<String>, version: Option<u32>) -> Answer {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(location.filter(|_| created).map(|path| ("location".to_owned(), path)));
    headers.extend(version.map(|version| ("etag".to_owned(), wire::entity_tag(version))));
    let body = serde_json::to_vec(body).expect("answers are plain structs of texts and numbers");
    Answer { status: if created { 201 } else { 200 }, headers, body: body.into() }
}
