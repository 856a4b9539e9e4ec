//! Owns a running server with a shop in it, and taking it down with every invariant checked.

use std::path::PathBuf;
use std::sync::Arc;

use api::{Api, Limits, Listener, Parts, RateLimits, Renderer, Sightings};
use channels::{Directory, Heard, Listed};
use coord::Lock;
use coord::limit::LocalLimit;
use coord::lock::StripedLock;
use domain::access::Role;
use domain::channel::{Account as Channel, Conditions, Digest, Fact, Kind, Source, Subject, Verdict};
use domain::text::Reference;
use domain::{
    Action, ApplyChannelFact, AttemptId, ChannelAccountId, Command, Money, OrderNo, PaymentId, PrincipalId,
    StartPayment, TenantId, Whose,
};
use engine::{Answered, Engine, Executor};
use idempotency::{CommandId, Fingerprints, Key, Target};
use people::{Cost, Hasher, HasherSettings};
use serde_json::json;
use store::{Account, Actors, Light, NewApiKey, NewChannelAccount, Store};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::faults::Faulty;
use super::{Client, Faults, PATIENCE};

/// How the server is set up.
pub(crate) struct Setup {
    pub(crate) settings: api::Settings,
    pub(crate) limits: Limits,
    pub(crate) engine: engine::Options,
    pub(crate) rates: RateLimits,
    pub(crate) locks: Arc<dyn Lock>,
    /// What looks at commands, and hears of refusals.
    pub(crate) hooks: api::Hooks,
    /// The other sites whose pages may ask.
    pub(crate) origins: Vec<http::HeaderValue>,
    /// Those who ask for others.
    pub(crate) proxies: api::Proxies,
    /// Who knows people by themselves.
    pub(crate) providers: Vec<people::Provider>,
    /// The installation's.
    pub(crate) secret: [u8; 32],
    /// What nodes share of sessions.
    pub(crate) cache: Option<Arc<dyn coord::cache::Cache>>,
}

/// No rate limits, and locks within this process.
impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: api::Settings::default(),
            limits: Limits::default(),
            engine: engine::Options::default(),
            rates: RateLimits { rules: Arc::new([]), limit: Arc::new(LocalLimit::new(1_000)) },
            locks: Arc::new(StripedLock::new()),
            hooks: api::Hooks::default(),
            origins: Vec::new(),
            proxies: api::Proxies::default(),
            providers: Vec::new(),
            secret: [7; 32],
            cache: None,
        }
    }
}

/// The shop's account with a provider.
pub(crate) const CHANNEL: ChannelAccountId = ChannelAccountId::new(7);
/// The secret that the provider signs with.
pub(crate) const CHANNEL_SECRET: &str = "a secret of the sandbox";

/// A running server.
pub(crate) struct Shop {
    /// The administrator of the tenant `default`.
    pub(crate) admin: Client,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) faults: Faults,
    pub(crate) tenant: TenantId,
    pub(crate) directory: Directory,
    pub(crate) people: people::People,
    /// What came under keys, counted and not written yet.
    sightings: Sightings,
    /// What somebody found who looked at the whole.
    pub(crate) lights: api::Lights,
    lane: JoinHandle<()>,
    socket: JoinHandle<()>,
    api: Api,
    pub(crate) stop: CancellationToken,
    database: PathBuf,
    folder: Arc<TempDir>,
}

