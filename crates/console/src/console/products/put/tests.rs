//! Owns the tests of a product's forms: what they ask for, what they show, to whom, and where each refusal stands.

use domain::access::Role;

use super::*;
use crate::answers::Stock;
use crate::console::visitor::of_role;
use crate::show::Money;

fn product() -> Product {
    Product {
        sku: "a/b <1>".to_owned(),
        name: "Tea <b>".to_owned(),
        price: Money { amount: 123_456, currency: "CNY".to_owned() },
        stock: Stock { on_hand: 5, reserved: 0, available: 5 },
        version: 7,
    }
}

fn typed(text: &str) -> Typed {
    serde_json::from_str(text).expect("it is JSON")
}

fn refused(code: &str, errors: &Value) -> Refused {
    let problem = json!({"status": 422, "code": code, "title": "t", "detail": "d", "errors": errors});
    serde_json::from_value(problem).expect("it is a problem")
}

#[test]
fn a_product_is_asked_for_as_it_is_typed() {
    for (form, body) in [
        (
            r#"{"name":" Tea ","price":"19.9","currency":"cny","initial_stock":"5"}"#,
            json!({"name": "Tea", "price": {"amount": 1990, "currency": "CNY"}, "initial_stock": 5}),
        ),
        (
            r#"{"name":"Tea","price":"1999","currency":"jpy","initial_stock":""}"#,
            json!({"name": "Tea", "price": {"amount": 1999, "currency": "JPY"}}),
        ),
        (
            r#"{"name":"","price":" 19.999","currency":"CNY","initial_stock":"some"}"#,
            json!({"name": "", "price": {"amount": "19.999", "currency": "CNY"}, "initial_stock": "some"}),
        ),
        (r"{}", json!({"name": "", "price": {"amount": "", "currency": ""}})),
    ] {
        let form = typed(form);
        let change = made("a/b", &form);
        assert_eq!((change.method, change.path.as_str(), change.body), (Method::PUT, "/products/a%2Fb", Some(body)));
        assert_eq!((change.only_new, change.version), (true, None), "who makes one changes none");
    }
}

/// A change is made for the version that was seen, and has no stock: that is moved by itself.
#[test]
fn a_change_is_of_the_version_that_was_seen() {
    let form = typed(
        r#"{"key":"form-1","version":"7","why":"dearer","name":"Tea","price":"20","currency":"CNY","initial_stock":"9"}"#,
    );
    let change = changed("tea", &form);
    let body = json!({"name": "Tea", "price": {"amount": 2000, "currency": "CNY"}});
    assert_eq!((change.method, change.path.as_str(), change.body), (Method::PUT, "/products/tea", Some(body)));
    assert_eq!((change.key, change.version, change.reason), (Some("form-1"), Some("7"), Some("dearer")));
    assert!(!change.only_new, "what is there is changed");
}

#[test]
fn only_who_may_write_products_is_offered_the_forms() {
    for (role, is_offered) in
        [(Role::Admin, true), (Role::Merchant, true), (Role::Support, false), (Role::Auditor, false)]
    {
        let visit = of_role(role, Lang::En);
        let new = adding(&visit, "CNY", Draft::default()).into_string();
        let edit = changing(&visit, &product(), &Typed::default(), None).into_string();
        let forms = [(new, "/console/products/add"), (edit, "/console/products/a%2Fb%20%3C1%3E/change")];
        for (page, action) in forms {
            assert_eq!(page.contains(&format!("action=\"{action}\"")), is_offered, "{}: {page}", role.name());
            assert_eq!(page.is_empty(), !is_offered, "{}", role.name());
        }
    }
}

/// Whoever saves what they did not touch changes nothing, and nothing in it is markup.
#[test]
fn the_form_is_filled_with_what_there_is() {
    for (lang, words) in [(Lang::En, ["Edit the product", "Price"]), (Lang::Zh, ["编辑商品", "价格"])] {
        let page = changing(&of_role(Role::Merchant, lang), &product(), &Typed::default(), None).into_string();
        let filled =
            [r#"name="version" value="7""#, r#"name="name" value="Tea &lt;b&gt;""#, r#"name="price" value="1234.56""#];
        for part in filled.into_iter().chain([r#"name="currency" value="CNY""#]).chain(words) {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
        assert!(!page.contains("<b>") && !page.contains("initial_stock"), "{page}");
    }
    let new = adding(&of_role(Role::Merchant, Lang::Zh), "CNY", Draft::default()).into_string();
    for part in ["新建商品", "初始库存", r#"name="initial_stock" value="0""#, r#"name="currency" value="CNY""#]
    {
        assert!(new.contains(part), "{part} is missing in {new}");
    }
    assert!(new.contains(r#"name="key" value="form-"#) && !new.contains("version"), "{new}");
}

/// The words behind the field of this name, up to the end of its label.
fn wrong_at<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let (_, behind) = page.split_once(&format!("name=\"{name}\""))?;
    let (label, _) = behind.split_once("</label>")?;
    label.split_once(r#"<span class="wrong">"#)?.1.strip_suffix("</span>")
}

#[test]
fn each_refusal_stands_at_its_field() {
    let price = "A price is a number such as 19.99, no finer than its currency is.";
    let error = |pointer: &str| json!([{"pointer": pointer, "message": "not so"}]);
    for (code, errors, form, field, words) in [
        ("product_exists", json!([]), r#"{"sku":"tea"}"#, "sku", "This code is taken: look for it above."),
        ("validation_failed", error("/name"), "{}", "name", "not so"),
        ("validation_failed", error("/price/amount"), r#"{"price":"19.999","currency":"CNY"}"#, "price", price),
        ("validation_failed", error("/price/amount"), r#"{"price":"19.9","currency":"jpy"}"#, "price", price),
        ("validation_failed", error("/price/amount"), r#"{"price":"19.99","currency":"CNY"}"#, "price", "not so"),
        ("validation_failed", error("/price/currency"), r#"{"price":"x"}"#, "currency", "not so"),
        ("validation_failed", error("/initial_stock"), "{}", "initial_stock", "not so"),
    ] {
        let typed = typed(form);
        let refused = in_words(refused(code, &errors), &typed, Lang::En);
        let trouble = Trouble { deed: ADD.to_owned(), typed, refused };
        let asked = Typed::default();
        let draft = Draft::of(ADD, Some(&trouble), &asked);
        let page = adding(&of_role(Role::Merchant, Lang::En), "CNY", draft).into_string();
        let names = ["sku", "name", "price", "currency", "initial_stock"];
        let wrong: Vec<_> = names.iter().filter_map(|name| Some((*name, wrong_at(&page, name)?))).collect();
        assert_eq!(wrong, [(field, words)], "{code} {errors}: {page}");
    }
}

/// Somebody else changed it: how it is now stands above what was typed, and the next try is for that version.
#[test]
fn a_stale_change_shows_how_it_is_now() {
    let form = typed(r#"{"key":"form-1","version":"6","name":"Mine","price":"1","currency":"CNY"}"#);
    let stale = Trouble { deed: CHANGE.to_owned(), typed: form, refused: refused("version_mismatch", &json!([])) };
    let page = changing(&of_role(Role::Merchant, Lang::En), &product(), &Typed::default(), Some(&stale)).into_string();
    let places: Vec<_> =
        ["This is how it is now.", "¥1,234.56", r#"value="Mine""#].iter().map(|part| page.find(part)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{places:?}: {page}");
    assert!(page.contains(r#"name="version" value="7""#) && !page.contains("form-1"), "{page}");
}
