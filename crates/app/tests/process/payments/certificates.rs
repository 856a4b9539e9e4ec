//! Owns what happens when a provider signs with another certificate than the one that was set up.

use serde_json::{Value, json};

use crate::harness::{Database, Till, on_every_database, rule};

on_every_database!(a_callback_of_a_certificate_that_is_new_is_believed);

async fn a_callback_of_a_certificate_that_is_new_is_believed(database: Database) {
    let mut till = Till::open(database, &[]).await;
    let first = till.provider.certificate().await;
    let folder = tempfile::tempdir().expect("a folder");
    let [key, file] = ["first.pem", "wechat.json"].map(|name| folder.path().join(name));
    std::fs::write(&key, first["certificate"].as_str().expect("PEM")).expect("it can be written");
    let settings = std::fs::read_to_string(till.provider.settings("wechat_pay")).expect("the provider wrote them");
    let mut settings: Value = serde_json::from_str(&settings).expect("JSON");
    let serial = first["serial"].as_str().expect("a number");
    settings["platform_keys"] = json!({ serial: format!("file:{}", key.display()) });
    std::fs::write(&file, settings.to_string()).expect("it can be written");
    let (url, file) = (till.database.url.clone(), file.to_str().expect("UTF-8"));
    let added = till.database.run(&["channel", "add", "wechat_pay", "--settings", file, "--database-url", &url]).await;
    let id = added.succeeded().out.trim().to_owned();
    till.nodes[0].sees_channel(&id).await;
    till.channels.insert("wechat_pay", id);

    till.paid("first", "wechat_pay").await;
    let order_no = till.order("next").await;
    let (payment, attempt) = till.open_payment(&order_no, "pay-next", "wechat_pay").await;
    let second = till.provider.certificate().await;
    assert_ne!(second["serial"], first["serial"]);
    // Only the callback tells.
    till.provider.fails(json!([rule("query", "error_before")])).await;
    till.provider.pay("wechat_pay", &attempt).await;
    till.order_is(&order_no, "paid", "paid").await;
    till.provider.acknowledged(2).await;
    till.provider.behaves().await;
    // And its answers are believed too.
    till.refund(&payment, "refund", Some(500)).await.expect(201);
    till.refunds_are(&payment, &["succeeded"]).await;
    till.close().await;
}