impl Shop {
    /// A server as it comes, on a new database.
    pub(crate) async fn open() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the database"));
        let store = Store::open(&folder.path().join("mideng.db")).await.expect("the database opens");
        store.migrate().await.expect("the schema is made");
        let tenant = tenant(&store, "default").await;
        channel(&store, tenant, CHANNEL).await;
        drop(store);
        Self::start(folder, tenant, setup).await
    }

    /// Stops and starts again on the same database, with a new process's empty memory.
    pub(crate) async fn restart(self) -> Self {
        self.restart_as(Setup::default()).await
    }

    /// The same, set up otherwise.
    pub(crate) async fn restart_as(self, setup: Setup) -> Self {
        let (folder, tenant, admin) = (self.folder.clone(), self.tenant, self.admin.bearer.clone());
        self.close().await;
        let mut shop = Self::start(folder, tenant, setup).await;
        shop.admin.bearer = admin;
        shop
    }

    async fn start(folder: Arc<TempDir>, tenant: TenantId, setup: Setup) -> Self {
        let database = folder.path().join("mideng.db");
        let store = Store::open(&database).await.expect("the database opens");
        let faults = Faults::new();
        let storage = Faulty { store: store.clone(), faults: faults.clone() };
        let (engine, lane) = Engine::start(storage, Executor::new(Renderer), setup.engine);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let address = listener.address().expect("a bound socket has an address");
        let metrics: api::Metrics = Arc::new(|| "# no metrics in tests\n".to_owned());
        let actors = Actors::new(&store, || (format!("acc_{:032x}", api::id()), api::now()));
        let directory = directory(&store).await;
        let installation = store.installation(api::id()).await.expect("the database is there");
        let stamp = people::Stamp { now: api::now, id: api::id };
        let keys = people::Keys::read(&store, "urn:mideng:test", stamp).await.expect("the database is there");
        let people = people::Parts {
            store: store.clone(),
            cache: setup.cache,
            bus: None,
            limit: setup.rates.limit.clone(),
            logins_per_address: 60,
            secret: setup.secret,
            keys,
            hasher: Hasher::open(cheap()).expect("threads"),
            providers: setup.providers,
            stamp,
        };
        let people = people::People::new(people);
        let (sightings, lights) = (Sightings::default(), api::Lights::default());
        let (engine_of_api, store_of_api, directory_of_api) = (engine.clone(), store.clone(), directory.clone());
        let parts = Parts {
            engine: engine_of_api,
            store: store_of_api,
            directory: directory_of_api,
            actors,
            installation,
            secret: setup.secret,
            people: people.clone(),
            origins: setup.origins,
            proxies: setup.proxies,
            limits: setup.rates,
            locks: setup.locks,
            sightings: sightings.clone(),
            lights: lights.clone(),
            hooks: setup.hooks,
            metrics,
        };
        let api = Api::new(parts, setup.settings);
        let stop = CancellationToken::new();
        let socket = tokio::spawn(api::serve(listener, api::router(api.clone()), setup.limits, stop.clone()));
        let admin = Client { address, bearer: None };
        let mut server = Self {
            admin,
            store,
            engine,
            faults,
            tenant,
            directory,
            people,
            sightings,
            lights,
            lane,
            socket,
            api,
            stop,
            database,
            folder,
        };
        server.admin = server.client(tenant, "admin", Role::Admin).await;
        server
    }

    /// A client with a new key of an account of a tenant.
    pub(crate) async fn client(&self, tenant: TenantId, account: &str, role: Role) -> Client {
        let secret = format!("mk_{account}_{:032x}", api::id());
        let principal = self.account(tenant, account).await;
        let key = NewApiKey { id: None, secret: &secret, role };
        self.store.api_key_create(tenant, principal, &key, api::now()).await.expect("the key is stored");
        Client { address: self.admin.address, bearer: Some(secret) }
    }

    /// Writes down what was counted of keys, as a server does each second.
    pub(crate) async fn write_down(&self) {
        self.store.sightings_add(&self.sightings.take()).await.expect("the counts are written");
    }

    /// The routes without a socket.
    pub(crate) fn router(&self) -> axum::Router {
        api::router(self.api.clone())
    }

    /// Another tenant.
    pub(crate) async fn tenant(&self, name: &str) -> TenantId {
        tenant(&self.store, name).await
    }

    async fn account(&self, tenant: TenantId, name: &str) -> PrincipalId {
        let public_id = format!("acc_{:032x}", api::id());
        let account = Account { tenant, kind: "service", name, public_id: &public_id };
        self.store.account(&account, api::now()).await.expect("the account is there")
    }

    /// Puts a product of the default tenant, priced in CNY.
    pub(crate) async fn product(&self, sku: &str, price: i64, stock: i64) {
        let body = json!({"name": format!("Product {sku}"), "price": {"amount": price, "currency": "CNY"}, "initial_stock": stock});
        self.admin.put(&format!("/api/v1/products/{sku}")).json(&body).send().await.expect(201);
    }

    /// On hand, reserved and available of a product.
    pub(crate) async fn stock(&self, sku: &str) -> [i64; 3] {
        let product = self.admin.get(&format!("/api/v1/products/{sku}")).await.expect(200);
        ["on_hand", "reserved", "available"]
            .map(|name| product.at(&format!("/stock/{name}")).as_i64().expect("stock is a number"))
    }

    /// Every order's number in the default tenant, newest first.
    pub(crate) async fn orders(&self) -> Vec<String> {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.admin.get(&format!("/api/v1/orders?limit=200{cursor}")).await.expect(200).json();
            let rows = page["data"].as_array().expect("a page has rows");
            numbers.extend(rows.iter().filter_map(|order| Some(order["order_no"].as_str()?.to_owned())));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return numbers,
            }
        }
    }

    /// Pays an order: an attempt through the shop's own channel, and its word that it succeeded.
    pub(crate) async fn pay(&self, order_no: &str, amount: i64) -> Answered {
        self.pay_through((self.tenant, CHANNEL), order_no, amount).await
    }

    /// Gives another tenant an account with the sandbox.
    pub(crate) async fn channel(&self, tenant: TenantId, id: ChannelAccountId) {
        channel(&self.store, tenant, id).await;
    }

    /// Pays an order of a tenant through a channel of its own.
    pub(crate) async fn pay_through(
        &self,
        (tenant, channel): (TenantId, ChannelAccountId),
        order_no: &str,
        amount: i64,
    ) -> Answered {
        let order: OrderNo = order_no.parse().expect("an order's number");
        let attempt = AttemptId::new(api::id());
        let start = StartPayment {
            order_no: order,
            payment: PaymentId::new(api::id()),
            attempt,
            provider_key: 1,
            candidates: vec![channel],
            method: None,
            return_url: None,
        };
        let started = self.submit(tenant, Action::StartPayment(start)).await;
        if matches!(&started, Answered::Executed(answer) if answer.status != 201) {
            return started;
        }
        let fact = Fact {
            subject: Subject::Charge(Reference::from_stored(&attempt.to_string())),
            verdict: Verdict::Succeeded,
            amount: Some(Money::new(amount, "CNY".parse().expect("CNY is a currency"))),
            channel_no: None,
            code: None,
            stranger: None,
        };
        self.hear((tenant, channel), Source::Answer, Heard { fact, raw: None }).await
    }

    /// Takes note of what a channel answered, as the relay does.
    pub(crate) async fn hear(
        &self,
        (tenant, account): (TenantId, ChannelAccountId),
        source: Source,
        Heard { fact, raw }: Heard,
    ) -> Answered {
        let digest = Digest::of_answer(account, source, &fact);
        let apply = ApplyChannelFact { account, source, fact, digest, raw, action: None, is_again: false };
        self.submit(tenant, Action::ApplyChannelFact(apply)).await
    }

    async fn submit(&self, tenant: TenantId, action: Action) -> Answered {
        let target = Target { method: "TEST", route: "pay", ids: &[], query: "", precondition: "" };
        let command = Command {
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            id: CommandId(api::id()),
            tenant,
            principal: self.account(tenant, "payments").await,
            key: Key::new(&format!("pay-{:032x}", api::id())).expect("a key"),
            fingerprints: Fingerprints::of(&target, ""),
            at: api::now(),
            request_id: "test".to_owned(),
            action,
        };
        let ticket = self.engine.submit(command).expect("the engine takes it");
        ticket.wait(PATIENCE).await.expect("the engine answers")
    }

    /// Stops as the binary does, then asks every invariant.
    pub(crate) async fn close(self) {
        let (store, _folder) = self.stop().await;
        let findings = store.check(api::now()).await.expect("the check runs");
        for finding in findings {
            assert_eq!(finding.light(), Light::Green, "{}: {:?}", finding.title, finding.examples);
        }
        store.close().await;
    }

    /// Stops as the binary does, and gives a fresh look at what is on the disk, with the folder that holds it.
    pub(crate) async fn stop(self) -> (Store, Arc<TempDir>) {
        self.stop.cancel();
        self.socket.await.expect("the socket's task ends in order");
        self.engine.close();
        let lane = tokio::time::timeout(PATIENCE, self.lane).await.expect("the lane ends in time");
        lane.expect("the lane ends in order");
        self.api.drained().await;
        self.store.close().await;
        let store = Store::open(&self.database).await.expect("the database opens again");
        (store, self.folder)
    }
}

