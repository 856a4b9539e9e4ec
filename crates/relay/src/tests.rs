//! Owns what the unit tests stand on: a relay on an empty shop, and a message.

use std::sync::Arc;

use channels::Directory;
use domain::outbox::{Message, Task};
use domain::{ChannelAccountId, Command, Outcome, PaymentId, RefundId, TenantId, Timestamp};
use engine::{Engine, Executor, Render};
use idempotency::Answer;
use store::{Actors, Address, Due, Store};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::{Options, Relay};

/// The time of these tests.
pub(crate) const AT: Timestamp = Timestamp(1_000);

struct Silent;

impl Render for Silent {
    fn render(&self, _command: &Command, _outcome: &Outcome) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: Vec::new().into() }
    }
}

pub(crate) async fn relay() -> (TempDir, Store, TenantId, Relay) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Address::Sqlite(folder.path().join("mideng.db"))).await.unwrap();
    store.migrate().await.unwrap();
    let tenant = store.tenant_create("shop", "ten_1", Timestamp(0)).await.unwrap();
    let (engine, _) = Engine::start_thread(store.clone(), Executor::new(Silent), engine::Options::default()).unwrap();
    let options = Options::new("a".to_owned(), "http://shop.example".to_owned(), (|| AT, || 7));
    let actors = Actors::new(&store, || ("acc_1".to_owned(), Timestamp(0)));
    let bell = Arc::new(Notify::new());
    let relay = Relay::new((&store, &engine), &Directory::default(), &actors, &bell, options);
    (folder, store, tenant, relay)
}

pub(crate) fn due(tenant: TenantId, id: i64, tries: u32) -> Due {
    let (at, task) = (Timestamp(0), Task::Refund(RefundId::new(5)));
    let (payment, account) = (PaymentId::new(1), ChannelAccountId::new(1));
    Due { id, message: Message { tenant, payment, account, task, due_at: at, created_at: at }, wanted_at: at, tries }
}
