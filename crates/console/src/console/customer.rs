//! Owns how the customer of an order is shown: by what they are called, on the way to their orders.

use maud::{Markup, html};

use crate::answers::Order;
use crate::inside::part;
use crate::lang::Lang;

/// What the name of a guest begins with. What follows is made of their id, and tells nothing.
const GUEST: &str = "guest:";

/// Who bought. Whom the merchant alone knows is shown by the merchant's id.
pub(super) fn link(order: &Order, lang: Lang) -> Markup {
    html! {
        a href={ "/console/orders?customer=" (part(&order.customer_id)) } {
            @match order.customer_name.as_deref() {
                None => code.id { (order.customer_id) },
                Some(name) if name.starts_with(GUEST) => { (lang.say("guest", "访客")) " " code.id { (order.customer_id) } }
                Some(name) => (name),
            }
        }
    }
}

/// The same with their id, where there is room for it.
pub(super) fn link_and_id(order: &Order, lang: Lang) -> Markup {
    let is_named = order.customer_name.as_deref().is_some_and(|name| !name.starts_with(GUEST));
    html! { (link(order, lang)) @if is_named { " " code { (order.customer_id) } } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_customer_is_shown_by_what_they_are_called() {
        for (name, id, short, long) in [
            (Some("member:anna"), "per_1", "member:anna", "</a> <code>per_1</code>"),
            (Some("member:<b>"), "per_1", "member:&lt;b&gt;", "</a> <code>per_1</code>"),
            (Some("guest:per_2"), "per_2", "guest <code class=\"id\">per_2</code>", "</a>"),
            (None, "c-42", "<code class=\"id\">c-42</code>", "</a>"),
        ] {
            let order = order(id, name);
            let shown = link(&order, Lang::En).into_string();
            assert_eq!(shown, format!("<a href=\"/console/orders?customer={id}\">{short}</a>"), "{name:?}");
            let shown = link_and_id(&order, Lang::En).into_string();
            assert!(shown.ends_with(long), "{shown}");
        }
        let shown = link(&order("a&b", None), Lang::En).into_string();
        assert!(shown.starts_with("<a href=\"/console/orders?customer=a%26b\">"), "{shown}");
    }

    fn order(customer_id: &str, name: Option<&str>) -> Order {
        let order = json!({"order_no": "ord_1", "status": "paid", "payment_status": "paid", "fulfillment_status": "unfulfilled",
            "version": 1, "customer_id": customer_id, "customer_name": name, "lines": [], "shipments": [],
            "total": {"amount": 1, "currency": "CNY"}, "created_at": "", "updated_at": "", "expires_at": ""});
        serde_json::from_value(order).expect("it is an order")
    }
}
