//! Owns moving a product's stock by hand: a delivery, a count, a loss.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use domain::access::Permission;
use http::Method;
use maud::{Markup, html};
use serde_json::json;

use super::shown;
use crate::console::products::put;
use crate::form::{self, Deed, Draft, Field, Trouble, Typed};
use crate::inside::{Change, part};
use crate::lang::Lang;
use crate::visit::{Staff, Visit};

/// The form on the product's page.
const MOVE: &str = "stock";

/// Does it.
pub(in crate::console) async fn act(
    Staff(visit): Staff,
    Path(sku): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let body = json!({"quantity": typed.number("quantity"), "reason": typed.said("reason").trim()});
    let change = Change {
        method: Method::POST,
        path: format!("/products/{}/stock-movements", part(&sku)),
        key: typed.key(),
        body: Some(body),
        ..Change::default()
    };
    match form::send(&visit, change, |_| Ok(form::done(&put::page(&sku), MOVE))).await {
        Ok(response) => response,
        Err(refused) => {
            let trouble = Trouble { deed: MOVE.to_owned(), typed, refused };
            shown(&visit, &sku, &Typed::default(), Some(&trouble)).await
        }
    }
}

/// What to say of what was done.
pub(super) fn done(deed: &str, lang: Lang) -> Option<&'static str> {
    (deed == MOVE).then(|| lang.say("The movement is noted.", "库存变动已记录。"))
}

/// The form.
pub(super) fn moving(visit: &Visit, sku: &str, asked: &Typed, trouble: Option<&Trouble>) -> Markup {
    let draft = Draft::of(MOVE, trouble, asked);
    if !visit.may(Permission::StockMove) && !draft.is_begun() {
        return html! {};
    }
    let lang = visit.lang();
    let (page, word) = (put::page(sku), lang.say("Move stock", "调整库存"));
    let deed = Deed { page: &page, name: MOVE, word, is_danger: false, version: None, says_why: false };
    let fields = html! {
        (Field::number("quantity", lang.say("Units, negative for a loss", "数量（减少填负数）")).required().of(draft, "/quantity"))
        (Field::text("reason", lang.say("Why", "原因")).required().of(draft, "/reason"))
    };
    html! { section.deeds { (form::deed(&deed, draft, &fields, lang)) } }
}
