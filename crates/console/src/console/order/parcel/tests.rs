//! Owns the tests of the parcel's form: what is left, what is sent of it, and where each refusal is shown.

use maud::Render as _;

use super::*;
use crate::answers::Packed;
use crate::form::Trouble;

/// An order of three teas, two cups and a pot, one tea of which is in a parcel.
const ORDER: &str = r#"{"order_no":"ord_1","status":"paid","payment_status":"paid","fulfillment_status":"partial","version":3,
    "customer_id":"c-1","total":{"amount":600,"currency":"CNY"},"created_at":"","updated_at":"","expires_at":"",
    "lines":[
        {"line":1,"sku":"tea","name":"Tea <b>","quantity":3,"unit_price":{"amount":100,"currency":"CNY"},"total":{"amount":300,"currency":"CNY"}},
        {"line":2,"sku":"cup","name":"Cup","quantity":2,"unit_price":{"amount":100,"currency":"CNY"},"total":{"amount":200,"currency":"CNY"}},
        {"line":3,"sku":"pot","name":"Pot","quantity":1,"unit_price":{"amount":100,"currency":"CNY"},"total":{"amount":100,"currency":"CNY"}}],
    "shipments":[{"carrier":"SF","tracking_no":"<i>1","lines":[{"line":1,"quantity":1}],"shipped_at":"2026-11-23T19:07:59.000Z"}]}"#;

fn order() -> Order {
    serde_json::from_str(ORDER).expect("it is an order")
}

/// With a refund of one cup.
fn payment(status: &str, code: Option<&str>) -> Payment {
    let refund = json!({"refund_id": "rfd_1", "payment_id": "pay_1", "order_no": "ord_1", "status": status, "code": code,
        "amount": {"amount": 100, "currency": "CNY"}, "cause": "requested", "reason": "torn",
        "lines": [{"line": 2, "quantity": 1, "restock": false}], "created_at": "", "updated_at": ""});
    let yuan = json!({"amount": 600, "currency": "CNY"});
    let payment = json!({"payment_id": "pay_1", "order_no": "ord_1", "status": "paid", "amount": yuan, "captured": yuan,
        "refunded": yuan, "refundable": yuan, "attempts": [], "refunds": [refund], "created_at": "", "updated_at": ""});
    serde_json::from_value(payment).expect("it is a payment")
}

fn typed(pairs: &Value) -> Typed {
    serde_json::from_value(pairs.clone()).expect("it is a form")
}

fn refused(problem: &Value) -> Refused {
    serde_json::from_value(problem.clone()).expect("it is a problem")
}

#[test]
fn what_is_in_parcels_or_given_back_is_not_left() {
    let order = order();
    for (status, code, cups) in [
        ("succeeded", None, 1),
        ("awaiting_approval", None, 1),
        ("submitted", None, 1),
        ("unknown", None, 1),
        ("failed", None, 2),
        ("rejected", None, 2),
        ("failed", Some("sent_back: closed"), 1),
        ("failed", Some("closed"), 2),
    ] {
        let payment = payment(status, code);
        let units: Vec<_> = left(&order, Some(&payment)).iter().map(|left| left.units).collect();
        assert_eq!(units, [2, cups, 1], "{status} {code:?}");
    }
    let units: Vec<_> = left(&order, None).iter().map(|left| left.units).collect();
    assert_eq!(units, [2, 2, 1], "nothing was paid");
}

/// Whoever sends the form as it stands sends all that is left.
#[test]
fn the_fields_are_filled_with_all_that_is_left() {
    let mut order = order();
    order.shipments[0].lines.push(Packed { line: 3, quantity: 1 });
    let (asked, left) = (Typed::default(), left(&order, None));
    let shown = fields(&left, (&asked, Draft::default()), Lang::En).into_string();
    for field in [r#"name="units_1" value="2""#, r#"name="units_2" value="2""#, "left to send: 2 of 3"] {
        assert!(shown.contains(field), "{field} is missing in {shown}");
    }
    assert!(!shown.contains("units_3"), "nothing is left of the pot: {shown}");
    assert!(shown.contains("Tea &lt;b&gt; (tea)") && !shown.contains("<b>"), "{shown}");
    let zh = fields(&left, (&asked, Draft::default()), Lang::Zh).into_string();
    assert!(zh.contains("发货数量") && zh.contains("待发 2，共 3"), "{zh}");
}

