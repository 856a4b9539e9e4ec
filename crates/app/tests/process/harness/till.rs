//! Owns a shop that takes money: servers, a provider as a process of its own, and an account with it of each kind.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Database, Provider, Server, Shopper, until};

/// A shop that sells the product `A` at 19.99.
pub(crate) struct Till {
    pub(crate) database: Database,
    pub(crate) nodes: Vec<Server>,
    pub(crate) provider: Provider,
    /// Where callbacks go, by kind of provider.
    pub(crate) channels: BTreeMap<&'static str, String>,
    /// The payments that were begun.
    payments: Mutex<Vec<String>>,
}

impl Till {
    /// With an account of each of these kinds.
    pub(crate) async fn open(database: Database, kinds: &[&'static str]) -> Self {
        Self::with(database, kinds, &[]).await
    }

    /// With servers that are started with these flags.
    pub(crate) async fn with(database: Database, kinds: &[&'static str], flags: &[&str]) -> Self {
        let provider = Provider::start().await;
        let nodes = vec![database.node_with(flags).await];
        nodes[0].admin.stock_up(1_000).await;
        let mut till = Self { database, nodes, provider, channels: BTreeMap::new(), payments: Mutex::default() };
        for &kind in kinds {
            till.add(kind).await;
        }
        till
    }

    async fn add(&mut self, kind: &'static str) {
        let settings = self.provider.settings(kind);
        let settings = settings.to_str().expect("UTF-8");
        let url = self.database.url.clone();
        let add = ["channel", "add", kind, "--settings", settings, "--database-url", &url];
        let added = self.database.run(&add).await.succeeded();
        let id = added.out.trim().to_owned();
        self.nodes[0].sees_channel(&id).await;
        if kind == "stripe" {
            let url = format!("http://{}/notify/{id}", self.nodes[0].admin.address);
            self.provider.set(json!({ "stripe_webhook_url": url })).await;
        }
        self.channels.insert(kind, id);
    }

    pub(crate) fn admin(&self) -> &Shopper {
        &self.nodes[0].admin
    }

    /// An order of one, and its number.
    pub(crate) async fn order(&self, key: &str) -> String {
        self.admin().place(&format!("order-{key}")).await.expect("the server is there").expect(201).text("/order_no")
    }

    /// Asks to pay an order.
    pub(crate) async fn start(&self, order_no: &str, key: &str, channel: &str) -> Answer {
        // A page is not known to Alipay before somebody opens it; a code is.
        let method = (channel == "alipay").then_some("qr");
        let body = json!({ "channel": channel, "method": method }).to_string();
        let path = format!("/api/v1/orders/{order_no}/payments");
        let answer = self.admin().send(Method::POST, &path, key, &body).await.expect("the server is there");
        if answer.status == 201 {
            let mut payments = self.payments.lock().unwrap_or_else(PoisonError::into_inner);
            let id = answer.text("/payment_id");
            if !payments.contains(&id) {
                payments.push(id);
            }
        }
        answer
    }

    /// Asks to pay an order, waits until the provider has it, and gives the payment's id and the attempt's number.
    pub(crate) async fn open_payment(&self, order_no: &str, key: &str, channel: &str) -> (String, String) {
        let started = self.start(order_no, key, channel).await.expect(201).json();
        let id = started["payment_id"].as_str().expect("an id").to_owned();
        let attempts = started["attempts"].as_array().expect("attempts");
        let attempt = attempts.last().expect("one was begun")["attempt_id"].as_str().expect("an id").to_owned();
        self.attempt_is(&id, &attempt, "requires_action").await;
        (id, attempt)
    }

    /// The same to the end: the payer pays, and the order is paid.
    pub(crate) async fn paid(&self, key: &str, channel: &str) -> (String, String, String) {
        let order_no = self.order(key).await;
        let (payment, attempt) = self.open_payment(&order_no, &format!("pay-{key}"), channel).await;
        self.provider.pay(channel, &attempt).await;
        self.order_is(&order_no, "paid", "paid").await;
        (order_no, payment, attempt)
    }

    pub(crate) async fn payment(&self, id: &str) -> Value {
        self.admin().get(&format!("/api/v1/payments/{id}")).await.expect(200).json()
    }

    /// Waits until an attempt has this status.
    pub(crate) async fn attempt_is(&self, payment: &str, attempt: &str, status: &str) {
        until(&format!("the attempt is {status}"), || async {
            let payment = self.payment(payment).await;
            let mut attempts = payment["attempts"].as_array().expect("attempts").iter();
            attempts.any(|row| row["attempt_id"] == attempt && row["status"] == status)
        })
        .await;
    }

    /// Waits until the refunds of a payment have these statuses.
    pub(crate) async fn refunds_are(&self, payment: &str, expected: &[&str]) {
        until(&format!("the refunds are {expected:?}"), || async {
            let payment = self.payment(payment).await;
            let refunds = payment["refunds"].as_array().expect("refunds").clone();
            refunds.iter().map(|row| row["status"].as_str().expect("a status")).eq(expected.iter().copied())
        })
        .await;
    }

    /// Waits until an order stands there.
    pub(crate) async fn order_is(&self, order_no: &str, status: &str, payment_status: &str) {
        until(&format!("the order is {status}, {payment_status}"), || async {
            let order = self.admin().get(&format!("/api/v1/orders/{order_no}")).await.expect(200).json();
            order["status"] == status && order["payment_status"] == payment_status
        })
        .await;
    }

    /// Asks to give so much back, or all.
    pub(crate) async fn refund(&self, payment: &str, key: &str, minor: Option<i64>) -> Answer {
        let mut body = json!({ "reason": "unwanted" });
        if let Some(minor) = minor {
            body["amount"] = json!({ "amount": minor, "currency": "CNY" });
        }
        let path = format!("/api/v1/payments/{payment}/refunds");
        self.admin().send(Method::POST, &path, key, &body.to_string()).await.expect("the server is there")
    }

    /// Why a person has to look, the latest first.
    pub(crate) async fn reviews(&self) -> Vec<String> {
        let url = self.database.url.clone();
        let listed = self.database.run(&["review", "list", "--database-url", &url]).await.succeeded();
        let rows = listed.out.lines().filter(|line| line.contains("rev_"));
        rows.map(|line| line.split_whitespace().nth(2).unwrap_or_default().to_owned()).collect()
    }

    /// Steps of an order, by their events.
    pub(crate) async fn events(&self, order_no: &str) -> Vec<String> {
        let history = self.admin().get(&format!("/api/v1/orders/{order_no}/history")).await.expect(200).json();
        let steps = history.as_array().expect("steps").iter();
        steps.map(|step| step["event"].as_str().expect("an event").to_owned()).collect()
    }

    /// A callback that somebody sends beside the provider.
    pub(crate) async fn callback(&self, kind: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let path = format!("/notify/{}", self.channels[kind]);
        self.admin().send_with(Method::POST, &path, headers, body).await.expect("the server is there")
    }

    /// The provider's book and ours say the same, every invariant holds, and the servers stop.
    pub(crate) async fn close(self) {
        let ids = self.payments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut ours = 0;
        for id in ids {
            let payment = self.payment(&id).await;
            let amount = |name: &str| payment[name]["amount"].as_i64().expect("an amount");
            ours += amount("captured") - amount("refunded");
        }
        assert_eq!(ours, self.provider.left().await, "what lies with the provider");
        let Self { database, nodes, provider, .. } = self;
        database.close(nodes).await;
        drop(provider);
    }
}
