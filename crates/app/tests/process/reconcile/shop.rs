//! Owns a shop that takes money from the simulator: its server, its accounts, its payments, and its comparisons.

use std::path::Path;

use http::Method;
use jiff::tz::{Offset, offset};
use serde_json::{Value, json};

use crate::harness::{Database, Ended, Folder, Provider, Server, until};

/// A shop and the providers that it uses.
pub(super) struct Shop {
    database: Database,
    server: Server,
    pub(super) psp: Provider,
    folder: Folder,
}

/// An attempt to pay, as the provider has it.
pub(super) struct Begun {
    /// Its `out_trade_no`.
    pub(super) number: String,
    payment: String,
}

/// What a comparison printed.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) json: Value,
    pub(super) is_clean: bool,
}

impl Shop {
    /// With a simulator of its own.
    pub(super) async fn open(database: Database) -> Self {
        let folder = Folder::new();
        let psp = Provider::start().await;
        let server = database.nodes(1).await.pop().expect("one was started");
        server.admin.stock_up(1_000).await;
        Self { database, server, psp, folder }
    }

    /// Adds an account with a provider; gives its name.
    pub(super) async fn add(&self, provider: &str) -> String {
        self.add_from(&self.psp.settings(provider), provider).await
    }

    /// The same with a file of settings, which may be another shop's.
    pub(super) async fn add_from(&self, settings: &Path, provider: &str) -> String {
        let name = format!("our {provider}");
        let settings = settings.to_str().expect("UTF-8");
        let line = ["channel", "add", provider, "--settings", settings, "--name", &name, "--database-url", self.url()];
        let added = self.run(&line).await.succeeded();
        self.server.sees_channel(added.out.trim()).await;
        name
    }

    /// Places an order and begins to pay it; back when the provider waits for the payer.
    pub(super) async fn begin(&self, account: &str, method: &str, key: &str) -> Begun {
        let admin = &self.server.admin;
        let order = admin.place(key).await.expect("the server is there").expect(201).text("/order_no");
        let wish = json!({"channel": account, "method": method}).to_string();
        let path = format!("/api/v1/orders/{order}/payments");
        let payment = admin.send(Method::POST, &path, &format!("pay-{key}"), &wish).await;
        let payment = payment.expect("the server is there").expect(201);
        let begun = Begun { number: payment.text("/attempts/0/attempt_id"), payment: payment.text("/payment_id") };
        until("the provider waits for the payer", async || {
            self.payment(&begun).await["attempts"][0]["status"] == "requires_action"
        })
        .await;
        begun
    }

    /// Gives all of a payment back, and waits until that is done.
    pub(super) async fn refund(&self, begun: &Begun) {
        let path = format!("/api/v1/payments/{}/refunds", begun.payment);
        let wish = json!({"reason": "not wanted"}).to_string();
        let key = format!("refund-{}", begun.number);
        let refund = self.server.admin.send(Method::POST, &path, &key, &wish).await;
        refund.expect("the server is there").expect(201);
        until("the refund is done", async || self.payment(begun).await["refunds"][0]["status"] == "succeeded").await;
    }

    pub(super) async fn status(&self, begun: &Begun) -> String {
        member(Some(&self.payment(begun).await), "status")
    }

    pub(super) async fn reaches(&self, begun: &Begun, status: &str) {
        until(status, async || self.status(begun).await == status).await;
    }

    async fn payment(&self, begun: &Begun) -> Value {
        self.server.admin.get(&format!("/api/v1/payments/{}", begun.payment)).await.expect(200).json()
    }

    /// The provider's day of the latest movement.
    pub(super) async fn day(&self, provider: &str) -> String {
        let at = member(self.psp.ledger().await.last(), "at").parse::<jiff::Timestamp>().expect("a moment");
        let zone = if provider == "sandbox" { Offset::UTC } else { offset(8) };
        zone.to_datetime(at).date().to_string()
    }

    /// Compares a day, and reads what was printed.
    pub(super) async fn reconcile(&self, account: &str, day: &str, more: &[&str]) -> Report {
        let line = ["reconcile", "--json", "--channel", account, "--date", day, "--database-url", self.url()];
        let done = self.run(&[&line[..], more].concat()).await;
        let json: Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
        let is_clean = json["clean"] == true;
        assert_eq!(done.status.success(), is_clean, "{done:?}");
        Report { json, is_clean }
    }

    /// The ids of what waits for a person.
    pub(super) async fn reviews(&self) -> Vec<String> {
        let listed = self.run(&["review", "list", "--database-url", self.url()]).await.succeeded().out;
        let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
        listed.lines().filter_map(first).filter(|word| word.starts_with("rev_")).collect()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> String {
        let file = self.folder.file(name);
        std::fs::write(&file, text).expect("it can be written");
        file.to_str().expect("the path is UTF-8").to_owned()
    }

    pub(super) fn url(&self) -> &str {
        &self.database.url
    }

    pub(super) async fn run(&self, line: &[&str]) -> Ended {
        self.database.run(line).await
    }

    /// Stops the server and asks every invariant.
    pub(super) async fn close(self) {
        self.database.close(vec![self.server]).await;
    }
}

impl Report {
    pub(super) fn count(&self, name: &str) -> u64 {
        self.json[name].as_u64().unwrap_or_else(|| panic!("no count {name} in {self:?}"))
    }

    /// Kind, number, and whether it was raised now.
    pub(super) fn differences(&self) -> Vec<(&str, &str, bool)> {
        let all = self.json["differences"].as_array().expect("a report has differences");
        let text = |it: &'_ Value, name: &str| it[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(all.iter().all(|it| text(it, "detail") && text(it, "review")), "{self:?}");
        let rows = all.iter().map(|it| (it["kind"].as_str(), it["number"].as_str(), it["is_new"] == true));
        rows.map(|(kind, number, is_new)| (kind.expect("a kind"), number.expect("a number"), is_new)).collect()
    }

    pub(super) fn differences_of(&self, name: &str) -> Vec<String> {
        let all = self.json["differences"].as_array().expect("a report has differences");
        all.iter().map(|it| member(Some(it), name)).collect()
    }
}

/// A member as text, whatever it is.
pub(super) fn member(object: Option<&Value>, name: &str) -> String {
    let value = object.and_then(|object| object.get(name)).unwrap_or_else(|| panic!("no {name} in {object:?}"));
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
