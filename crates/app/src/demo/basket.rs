//! Owns what the demo's customers buy in peace: one or two products of which there are plenty, and a word to the shop now and then.

use serde_json::{Value, json};

use super::shelves::plenty;

/// What is dear, and how many of it are: more than anybody may give back alone.
const DEAR: (&str, i64) = ("scarf-silk", 5);
/// So many fen may be given back without a second person.
pub const ALONE_UP_TO: i64 = 120_000;
/// What customers write; most write nothing.
const NOTES: &[(usize, &str)] = &[
    (4, "请放在菜鸟驿站，谢谢"),
    (13, "Please ring twice, the bell is quiet."),
    (22, "送人的，请不要放价格单"),
    (31, "A gift: no invoice in the parcel, please."),
];
/// One customer in so many writes what stands there.
const NOTES_EACH: usize = 40;

/// An order of this customer; what is in it follows from its number.
pub fn order(number: usize, customer: &str, is_dear: bool) -> Value {
    let mut order = json!({"customer_id": customer, "lines": lines(number, is_dear)});
    if let Some((_, note)) = NOTES.iter().find(|(place, _)| *place == number % NOTES_EACH) {
        order["note"] = json!(note);
    }
    order
}

/// The first line has two at least, so that one of them can leave before the other.
fn lines(number: usize, is_dear: bool) -> Value {
    if is_dear {
        return json!([{"sku": DEAR.0, "quantity": DEAR.1}]);
    }
    let (first, second) = (plenty(number), plenty(number / 3 + 7));
    let mut lines = vec![json!({"sku": first, "quantity": 2})];
    if number.is_multiple_of(3) && first != second {
        lines.push(json!({"sku": second, "quantity": 1}));
    }
    json!(lines)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::PRODUCTS;
    use super::{ALONE_UP_TO, NOTES, order};

    fn total(order: &serde_json::Value) -> i64 {
        let price = |sku: &str| PRODUCTS.iter().find(|product| product.sku == sku).map_or(0, |product| product.price);
        let lines = order["lines"].as_array().into_iter().flatten();
        lines.map(|line| price(line["sku"].as_str().unwrap_or_default()) * line["quantity"].as_i64().unwrap_or(0)).sum()
    }

    #[test]
    fn only_what_is_dear_waits_for_a_second_person() {
        for number in 0..500 {
            let usual = total(&order(number, "c", false));
            assert!((2_000..=ALONE_UP_TO).contains(&usual), "{number}: {usual}");
            assert!(total(&order(number, "c", true)) > ALONE_UP_TO);
        }
        let notes = (0..400).filter(|number| order(*number, "c", false)["note"].is_string()).count();
        assert_eq!(notes, 10 * NOTES.len());
    }
}
