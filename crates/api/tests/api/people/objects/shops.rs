//! Owns two tenants with somebody of each kind in them, and what their buyers have: what the paths of routes can name.

use domain::access::{Reach, Role};
use domain::review::{Kind, Review};
use domain::{ChannelAccountId, CheckoutPolicy, ReviewId, TenantId};
use serde_json::json;

use crate::harness::{CHANNEL, Client, Shop};
use crate::people::guests::be_guest;
use crate::people::proofs::enrolled;
use crate::people::{add, log_in, own_order, with_token};

/// What an order costs; what one of the staff gives back alone; and what they ask for, which waits for a second person.
const PRICE: i64 = 1_999;
const ALONE: i64 = 500;
const ASKED: i64 = 600;

/// Who asks.
pub(super) struct Somebody {
    pub(super) tenant: TenantId,
    /// Their column in the matrix.
    pub(super) column: usize,
    /// Nobody has none.
    pub(super) role: Option<Role>,
    /// Keys have none.
    pub(super) person: Option<String>,
    pub(super) client: Client,
}

impl Somebody {
    /// Whether they touch only what is their own.
    pub(super) fn is_buyer(&self) -> bool {
        self.role.is_some_and(|role| role.reach() == Reach::Own)
    }

    async fn of_session(tenant: TenantId, column: usize, client: Client) -> Self {
        let me = client.get("/api/v1/me").await.expect(200);
        let role = Role::from_name(&me.str("/role"));
        Self { tenant, column, role, person: Some(me.str("/person_id")), client }
    }
}

impl std::fmt::Display for Somebody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.person.is_some() { "the person" } else { "the key" };
        match self.role {
            Some(role) => write!(f, "{kind} {} of tenant {}", role.name(), self.tenant.0),
            None => write!(f, "nobody"),
        }
    }
}

/// What there is of a buyer's and of their tenant's. Each member is an id as paths have it.
pub(super) struct Owned {
    pub(super) tenant: TenantId,
    pub(super) order: String,
    pub(super) payment: String,
    /// Waits for a second person.
    pub(super) refund: String,
    /// Of the tenant's human queue.
    pub(super) review: String,
    /// Of another server than those that ask.
    pub(super) api_key: String,
    pub(super) member: String,
    /// On another device than the one that they ask from.
    pub(super) session: String,
    pub(super) staff: String,
    pub(super) staff_session: String,
    pub(super) sku: String,
    /// The tenant's account with a provider.
    pub(super) channel: String,
    pub(super) tenant_id: String,
}

/// A tenant with its people.
pub(super) struct Tenant<'a> {
    shop: &'a Shop,
    name: &'static str,
    id: TenantId,
    channel: ChannelAccountId,
    /// A server of it, which may do all that keys may.
    server: Client,
}

impl<'a> Tenant<'a> {
    /// The installation's first one.
    pub(super) async fn first(shop: &'a Shop) -> Self {
        Self::new(shop, ("default", shop.tenant), CHANNEL).await
    }

    /// One that has nothing to do with the first.
    pub(super) async fn other(shop: &'a Shop) -> Self {
        let (id, channel) = (shop.tenant("another").await, ChannelAccountId::new(8));
        shop.channel(id, channel).await;
        Self::new(shop, ("another", id), channel).await
    }