async fn tenant(store: &Store, name: &str) -> TenantId {
    let public_id = domain::TenantPublicId::new(api::id()).to_string();
    store.tenant_create(name, &public_id, api::now()).await.expect("the tenant is made")
}

/// An account with the sandbox, whose gateway nobody is at.
async fn channel(store: &Store, tenant: TenantId, id: ChannelAccountId) {
    let account = Channel {
        tenant,
        id,
        kind: Kind::Sandbox,
        name: "till".to_owned(),
        is_enabled: true,
        conditions: Conditions::default(),
    };
    let new = NewChannelAccount { account: &account, settings: "", priority: 1 };
    store.channel_account_create(&new, api::now()).await.expect("a new channel");
}

/// The accounts as they stand, with a secret that is on this disk.
async fn directory(store: &Store) -> Directory {
    let secret = tempfile::NamedTempFile::new().expect("a file for the secret");
    std::fs::write(secret.path(), CHANNEL_SECRET).expect("the secret is written");
    let settings = json!({
        "gateway": "http://127.0.0.1:9/sandbox",
        "account": "shop",
        "secrets": [format!("file:{}", secret.path().display())],
    });
    let directory = Directory::default();
    let accounts = store.channel_accounts().await.expect("the accounts are read");
    let listed = accounts.into_iter().map(|row| Listed {
        account: row.account,
        settings: settings.to_string(),
        priority: row.priority,
        version: row.version,
    });
    let failed = directory.replace(listed.collect());
    assert!(failed.is_empty(), "{failed:?}");
    directory
}

/// Passwords that cost next to nothing: what they cost is tested where they are made.
fn cheap() -> HasherSettings {
    let cost = Cost::new(64, 1).expect("a cost");
    HasherSettings { cost, ..HasherSettings::default() }
}
