//! Owns what a golden database has of people: each command of them, refusals too, and one who logs in.

use super::Recording;

/// Members, staff, another shop, and what the shop asks of sessions and refunds.
pub(super) async fn script(recording: &mut Recording) {
    let mut post = async |path: &str, key: &str, body: &str, status: u16| {
        recording.send(("POST", path.to_owned(), Some(key), None, body)).await.expect(status)
    };
    let anna = r#"{"login":"anna","name":"安娜 \"Anna\"","password":"a horse, a staple"}"#;
    let member = post("/members", "anna", anna, 201).await.text("/person_id");
    post("/members", "anna-again", anna, 409).await;
    for (key, step) in [("off", "disable"), ("on", "enable"), ("out", "sign-out"), ("lost", "drop-second-factor")] {
        post(&format!("/members/{member}/{step}"), key, "", 200).await;
    }
    let boss = r#"{"login":"boss","name":"Boss","password":"a horse, a staple","role":"merchant"}"#;
    let staff = post("/staff", "boss", boss, 201).await.text("/person_id");
    post(&format!("/staff/{staff}/role"), "role", r#"{"role":"support"}"#, 200).await;
    post(&format!("/staff/{staff}/disable"), "staff-off", "", 200).await;
    let tenant =
        post("/tenants", "second", &format!(r#"{{"name":"second","admin":{anna}}}"#), 201).await.text("/tenant_id");
    for (key, step) in [("shut", "suspend"), ("open", "resume")] {
        post(&format!("/tenants/{tenant}/{step}"), key, "", 200).await;
    }
    let limits = r#"{"alone_up_to":[{"amount":10000,"currency":"CNY"}]}"#;
    recording.send(("PUT", "/policies/refunds".to_owned(), Some("limits"), None, limits)).await;
    let rules = r#"{"open_max":{"web":2,"app":2,"mini_program":1},"when_full":"refuse","idle_s":3600,"absolute_s":7200,"renewal":"below","renewal_percent":50}"#;
    recording.send(("PUT", "/policies/sessions/members".to_owned(), Some("rules"), None, rules)).await;
}
