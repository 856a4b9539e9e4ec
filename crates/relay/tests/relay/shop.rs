//! Owns a shop on a database of its own with an engine, and relays on it.

use std::sync::Arc;
use std::time::Duration;

use channels::{Channel, Directory, Listed};
use domain::channel::{Account as ChannelAccount, Conditions, Digest, Fact, Kind, Source, Subject, Verdict};
use domain::payment::RefundLimits;
use domain::text::{ActorId, CustomerId, ProductName, Reference, RefundReason, Sku};
use domain::{
    Action, ApplyChannelFact, Asking, AttemptId, ChannelAccountId, Command, LineRequest, Money, OrderNo,
    OrderNumberSource, Outcome, Payment, PaymentId, PlaceOrder, PrincipalId, PutProduct, RefundId, RefundPayment,
    StartPayment, TenantId, Timestamp, Whose,
};
use engine::{Answered, Engine, Executor, Render};
use idempotency::{Answer, CommandId, Fingerprints, Key, Target};
use relay::{After, Options, Relay, Waking};
use store::{Account, Actors, Address, Due, NewChannelAccount, ReviewRow, Store};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::{PATIENCE, id, now};
use crate::provider::Provider;

pub const ACCOUNT: ChannelAccountId = ChannelAccountId::new(1);
const LANES: std::ops::Range<i64> = 0..16;

pub struct Shop {
    pub store: Store,
    pub engine: Engine,
    pub provider: Arc<Provider>,
    pub tenant: TenantId,
    pub directory: Directory,
    pub actors: Actors,
    principal: PrincipalId,
    bell: Arc<Notify>,
    _folder: TempDir,
}

/// A relay that runs; dropped, it is gone without a word, as one that was killed.
pub struct Running {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Shop {
    pub async fn open(provider: Provider) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = Address::Sqlite(folder.path().join("mideng.db"));
        let store = Store::open(address).await.expect("a new database");
        store.migrate().await.expect("an empty database takes the schema");
        let tenant = store.tenant_create("shop", "ten_1", now()).await.expect("a new tenant");
        let account = Account { tenant, kind: "service", name: "checkout", public_id: "acc_1" };
        let principal = store.account(&account, now()).await.expect("a new account");
        let (kind, name) = (Kind::Sandbox, "sandbox".to_owned());
        let account =
            ChannelAccount { tenant, id: ACCOUNT, kind, name, is_enabled: true, conditions: Conditions::default() };
        let settings = r#"{"gateway":"http://127.0.0.1:9/sandbox","account":"a","secrets":["env:PATH"]}"#;
        let new = NewChannelAccount { account: &account, settings, priority: 0 };
        store.channel_account_create(&new, now()).await.expect("a new channel");
        let provider = Arc::new(provider);
        let adapter: Arc<dyn Channel> = provider.clone();
        let directory = Directory::wrapping(move |_| adapter.clone());
        let listed = Listed { account, settings: settings.to_owned(), priority: 0, version: 1 };
        assert!(directory.replace(vec![listed]).is_empty());
        let bell = Arc::new(Notify::new());
        let waking = Waking { storage: store.clone(), bell: bell.clone() };
        let (engine, _) =
            Engine::start_thread(waking, Executor::new(Word), engine::Options::default()).expect("a thread");
        let actors = Actors::new(&store, || ("acc_2".to_owned(), now()));
        let shop = Self { store, engine, provider, tenant, directory, actors, principal, bell, _folder: folder };
        shop.run("put", put("tea")).await;
        shop
    }

    /// A relay of this name.
    pub fn relay(&self, owner: &str) -> Running {
        self.relay_with(owner, |options| options)
    }

    /// One that tells somebody what is done.
    pub fn relay_heard_by(&self, owner: &str, hook: Arc<dyn After>) -> Running {
        Self::running(self.relay_of(owner, |options| options).heard_by(hook))
    }

    /// The same with other options.
    pub fn relay_with(&self, owner: &str, with: impl Fn(Options) -> Options) -> Running {
        Self::running(self.relay_of(owner, with))
    }

    fn running(relay: Relay) -> Running {
        let stop = CancellationToken::new();
        Running { task: Some(tokio::spawn(relay.run(stop.clone()))), stop }
    }

    fn relay_of(&self, owner: &str, with: impl Fn(Options) -> Options) -> Relay {
        let poll = Duration::from_millis(30);
        let options = Options { poll, ..Options::new(owner.to_owned(), "http://shop.example".to_owned(), (now, id)) };
        Relay::new((&self.store, &self.engine), &self.directory, &self.actors, &self.bell, with(options))
    }

    /// Another node has every lane from now on, whoever had them.
    pub async fn taken_over(&self, from: &str, by: &str) {
        let before = self.store.lanes_take(from, 60_000).await.expect("the database is there");
        self.store.lanes_free(from).await.expect("the database is there");
        let held = self.store.lanes_take(by, 600_000).await.expect("the database is there");
        assert_eq!((before.len(), held.len()), (16, 16), "lanes");
    }

