//! Owns the first page of the console: how the shop stands at this moment.

use axum::response::{IntoResponse as _, Response};
use maud::html;

use crate::answers::{List, Order};
use crate::layout;
use crate::show;
use crate::visit::Staff;

/// The page.
pub(super) async fn page(Staff(visit): Staff) -> Response {
    let lang = visit.lang();
    let title = lang.say("Overview", "概览");
    let latest: List<Order> = match visit.inside.get("/orders?limit=10").await {
        Ok(list) => list,
        Err(refused) => return refused.page(&visit),
    };
    let body = html! {
        h1 { (title) }
        section {
            h2 { (lang.say("The latest orders", "最新订单")) }
            table.cards {
                tbody {
                    @for order in &latest.data {
                        tr {
                            td { a href={ "/console/orders/" (order.order_no) } { code { (order.order_no) } } }
                            td { (show::time(&order.created_at)) }
                            td { (show::status(&order.status, lang)) }
                            td.number { (order.total.text()) }
                        }
                    }
                }
            }
        }
    };
    layout::page(&visit, title, &body).into_response()
}