    async fn new(shop: &'a Shop, (name, id): (&'static str, TenantId), channel: ChannelAccountId) -> Self {
        let policy = CheckoutPolicy { guests: true, ..CheckoutPolicy::default() };
        shop.store.policy_set(id, &policy, api::now()).await.expect("stored");
        let server = shop.client(id, "server", Role::Admin).await;
        let limits = json!({"alone_up_to": [{"amount": ALONE, "currency": "CNY"}]});
        server.put("/api/v1/policies/refunds").json(&limits).send().await.expect(200);
        let product = json!({"name": "Tea", "price": {"amount": PRICE, "currency": "CNY"}, "initial_stock": 9});
        server.put(&format!("/api/v1/products/tea-{name}")).json(&product).send().await.expect(201);
        Self { shop, name, id, channel, server }
    }

    /// Somebody in each column of the matrix, those of the staff with two factors.
    pub(super) async fn people(&self) -> Vec<Somebody> {
        let (tenant, nobody) = (self.id, self.shop.admin.nobody());
        let mut all = vec![Somebody { tenant, column: 0, role: None, person: None, client: nobody }];
        for role in Role::KEYS {
            let client = self.shop.client(tenant, &format!("key-{}", role.name()), role).await;
            all.push(Somebody { tenant, column: all.len(), role: Some(role), person: None, client });
        }
        for role in Role::STAFF {
            let (mut client, _) = self.logged_in(role, "one").await;
            if role != Role::Auditor {
                enrolled(&mut client).await;
            }
            all.push(Somebody::of_session(tenant, all.len(), client).await);
        }
        all.push(self.buyer("one").await);
        all.push(Somebody::of_session(tenant, all.len(), be_guest(self.shop, self.name).await).await);
        all
    }

    /// A member, who buys.
    pub(super) async fn buyer(&self, who: &str) -> Somebody {
        let (client, _) = self.logged_in(Role::Shopper, who).await;
        Somebody::of_session(self.id, super::BUYER, client).await
    }

    /// Has a member buy, pay and log in on another device, and one of the staff ask that money goes back.
    pub(super) async fn owned_by(&self, buyer: &Somebody, who: &str) -> Owned {
        let sku = format!("tea-{}", self.name);
        let order = buyer.client.place("order", &own_order(&sku)).await.expect(201).order_no();
        self.shop.pay_through((self.id, self.channel), &order, PRICE).await;
        let payment = self.shop.store.payment_for(self.id, order.parse().expect("a number")).await.expect("it is read");
        let payment = payment.expect("it was paid").id.to_string();
        let body = json!({"reason": "unwanted", "amount": {"amount": ASKED, "currency": "CNY"}});
        let refund = self.server.post(&format!("/api/v1/payments/{payment}/refunds"), &format!("refund-{who}"));
        let refund = refund.json(&body).send().await.expect(201);
        assert_eq!(refund.str("/status"), "awaiting_approval");
        let other_device = with_token(self.shop, &self.log_in(Role::Shopper, who).await);
        let (of_staff, staff) = self.logged_in(Role::Support, &format!("beside-{who}")).await;
        let tenants = self.shop.admin.get("/api/v1/tenants").await.expect(200).json();
        let rows = tenants["data"].as_array().expect("rows").clone();
        let row = rows.iter().find(|row| row["name"] == self.name).expect("the tenant is there");
        Owned {
            tenant: self.id,
            order,
            payment,
            refund: refund.str("/refund_id"),
            review: self.review().await,
            api_key: self.api_key(who).await,
            member: buyer.person.clone().expect("a member is a person"),
            session: other_device.get("/api/v1/me").await.str("/session_id"),
            staff,
            staff_session: of_staff.get("/api/v1/me").await.str("/session_id"),
            sku,
            channel: self.channel.to_string(),
            tenant_id: row["tenant_id"].as_str().expect("an id").to_owned(),
        }
    }

    /// Something that a person has to look at.
    async fn review(&self) -> String {
        let (id, tenant) = (ReviewId::new(api::id()), self.id);
        let (subject, detail) = ("att_1".to_owned(), "no word".to_owned());
        let review = Review { id, tenant, kind: Kind::Stuck, subject, detail, at: api::now(), resolved: None };
        assert!(self.shop.store.review_raise(&review).await.expect("it is new"));
        id.to_string()
    }

    /// A key that nobody asks with.
    async fn api_key(&self, who: &str) -> String {
        let body = json!({"account": format!("till-{who}"), "role": "service"});
        let issued = self.server.post("/api/v1/api-keys", &format!("key-{who}")).json(&body).send().await;
        issued.expect(201).str("/api_key_id")
    }

    /// A server of the tenant's.
    pub(super) const fn server(&self) -> &Client {
        &self.server
    }

    async fn logged_in(&self, role: Role, who: &str) -> (Client, String) {
        let id = add(&self.server, &format!("{}-{who}", role.name()), role.name()).await;
        (with_token(self.shop, &self.log_in(role, who).await), id)
    }

    async fn log_in(&self, role: Role, who: &str) -> crate::harness::Answer {
        log_in(self.shop, self.name, &format!("{}-{who}", role.name()), "web").await.expect(201)
    }
}
