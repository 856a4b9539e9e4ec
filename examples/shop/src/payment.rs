//! Owns paying an order: the charge stands with a provider, so it is made at most once, and the provider is asked when
//! nobody knows whether it was made.

use async_trait::async_trait;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use idempotency::Answer;
use idempotency::layer::{Claim, Numbers, Resolution, Resolver};
use idempotency::protocol::Doubt;
use serde_json::{Value, json};

use crate::Shop;
use crate::caller::Caller;
use crate::problem::Failure;
use crate::provider::Outcome;

/// What the number of a charge is derived for.
const CHARGE: &str = "charge";

/// Asks the provider what became of a payment whose executor is gone.
pub struct AskTheProvider {
    pub shop: Shop,
}

/// Pays an order. Its number with the provider is the same whenever the request is sent.
pub async fn pay(
    State(shop): State<Shop>,
    Extension(caller): Extension<Caller>,
    Path(order): Path<i64>,
    claim: Claim,
) -> Result<Response, Failure> {
    let number = claim.derive(CHARGE);
    let due = reserve(&shop, &caller, order, &number).await;
    if !matches!(due, Ok(Some(_))) {
        // Nothing began, so the key stays free.
        claim.release();
    }
    let due_cents = due?.ok_or(Failure::PaidElsewhere)?;
    // From here on, an error leaves the outcome unknown: the layer asks `AskTheProvider` before anything is done again.
    let outcome = shop.provider.charge(&number, due_cents).await.map_err(Failure::Provider)?;
    let (status, body) = record(&shop, &number, outcome).await?;
    Ok((status, axum::Json(body)).into_response())
}

#[async_trait]
impl Resolver for AskTheProvider {
    async fn resolve(&self, _: &Doubt, numbers: &Numbers) -> Resolution {
        let number = numbers.derive(CHARGE);
        let outcome = match self.shop.provider.find(&number).await {
            Ok(Some(outcome)) => outcome,
            // It is asked for anew under the same number: should the lost call arrive after all, it is the same charge.
            Ok(None) => return Resolution::NotExecuted,
            Err(error) => {
                tracing::warn!(%error, "the provider does not say what became of a charge");
                return Resolution::StillUnknown;
            }
        };
        match record(&self.shop, &number, outcome).await {
            Ok((status, body)) => {
                let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
                Resolution::Executed(Answer { status: status.as_u16(), headers, body: body.to_string().into() })
            }
            Err(error) => {
                tracing::error!(%error, "what became of a charge was not recorded");
                Resolution::StillUnknown
            }
        }
    }
}

/// Ties the order to this number, so that no other payment of it begins; what is to be paid.
async fn reserve(shop: &Shop, caller: &Caller, order: i64, number: &str) -> Result<Option<i64>, sqlx::Error> {
    let update = "UPDATE orders SET charge = $3 WHERE id = $1 AND account = $2 AND coalesce(charge, $3) = $3 \
                  RETURNING total_cents";
    sqlx::query_scalar(update).bind(order).bind(&caller.name).bind(number).fetch_optional(&shop.pool).await
}

/// Writes what came of a charge, and gives the answer. Written again it is the same.
async fn record(shop: &Shop, number: &str, outcome: Outcome) -> Result<(StatusCode, Value), sqlx::Error> {
    match outcome {
        Outcome::Charged => {
            let update = "UPDATE orders SET state = 'paid' WHERE charge = $1 RETURNING id";
            let order: i64 = sqlx::query_scalar(update).bind(number).fetch_one(&shop.pool).await?;
            Ok((StatusCode::OK, json!({"order": order, "state": "paid"})))
        }
        Outcome::Declined => {
            // The order may be paid in another way.
            let update = "UPDATE orders SET charge = NULL WHERE charge = $1";
            sqlx::query(update).bind(number).execute(&shop.pool).await?;
            Ok((StatusCode::PAYMENT_REQUIRED, json!({"code": "declined", "title": "The payment was declined"})))
        }
    }
}
