//! Owns the demo shop: what a customer sees. Its pages ask the API as the customer, and so do their scripts.

mod cart;
mod catalogue;
mod checkout;
mod me;
mod orders;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::json;

use crate::inside::Change;
use crate::refused::Refused;
use crate::visit::{Me, Pages, Visit};

/// Every page, below `/shop`.
pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/", get(catalogue::page))
        .route("/products/{sku}", get(catalogue::product))
        .route("/cart", get(cart::page).post(cart::change))
        .route("/checkout", post(checkout::open))
        .route("/checkout/{order_no}", get(checkout::page).post(checkout::place))
        .route("/orders", get(orders::page))
        .route("/orders/{order_no}", get(orders::order))
        .route("/orders/{order_no}/pay", post(orders::pay))
        .route("/me", get(me::page))
        .route("/log-in", post(me::log_in))
        .route("/log-out", post(me::log_out))
        .route("/sessions/{session_id}/end", post(me::end))
}

/// Somebody who looks at the shop: a member, or a guest from their first page on.
pub(super) struct Shopper {
    visit: Visit,
    /// What their browser is to keep.
    kept: HeaderMap,
}

impl Shopper {
    /// As whom they buy.
    fn person_id(&self) -> &str {
        self.visit.me.as_ref().map_or("", |me| me.person_id.as_str())
    }
}

impl FromRequestParts<Pages> for Shopper {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Response> {
        let Ok(visit) = Visit::from_request_parts(parts, pages).await;
        if visit.inside.has_session() {
            match visit.inside.get::<Me>("/me").await {
                Ok(me) if !me.is_staff() => {
                    return Ok(Self { visit: Visit { me: Some(me), ..visit }, kept: HeaderMap::new() });
                }
                Err(refused) if !refused.is_nobody() => return Err(refused.page(&visit)),
                Ok(_) | Err(_) => {}
            }
        }
        // A form that comes without a session is of a page that is not theirs any more, or of another site: there a browser sends
        // no cookie along, and a new guest's would take the place of the member's whom it left out.
        if !parts.method.is_safe() {
            return Err(Redirect::to("/shop").into_response());
        }
        be_guest(visit).await
    }
}

/// Whoever comes is a guest, until they log in and keep what they began.
async fn be_guest(visit: Visit) -> Result<Shopper, Response> {
    let body = json!({"device": {"type": "web", "name": "demo shop"}, "keep": "cookie"});
    let change = Change { method: Method::POST, path: "/guests".to_owned(), body: Some(body), ..Change::default() };
    // The page asks for it, whatever page the browser came from: there is no session that another site could use.
    let nobody = visit.inside.clone().without_session().of_this_site();
    let begun = async {
        let reply = nobody.send(change).await?;
        let me: Me = reply.read()?;
        Ok::<_, Refused>((reply, me))
    };
    match begun.await {
        Ok((reply, me)) => {
            let kept = visit.inside.kept(&reply);
            let inside = visit.inside.clone().with_session(&reply);
            Ok(Shopper { visit: Visit { inside, me: Some(me), ..visit }, kept })
        }
        Err(refused) => Err(refused.page(&visit)),
    }
}
