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
use crate::provider::{self, Outcome};

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
    let Some(due_cents) = due? else {
        // Paid under this key so long ago that its answer is not kept any more: neither shop nor provider begins anew.
        let is_paid = is_paid(&shop, &caller, order, &number).await?;
        let paid = || (StatusCode::OK, axum::Json(told_paid(order))).into_response();
        return if is_paid { Ok(paid()) } else { Err(Failure::PaidElsewhere) };
    };
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
            Ok(None) if self.is_remembered(&number).await => return Resolution::NotExecuted,
            Ok(None) => {
                tracing::error!(
                    number,
                    "the provider may have forgotten this charge; somebody must look at its statement"
                );
                return Resolution::StillUnknown;
            }
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

impl AskTheProvider {
    /// Whether the provider would still know this charge, had it been made.
    async fn is_remembered(&self, number: &str) -> bool {
        let within = provider::PROVES.as_secs_f64();
        let asked = "SELECT charged_at > now() - make_interval(secs => $2) FROM orders WHERE charge = $1";
        let asked = sqlx::query_scalar(asked).bind(number).bind(within).fetch_optional(&self.shop.pool).await;
        // Where no order is tied to it, the charge was never asked for.
        asked.is_ok_and(|is_young: Option<bool>| is_young != Some(false))
    }
}

/// Ties the order to this number, so that no other payment of it begins; what is to be paid.
async fn reserve(shop: &Shop, caller: &Caller, order: i64, number: &str) -> Result<Option<i64>, sqlx::Error> {
    let update = "UPDATE orders SET charge = $3, charged_at = coalesce(charged_at, now()) \
                  WHERE id = $1 AND account = $2 AND state = 'placed' AND coalesce(charge, $3) = $3 \
                  RETURNING total_cents";
    sqlx::query_scalar(update).bind(order).bind(&caller.name).bind(number).fetch_optional(&shop.pool).await
}

/// Whether the order was paid by the charge of this number.
async fn is_paid(shop: &Shop, caller: &Caller, order: i64, number: &str) -> Result<bool, sqlx::Error> {
    let paid = "SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1 AND account = $2 AND charge = $3 AND state = 'paid')";
    sqlx::query_scalar(paid).bind(order).bind(&caller.name).bind(number).fetch_one(&shop.pool).await
}

fn told_paid(order: i64) -> Value {
    json!({"order": order, "state": "paid"})
}

/// Writes what came of a charge, and gives the answer. Written again it is the same.
async fn record(shop: &Shop, number: &str, outcome: Outcome) -> Result<(StatusCode, Value), sqlx::Error> {
    match outcome {
        Outcome::Charged => {
            let update = "UPDATE orders SET state = 'paid' WHERE charge = $1 RETURNING id";
            let order: i64 = sqlx::query_scalar(update).bind(number).fetch_one(&shop.pool).await?;
            Ok((StatusCode::OK, told_paid(order)))
        }
        Outcome::Declined => {
            // The order may be paid in another way.
            let update = "UPDATE orders SET charge = NULL, charged_at = NULL WHERE charge = $1";
            sqlx::query(update).bind(number).execute(&shop.pool).await?;
            Ok((StatusCode::PAYMENT_REQUIRED, json!({"code": "declined", "title": "The payment was declined"})))
        }
    }
}
