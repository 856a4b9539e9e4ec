//! The provider's bad days, chosen on the page of a charge.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::Value;

use crate::merchant::{Came, Merchant};
use crate::sandbox::{ask, charge, is_signed};

/// A bad day, how many words the merchant hears of the charge, and what is wrong with them.
type Case = (&'static str, usize, fn(&Merchant, &[Came]) -> bool);

fn types(came: &[Came]) -> Vec<String> {
    came.iter().map(|came| came.json()["type"].as_str().unwrap_or_default().to_owned()).collect()
}

fn amounts(came: &[Came]) -> Vec<Option<i64>> {
    came.iter().map(|came| came.json()["charge"]["amount"].as_i64()).collect()
}

/// The first word is refused where more than one is to come: what waits for another then waits for it.
const CASES: [Case; 6] = [
    ("repeated", 6, |_, came| came.iter().all(|one| one.body == came[0].body)),
    ("at-once", 6, |_, came| came.iter().all(|one| one.body == came[0].body)),
    ("wrong-amount", 1, |merchant, came| is_signed(merchant, &came[0]) && amounts(came)[0] != Some(1_999)),
    ("forged", 1, |merchant, came| !is_signed(merchant, &came[0]) && amounts(came) == [Some(1_999)]),
    ("contradicted", 2, |_, came| types(came) == ["charge.succeeded", "charge.failed"]),
    ("unheard", 2, |_, came| came[0].body == came[1].body),
];

#[tokio::test]
async fn a_payer_chooses_what_goes_wrong_with_one_charge() {
    let merchant = Merchant::new().await;
    let mut heard = 0;
    for (name, words, fits) in CASES {
        let is_repeated = words > 2;
        if is_repeated {
            merchant.inbox.refuse_next(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let page = press(&merchant, name, name).await;
        assert!(page.contains("Paid."), "{name}: {page}");
        let came = merchant.inbox.wait_for(heard + words).await.split_off(heard);
        assert_eq!(came.len(), words, "{name}");
        assert!(came.iter().all(|came| came.json()["charge"]["out_trade_no"] == name), "{name}: {:?}", types(&came));
        assert!(fits(&merchant, &came), "{name}: {:?} {:?}", types(&came), amounts(&came));
        heard += words;
        if is_repeated {
            // One behind the other, the second letter waits until the first is heard; at once, none waits.
            let first = letters(&merchant, name).await;
            assert_eq!(
                first.iter().take(5).collect::<BTreeSet<_>>().len(),
                if name == "at-once" { 5 } else { 4 },
                "{first:?}"
            );
        }
    }
    // Of these nobody hears at once: of one never, of the other later.
    for (name, waiting) in [("silent", 0), ("late", 1)] {
        press(&merchant, name, name).await;
        let shown = merchant.desk("GET", "/sim/callbacks", Value::Null).await;
        let of_it = |list: &str| {
            shown[list].as_array().map_or(0, |all| all.iter().filter(|one| one["out_trade_no"] == name).count())
        };
        assert_eq!((of_it("waiting"), of_it("deliveries")), (waiting, 0), "{name}: {shown}");
    }
    let twice = merchant.client.post(format!("{}/pay/sandbox/late/worse/repeated", merchant.base)).send().await;
    assert_eq!(twice.expect("an answer").status(), 409, "pressed twice, it goes wrong once");
    assert_eq!(letters(&merchant, "late").await, Vec::<u64>::new());
    // Another charge has a good day.
    ask(&merchant, "POST", "/v1/charges", &charge(&merchant, "good", 1_999)).await.expect("an answer");
    let pressed =
        merchant.client.post(format!("{}/pay/sandbox/good/pay", merchant.base)).send().await.expect("an answer");
    assert_eq!(pressed.status(), 200);
    let came = merchant.inbox.wait_for(heard + 1).await.split_off(heard);
    assert_eq!((came.len(), amounts(&came)), (1, vec![Some(1_999)]));
    let page = merchant.client.get(format!("{}/pay/sandbox/good", merchant.base)).header("accept-language", "zh-CN");
    let page = page.send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("charge.succeeded") && page.contains("已确认") && !page.contains("/worse/"), "{page}");
    for (path, status) in [("good/worse/unknown", 404), ("nobodys/worse/silent", 404), ("good/worse/silent", 409)] {
        let refused =
            merchant.client.post(format!("{}/pay/sandbox/{path}", merchant.base)).send().await.expect("an answer");
        assert_eq!(refused.status(), status, "{path}");
    }
    merchant.running.stop().await;
}

/// The letters of a charge that left, in their order.
async fn letters(merchant: &Merchant, number: &str) -> Vec<u64> {
    let shown = merchant.desk("GET", "/sim/callbacks", Value::Null).await;
    let all = shown["deliveries"].as_array().cloned().unwrap_or_default();
    all.iter().filter(|one| one["out_trade_no"] == number).filter_map(|one| one["letter"].as_u64()).collect()
}

/// Opens a charge and presses its button for a bad day, as its page has it.
async fn press(merchant: &Merchant, number: &str, name: &str) -> String {
    let opened = ask(merchant, "POST", "/v1/charges", &charge(merchant, number, 1_999)).await.expect("an answer");
    let url = opened.body["pay_url"].as_str().expect("a page");
    let page = merchant.client.get(url).send().await.expect("an answer").text().await.expect("a page");
    let action = format!("/pay/sandbox/{number}/worse/{name}");
    assert!(page.contains(&format!("action=\"{action}\"")), "{page}");
    let pressed = merchant.client.post(format!("{}{action}", merchant.base)).send().await.expect("an answer");
    pressed.text().await.expect("a page")
}
