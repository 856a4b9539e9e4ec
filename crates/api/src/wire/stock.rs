//! Owns the JSON of what moved a product's stock.

use domain::stock::Source;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::time;

/// One change of what there is of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockMovement {
    /// Signed.
    quantity: i64,
    /// What moved it: `initial`, the first stock of a new product; `by_hand`; `sale`, when an order was paid; or `return`,
    /// goods that came back with a refund.
    source: &'static str,
    /// The id of the movement by hand.
    movement_id: Option<String>,
    /// The order that was paid.
    order_no: Option<String>,
    /// The refund with which goods came back.
    refund_id: Option<String>,
    /// The words of whoever moved it by hand.
    reason: Option<String>,
    /// Who did, as `kind:name`; null of what was moved before that was written down.
    #[schema(example = "service:checkout")]
    actor: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

impl StockMovement {
    pub(crate) fn of(movement: &store::StockMovement) -> Self {
        let (source, movement_id, order_no, refund_id) = match movement.source {
            Source::Initial => ("initial", None, None, None),
            Source::Manual(id) => ("by_hand", Some(id.to_string()), None, None),
            Source::Sale(order_no) => ("sale", None, Some(order_no.to_string()), None),
            Source::Return(refund) => ("return", None, None, Some(refund.to_string())),
        };
        Self {
            quantity: movement.quantity,
            source,
            movement_id,
            order_no,
            refund_id,
            reason: movement.reason.clone(),
            actor: movement.actor.clone(),
            created_at: time(movement.at),
        }
    }
}
