//! Owns how the tests spell an answer: JSON with the fields that the store itself looks at, and an entity tag.

use domain::{Command, Outcome, Reply};
use engine::Render;
use idempotency::Answer;
use serde_json::{Value, json};

/// Spells an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Render for Json {
    fn render(&self, command: &Command, outcome: &Outcome) -> Answer {
        let (status, version, body) = match outcome {
            Outcome::Refused(refusal) => {
                (409, None, json!({ "code": refusal.code(), "request_id": command.request_id }))
            }
            Outcome::Accepted(accepted) => spell(&accepted.reply),
        };
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(version.map(|version| ("etag".to_owned(), format!("\"{version}\""))));
        Answer { status, headers, body: body.to_string().into_bytes().into() }
    }
}

fn spell(reply: &Reply) -> (u16, Option<u32>, Value) {
    let code = |created: bool| if created { 201 } else { 200 };
    match reply {
        Reply::Product { product, stock, created } => {
            let body = json!({ "sku": product.sku.as_str(), "name": product.name.as_str(), "on_hand": stock.on_hand });
            (code(*created), Some(product.version), body)
        }
        Reply::StockMoved { movement, stock } => {
            (201, None, json!({ "quantity": movement.quantity, "on_hand": stock.on_hand }))
        }
        Reply::NumberIssued(number) => (201, None, json!({ "order_no": number.order_no.to_string() })),
        Reply::Order { order, created } => {
            let body = json!({
                "order_no": order.order_no.to_string(),
                "status": order.status.name(),
                "total": order.total.minor,
                "lines": order.lines.len(),
            });
            (code(*created), Some(order.version), body)
        }
        Reply::Payment { payment, created } => {
            let body = json!({ "payment_id": payment.id.to_string(), "status": payment.status.name() });
            (code(*created), Some(payment.version), body)
        }
        Reply::Refund { payment, refund, created } => {
            let body = json!({ "refund_id": refund.to_string(), "left": payment.captured - payment.refund_reserved });
            (code(*created), Some(payment.version), body)
        }
        Reply::RefundPolicy(policy) => {
            let body = json!({ "limits": policy.limits.iter().map(|limit| limit.minor).collect::<Vec<_>>() });
            (200, Some(policy.version), body)
        }
        Reply::Person { person, created } => {
            let body = json!({ "person_id": person.id.to_string(), "role": person.role.name(), "epoch": person.epoch });
            (code(*created), Some(person.version), body)
        }
        Reply::Tenant { tenant, created } => {
            let body = json!({ "tenant_id": tenant.public_id.to_string(), "status": tenant.status.name() });
            (code(*created), Some(tenant.version), body)
        }
        Reply::Review(review) => {
            let resolution = review.resolved.as_ref().map(|resolved| resolved.resolution.as_str());
            (200, None, json!({ "review_id": review.id.to_string(), "resolution": resolution }))
        }
        Reply::Channel(account) => (200, None, json!({ "id": account.id.to_string(), "on": account.is_enabled })),
        Reply::ApiKey { key, created } => {
            let revoked_at = key.revoked_at.map(|at| at.0);
            (code(*created), None, json!({ "api_key_id": key.name.to_string(), "revoked_at": revoked_at }))
        }
        Reply::SessionEnded => (204, None, json!(null)),
        Reply::SessionRules(policy) => (200, Some(policy.version), json!({ "rules": policy.rules.to_string() })),
        Reply::CheckoutPolicy(standing) => {
            (200, Some(standing.version), json!({ "policy": standing.policy.to_string() }))
        }
        Reply::Noted(became) => (200, None, json!({ "became": became.name() })),
    }
}
