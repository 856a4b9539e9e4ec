//! Owns the tests of the form: it says what it shows, offers all there is, and keeps what was typed.

use domain::order::PendingLimit;

use super::*;
use crate::refused::Refused;

fn all() -> CheckoutPolicy {
    CheckoutPolicy {
        checkout_token: true,
        order_lock_ms: 3_000,
        pending_limit: "one_per_member".to_owned(),
        same_within_ms: 400,
        order_units_max: 5,
        guests: false,
        registration: true,
        version: 3,
        changed_at: None,
    }
}

fn typed(text: &str) -> Typed {
    serde_json::from_str(text).expect("it is JSON")
}

const FILLED: &str = r#"{"checkout_token":"on","order_lock":"3","order_lock_unit":"seconds","pending_limit":"one_per_member",
    "same_within":"400","same_within_unit":"milliseconds","order_units_max":"5","guests":"off","registration":"on"}"#;

/// Whoever saves a form that they did not touch changes nothing.
#[test]
fn a_form_says_what_it_shows() {
    let form = form(&all(), Draft::default(), Lang::En).into_string();
    assert_eq!(
        policy(&typed(FILLED)),
        json!({
            "checkout_token": true, "order_lock_ms": 3_000, "pending_limit": "one_per_member", "same_within_ms": 400,
            "order_units_max": 5, "guests": false, "registration": true,
        })
    );
    let fields: std::collections::BTreeMap<String, String> = serde_json::from_str(FILLED).expect("it is JSON");
    for (name, value) in fields {
        let of_it = form.split(&format!(r#"name="{name}""#)).nth(1).expect("a field");
        let shown = of_it.split("</label>").next().expect("its end");
        let is_shown = shown.starts_with(&format!(r#" value="{value}""#))
            || shown.contains(&format!(r#"<option value="{value}" selected>"#));
        assert!(is_shown, "{name}: {shown}");
    }
    assert!(form.contains(r#"name="version" value="3""#), "{form}");
}

/// A limit that the policy knows and the form does not offer would be changed by whoever saves it.
#[test]
fn the_form_offers_every_limit() {
    for lang in [Lang::En, Lang::Zh] {
        let form = form(&all(), Draft::default(), lang).into_string();
        for limit in PendingLimit::ALL {
            assert!(form.contains(&format!(r#"value="{}""#, limit.name())), "{}", limit.name());
        }
    }
}

#[test]
fn what_is_neither_on_nor_off_nor_a_number_is_for_the_api_to_tell() {
    let body = policy(&typed(r#"{"guests":"perhaps","order_units_max":"many","order_lock":"long"}"#));
    assert_eq!((&body["guests"], &body["order_units_max"]), (&json!("perhaps"), &json!("many")));
    assert_eq!((&body["order_lock_ms"], &body["registration"]), (&json!("long"), &json!("")));
}

/// Who was too late sees what somebody else set, and what they typed themselves.
#[test]
fn who_was_too_late_sees_both() {
    let problem = r#"{"status":412,"code":"version_mismatch","title":"t","detail":"d","current_version":3}"#;
    let refused: Refused = serde_json::from_str(problem).expect("it is a problem");
    let typed = typed(&FILLED.replace(r#""order_units_max":"5""#, r#""order_units_max":"9","key":"form-1""#));
    let trouble = Trouble { deed: SAVE.to_owned(), typed, refused };
    let asked = Typed::default();
    let form = form(&all(), Draft::of(SAVE, Some(&trouble), &asked), Lang::En).into_string();
    assert!(form.contains(r#"name="order_units_max" value="9""#), "{form}");
    assert!(form.contains(r#"name="version" value="3""#) && !form.contains("form-1"), "{form}");
    for (lang, words) in [
        (Lang::En, ["<dd>3 seconds</dd>", "<dd>one of each customer</dd>", "<dd>5</dd>"]),
        (Lang::Zh, ["<dd>3 秒</dd>", "<dd>每位顾客一张</dd>", "<dd>开启</dd>"]),
    ] {
        let now = as_it_is(&all(), lang).into_string();
        assert!(words.iter().all(|word| now.contains(word)), "{now}");
    }
}

#[test]
fn what_is_wrong_stands_at_its_field() {
    let problem = r#"{"status":422,"code":"validation_failed","title":"t","detail":"d","errors":[
        {"pointer":"/order_lock_ms","message":"too long"},{"pointer":"/order_units_max","message":"too many"}]}"#;
    let refused: Refused = serde_json::from_str(problem).expect("it is a problem");
    let trouble = Trouble { deed: SAVE.to_owned(), typed: typed(FILLED), refused };
    let asked = Typed::default();
    let form = form(&all(), Draft::of(SAVE, Some(&trouble), &asked), Lang::En).into_string();
    for (name, words) in [("order_lock", "too long"), ("order_units_max", "too many")] {
        let of_it = form.split(&format!(r#"name="{name}""#)).nth(1).expect("a field");
        assert!(of_it.split("</label>").next().is_some_and(|field| field.contains(words)), "{name}: {of_it}");
    }
}
