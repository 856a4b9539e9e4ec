//! Owns the routes, and what a key promises on each of them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use axum::routing::{get, post};
use axum::{Router, middleware};
use idempotency::layer::{Idempotency, Misconfigured, Policy, Reading, Scope};

use crate::payment::AskTheProvider;
use crate::{Shop, caller, orders, page, payment, provider};

/// An order takes milliseconds. Who has been silent for so long is dead, and the next to come executes.
const ORDER_TIME: Duration = Duration::from_secs(5);
/// The provider may be slow; longer than a call to it may take.
const PAYMENT_TIME: Duration = Duration::from_secs(8);
/// A key is shorter than this only if somebody made it up.
const KEY_BITS_MIN: u32 = 64;
/// No request of this shop is longer.
const BODY_BYTES_MAX: usize = 16 << 10;

/// Everything that is served; or why a policy cannot hold.
pub fn all(keys: &Idempotency, shop: Shop) -> Result<Router, Misconfigured> {
    let caller = Scope::of(|parts| parts.extensions.get::<caller::Caller>().map(|caller| caller.name.clone()));

    // The order is in our database: it stands or falls with its answer.
    let placing = Policy::transactional(caller.clone())
        .fingerprint(Reading::json())
        .min_entropy(KEY_BITS_MIN)
        .body_bytes_max(BODY_BYTES_MAX)
        .handler_timeout(ORDER_TIME)
        .lease(ORDER_TIME);
    // The charge is in somebody else's: who died may have made it, and only the provider can say.
    let paying = Policy::at_most_once(caller)
        .min_entropy(KEY_BITS_MIN)
        .body_bytes_max(BODY_BYTES_MAX)
        .handler_timeout(PAYMENT_TIME)
        .lease(PAYMENT_TIME)
        .retention(2 * provider::REMEMBERS)
        .outlives("the payment provider", provider::REMEMBERS)
        .resolver(Arc::new(AskTheProvider { shop: shop.clone() }));

    let placing = keys.route(Method::POST, "/orders", placing)?;
    let paying = keys.route(Method::POST, "/orders/{id}/pay", paying)?;
    let guarded = Router::new()
        .route("/orders", post(orders::place).route_layer(placing))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/pay", post(payment::pay).route_layer(paying))
        // Outside of the keys: who is nobody touches none.
        .route_layer(middleware::from_fn_with_state(shop.clone(), caller::authenticate));
    let open = Router::new()
        .route("/", get(page::open))
        .route("/page.js", get(page::script))
        .route("/products/{item}", get(orders::product));
    Ok(guarded.merge(open).with_state(shop).merge(keys.routes()))
}
