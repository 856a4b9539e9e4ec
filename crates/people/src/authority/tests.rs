//! Readers who are late, and what they bring along.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::access::Role;
use domain::person;
use domain::person::Kind;
use domain::session::{Authority, Device};
use domain::{PersonId, tenant};
use tokio::sync::Semaphore;

use super::*;

const ID: SessionId = SessionId::new(1);
const SECRET: [u8; 32] = [7; 32];

/// A cache whose answers are under way for as long as the test wants.
struct Slow {
    held: Held,
    asked: AtomicUsize,
    answers: Semaphore,
}

#[async_trait]
impl Cache for Slow {
    async fn get(&self, _: &str) -> Result<Option<Entry>, coord::Error> {
        let entry = self.held.entry(&Seal::new(&SECRET));
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.answers.acquire().await.expect("it is never closed").forget();
        Ok(Some(entry))
    }

    async fn put(&self, _: &str, _: Entry, _: Duration) -> Result<(), coord::Error> {
        Ok(())
    }
}

fn good() -> Held {
    let authority = Authority {
        id: ID,
        tenant: TenantId(2),
        principal: PrincipalId(3),
        person: PersonId::new(4),
        kind: Kind::Member,
        role: Role::Shopper,
        guests: Vec::new(),
        device: Device::App,
        ended: None,
        person_status: person::Status::Active,
        tenant_status: tenant::Status::Active,
        opened_in: 0,
        epoch: 0,
        opened_at: Timestamp(0),
        proved_at: Timestamp(0),
        two_factors: false,
        idle_until: Timestamp(1_000),
        ends_at: Timestamp(1_000),
        version: 1,
    };
    Held { authority: Arc::new(authority), cookie_hash: None }
}

/// The answer that says that the session is good is on its way when the news come that it is not: the request it was
/// asked for may have it, the next one must not.
#[tokio::test]
async fn what_was_asked_before_the_news_is_not_remembered_behind_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("people.db")).await.expect("it is made");
    for news in [News::Session(ID), News::Person(TenantId(2), PrincipalId(3)), News::Tenant(TenantId(2)), News::Unknown]
    {
        let slow = Arc::new(Slow { held: good(), asked: AtomicUsize::new(0), answers: Semaphore::new(0) });
        let authorities = Arc::new(Authorities::new(store.clone(), (Some(slow.clone()), &SECRET), None));
        let reader = tokio::spawn({
            let authorities = authorities.clone();
            async move { authorities.of(ID, Trust::Remembered).await.map(|held| held.is_some()) }
        });
        while slow.asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        authorities.forget(&news);
        slow.answers.add_permits(1);
        assert!(reader.await.expect("it ends").expect("it was there"), "{news:?}");
        assert!(authorities.known(ID, Trust::Remembered).is_none(), "remembered behind {news:?}");
        // Asked from then on, it is remembered.
        slow.answers.add_permits(1);
        authorities.of(ID, Trust::Remembered).await.expect("it is there");
        assert!(authorities.known(ID, Trust::Remembered).is_some());
    }
    store.close().await;
}