#[test]
fn a_parcel_is_what_was_typed() {
    for (form, lines) in [
        (json!({"units_1": "2", "units_2": "2", "units_3": "1"}), json!([[1, 2], [2, 2], [3, 1]])),
        (json!({"units_1": " 1 ", "units_2": "0", "units_3": ""}), json!([[1, 1]])),
        (json!({"units_1": "0", "units_2": "00"}), json!([])),
        (json!({"units_3": "1", "units_x": "1", "units_2001": "1"}), json!([[3, 1]])),
        (json!({"units_1": "-1", "units_2": "some"}), json!([[1, -1], [2, "some"]])),
        (json!({}), json!([])),
    ] {
        let mut whole = form.clone();
        (whole["carrier"], whole["tracking_no"]) = (json!(" SF "), json!("SF2"));
        let wanted: Vec<_> = lines.as_array().expect("pairs").iter().collect();
        let wanted: Vec<_> = wanted.iter().map(|pair| json!({"line": pair[0], "quantity": pair[1]})).collect();
        let body = json!({"carrier": "SF", "tracking_no": "SF2", "lines": wanted});
        assert_eq!(wish(&typed(&whole)), body, "{form}");
    }
}

/// Each refusal stands at the field that it is about, whatever lines are left out before it.
#[test]
fn what_is_refused_stands_at_its_line() {
    let form = json!({"units_1": "0", "units_2": "2", "units_3": "7"});
    let of = |code: &str, more: Value| {
        let mut problem = json!({"status": 409, "code": code, "title": "t", "detail": "three is too many"});
        problem.as_object_mut().expect("an object").extend(more.as_object().expect("members").clone());
        refused(&problem)
    };
    let at = |place: &str| json!({"errors": [{"pointer": place, "message": "three is too many"}]});
    for (refused, wrong) in [
        (of("quantity_exceeds_unshipped", json!({"line": 3, "left": 1})), Some(3)),
        (of("refund_under_way", json!({"line": 2, "left": 1})), Some(2)),
        (of("validation_failed", at("/lines/0/quantity")), Some(2)),
        (of("validation_failed", at("/lines/1/quantity")), Some(3)),
        (of("line_not_found", json!({})), None),
        (of("quantity_exceeds_unshipped", json!({"line": 9, "left": 0})), None),
    ] {
        let (code, typed) = (refused.code.clone(), typed(&form));
        let trouble = Trouble { deed: "ship".to_owned(), refused: at_its_field(refused, &typed), typed };
        let (asked, order) = (Typed::default(), order());
        let draft = Draft::of("ship", Some(&trouble), &asked);
        for left in left(&order, None) {
            let shown = fields(&[left], (&trouble.typed, draft), Lang::En).render().into_string();
            let is_wrong = wrong.is_some_and(|line| shown.contains(&format!("units_{line}")));
            assert_eq!(shown.contains("three is too many"), is_wrong, "{code}: {shown}");
        }
    }
    let empty = typed(&json!({"units_1": "0"}));
    let trouble = Trouble { deed: "ship".to_owned(), refused: of("validation_failed", at("/lines")), typed: empty };
    let (asked, order) = (Typed::default(), order());
    let draft = Draft::of("ship", Some(&trouble), &asked);
    let shown = fields(&left(&order, None), (&trouble.typed, draft), Lang::En).into_string();
    assert!(shown.contains(r#"<p class="wrong">three is too many</p>"#), "{shown}");
    assert!(shown.contains(r#"name="units_1" value="0""#), "what was typed is kept: {shown}");
}

/// Sent again it is the same wish, though it may have been done: what it held stands in it, and cannot be changed.
#[test]
fn a_wish_that_is_not_over_keeps_its_lines() {
    let mut order = order();
    order.shipments[0].lines = vec![Packed { line: 1, quantity: 3 }, Packed { line: 2, quantity: 2 }];
    for (status, code, keeps) in [(503, "outcome_pending", true), (412, "version_mismatch", false)] {
        let typed = typed(&json!({"key": "form-1", "units_1": "2", "units_2": "0"}));
        let refused = refused(&json!({"status": status, "code": code, "title": "t", "detail": "d"}));
        let trouble = Trouble { deed: "ship".to_owned(), typed, refused };
        let asked = Typed::default();
        let draft = Draft::of("ship", Some(&trouble), &asked);
        let shown = fields(&left(&order, None), (&trouble.typed, draft), Lang::En).into_string();
        let has = |line: &str| shown.contains(&format!("name=\"units_{line}\""));
        assert_eq!((has("1"), has("2"), has("3")), (keeps, false, true), "{code}: {shown}");
        assert_eq!(shown.contains(r#"value="2""#), keeps, "{code}: {shown}");
    }
}

#[test]
fn parcels_are_shown_with_what_is_in_them() {
    let shown = sent_parcels(&order(), Lang::En).into_string();
    assert!(shown.contains("1 × Tea &lt;b&gt;") && shown.contains("<code>&lt;i&gt;1</code>"), "{shown}");
    let unsent = Order { shipments: Vec::new(), ..order() };
    assert_eq!(sent_parcels(&unsent, Lang::Zh).into_string(), "");
}