    /// An order of one with a payment that was begun.
    pub async fn begun(&self, number: u128) {
        let place = PlaceOrder {
            number: OrderNumberSource::Made(OrderNo::new(number)),
            customer_id: CustomerId::from_stored("c"),
            lines: vec![LineRequest { sku: Sku::from_stored("tea"), quantity: 1, unit_price: None }],
            note: None,
            expires_at: now().plus_ms(1_800_000),
            pending_limit: domain::order::PendingLimit::Unlimited,
        };
        self.run(&format!("place-{number}"), Action::PlaceOrder(place)).await;
        let start = StartPayment {
            order_no: OrderNo::new(number),
            payment: PaymentId::new(number),
            attempt: AttemptId::new(number),
            provider_key: number,
            candidates: vec![ACCOUNT],
            method: None,
            return_url: None,
        };
        self.run(&format!("start-{number}"), Action::StartPayment(start)).await;
    }

    /// The same, and the provider's callback said that it is paid.
    pub async fn paid(&self, number: u128) {
        self.begun(number).await;
        let reference = Reference::from_stored(&AttemptId::new(number).to_string());
        self.called_back(Subject::Charge(reference), Verdict::Succeeded, Some(100)).await;
    }

    pub async fn called_back(&self, subject: Subject, verdict: Verdict, minor: Option<i64>) {
        let key = format!("said-{}-{verdict}", subject.reference().as_str());
        let fact = Fact { subject, verdict, amount: minor.map(money), channel_no: None, code: None, stranger: None };
        let (source, digest) = (Source::Callback, Digest(id().to_be_bytes()));
        let apply =
            ApplyChannelFact { account: ACCOUNT, source, fact, digest, raw: None, action: None, is_again: false };
        self.run(&key, Action::ApplyChannelFact(apply)).await;
    }

    /// So much of it is to go back.
    pub async fn refund(&self, number: u128, refund: u128, minor: i64) {
        let wanted = RefundPayment {
            payment: PaymentId::new(number),
            refund: RefundId::new(refund),
            provider_key: refund,
            amount: Some(money(minor)),
            reason: RefundReason::from_stored("unwanted"),
            lines: Vec::new(),
            asking: asking(),
        };
        self.run(&format!("refund-{refund}"), Action::RefundPayment(wanted)).await;
    }

    pub async fn payment(&self, number: u128) -> Payment {
        let found = self.store.payment(self.tenant, PaymentId::new(number)).await.expect("the database is there");
        found.expect("there is such a payment")
    }

    /// What waits in the outbox, due or not.
    pub async fn waiting(&self) -> Vec<Due> {
        let lanes: Vec<i64> = LANES.collect();
        let ever = Timestamp(i64::MAX / 2);
        self.store.messages_due(&lanes, &[], ever, 1_000).await.expect("the database is there").0
    }

    pub async fn reviews(&self) -> Vec<ReviewRow> {
        self.store.reviews(self.tenant, true, 100).await.expect("the database is there")
    }

    /// Runs a command under a key of the shop's own account.
    pub async fn run(&self, key: &str, action: Action) {
        self.run_as(self.principal, Key::from_stored(key), action).await;
    }

    pub async fn run_as(&self, principal: PrincipalId, key: Key, action: Action) {
        let target = Target { method: "POST", route: "/", ids: &[], query: "", precondition: "" };
        let command = Command {
            id: CommandId(id()),
            tenant: self.tenant,
            principal,
            fingerprints: Fingerprints::of(&target, key.as_str()),
            key,
            at: now(),
            request_id: "test".to_owned(),
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action,
        };
        let shown = format!("{:?}", command.action);
        let ticket = self.engine.submit(command).expect("the engine takes it");
        match ticket.wait(PATIENCE).await.expect("it is answered") {
            Answered::Executed(answer) if answer.status == 200 => {}
            other => panic!("{shown} is {other:?}"),
        }
    }
}

impl Running {
    /// Lets what is under way end.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.task.take().expect("it runs").await.expect("a relay does not panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Answers of no interest: whether it was accepted.
struct Word;

impl Render for Word {
    fn render(&self, _command: &Command, outcome: &Outcome) -> Answer {
        let (status, body) = match outcome {
            Outcome::Accepted(_) => (200, String::new()),
            Outcome::Refused(refusal) => (409, refusal.code().to_owned()),
        };
        Answer { status, headers: Vec::new(), body: body.into_bytes().into() }
    }
}

/// A product at 100.
pub fn put(sku: &str) -> Action {
    Action::PutProduct(PutProduct {
        sku: Sku::from_stored(sku),
        name: ProductName::from_stored(sku),
        price: money(100),
        initial_stock: 1_000,
        expected_version: None,
        must_be_new: false,
    })
}

fn money(minor: i64) -> Money {
    Money::new(minor, "CNY".parse().expect("a known currency"))
}

/// Our number of a refund as the provider is told it.
pub fn asked(call: &str, refund: u128) -> String {
    format!("{call} {}", RefundId::new(refund))
}

/// Somebody who may give everything back alone.
pub fn asking() -> Asking {
    Asking { by: ActorId::from_stored("acc_1"), limits: RefundLimits::default() }
}
