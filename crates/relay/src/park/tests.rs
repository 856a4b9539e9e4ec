//! Owns the tests of calling a person: at the last try and behind it, and once.

use std::sync::Arc;

use channels::Directory;
use domain::outbox::{Message, Task};
use domain::{ChannelAccountId, Command, Outcome, PaymentId, RefundId, TenantId, Timestamp};
use engine::{Engine, Executor, Render};
use idempotency::Answer;
use store::{Actors, Address, Due, Error, Illegible, Store};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::order::Ending;
use crate::{Options, Relay};

struct Silent;

impl Render for Silent {
    fn render(&self, _command: &Command, _outcome: &Outcome) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: Vec::new().into() }
    }
}

async fn relay() -> (TempDir, Store, TenantId, Relay) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Address::Sqlite(folder.path().join("mideng.db"))).await.unwrap();
    store.migrate().await.unwrap();
    let tenant = store.tenant_create("shop", "ten_1", Timestamp(0)).await.unwrap();
    let (engine, _) = Engine::start_thread(store.clone(), Executor::new(Silent), engine::Options::default()).unwrap();
    let options = Options::new("a".to_owned(), "http://shop.example".to_owned(), (|| Timestamp(1_000), || 7));
    let actors = Actors::new(&store, || ("acc_1".to_owned(), Timestamp(0)));
    let bell = Arc::new(Notify::new());
    let relay = Relay::new((&store, &engine), &Directory::default(), &actors, &bell, options);
    (folder, store, tenant, relay)
}

fn due(tenant: TenantId, id: i64, tries: u32) -> Due {
    let (at, task) = (Timestamp(0), Task::Refund(RefundId::new(5)));
    let (payment, account) = (PaymentId::new(1), ChannelAccountId::new(1));
    Due { id, message: Message { tenant, payment, account, task, due_at: at, created_at: at }, tries }
}

fn tries(ending: &Ending) -> (u32, i64) {
    let Ending::Later(later) = ending else { panic!("{ending:?}") };
    (later.tries, later.due_at.0 - 1_000)
}

#[tokio::test]
async fn a_person_is_called_at_the_last_try_and_once() {
    let (_folder, store, tenant, relay) = relay().await;
    let count = async || store.reviews(tenant, true, 9).await.unwrap().len();
    assert_eq!(tries(&relay.stuck(&due(tenant, 1, 8), "why").await), (9, 60_000));
    assert_eq!(count().await, 0);
    assert_eq!(tries(&relay.stuck(&due(tenant, 1, 9), "why").await), (10, 3_600_000));
    assert_eq!(count().await, 1);
    // Also where the node died before it wrote down that it was the tenth try, and each time behind it.
    for before in [9, 10, 11] {
        assert_eq!(tries(&relay.stuck(&due(tenant, 1, before), "why").await), (before + 1, 3_600_000));
        assert_eq!(count().await, 1);
    }
    // A review that was lost at the tenth try comes with the next.
    assert_eq!(tries(&relay.stuck(&due(tenant, 2, 10), "why").await), (11, 3_600_000));
    let reviews = store.reviews(tenant, true, 9).await.unwrap();
    assert_eq!(reviews.len(), 2);
    let review = &reviews[0];
    let said = (review.kind.as_str(), review.subject.as_str(), review.detail.as_str());
    assert_eq!(said, ("parked", &RefundId::new(5).to_string()[..], "refund cannot be performed: why"));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_put_before_a_person_once() {
    let (_folder, store, tenant, relay) = relay().await;
    for _ in 0..2 {
        let error = Error::Refused("written by a newer version".to_owned());
        let later = relay.illegible(&Illegible { id: 3, tenant, error }).await;
        assert_eq!((later.id, later.due_at), (3, Timestamp(3_601_000)));
    }
    let reviews = store.reviews(tenant, true, 9).await.unwrap();
    assert_eq!(reviews.len(), 1);
    assert_eq!(reviews[0].subject, "outbox 3");
    assert!(reviews[0].detail.contains("newer version"), "{}", reviews[0].detail);
}
