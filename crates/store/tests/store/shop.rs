//! Owns a shop on a database of its own, and how a batch is run on a storage by hand.

use std::collections::HashSet;

use domain::person::{Kind as Of, Login};
use domain::session::{Device, Rules};
use domain::text::Reason;
use domain::{Command, Needs, Person, PersonId, SessionId, TenantPublicId, Timestamp, audit};
use engine::{Commit, Execute as _, Executor, Fault, Scope, Snapshot, Storage, Verdict};
use store::{Account, Light, NewChannelAccount, NewSession, SigningKey, Store};

use crate::desk::{self, Desk};
use crate::ground::{Ground, Kind};
use crate::render::Json;

/// A migrated database with one tenant that has one account.
pub struct Shop {
    pub store: Store,
    pub desk: Desk,
    pub ground: Ground,
}

impl Shop {
    pub async fn open(kind: Kind) -> Self {
        let ground = Ground::new(kind).await;
        let store = ground.store().await;
        store.migrate().await.expect("an empty database takes the schema");
        let public_id = TenantPublicId::new(1).to_string();
        let tenant = store.tenant_create("shop", &public_id, Timestamp(0)).await.expect("a new tenant");
        let account = Account { tenant, kind: "service", name: "checkout", public_id: "acc_1" };
        let principal = store.account(&account, Timestamp(0)).await.expect("a new account");
        let channel = desk::account(tenant, desk::ACCOUNT);
        let channel = NewChannelAccount { account: &channel, settings: "{}", priority: 0 };
        store.channel_account_create(&channel, Timestamp(0)).await.expect("a new channel");
        Self { store, desk: Desk::new(tenant, principal, 1), ground }
    }

    /// A shop that sells a thousand each of tea at 100 and cups at 250.
    pub async fn stocked(kind: Kind) -> Self {
        let shop = Self::open(kind).await;
        shop.run(&[shop.desk.put("tea", 100, 1_000), shop.desk.put("cup", 250, 1_000)]).await;
        shop
    }

    /// Where the same account hands in its commands to another node: their numbers begin at `first`.
    pub const fn desk_from(&self, first: u64) -> Desk {
        Desk::new(self.desk.tenant, self.desk.principal, first)
    }

    /// Two nodes of the shop.
    pub async fn nodes(&self) -> [Store; 2] {
        self.ground.nodes(&self.store).await
    }

    /// Somebody new of this kind.
    pub async fn person(&self, kind: Of, login: &str) -> Person {
        let (door, name) = ((self.desk.tenant, kind), Login::from_stored(login));
        let id = PersonId::new(u128::from(self.desk.now().0.unsigned_abs()));
        let account = self.store.person_account(door, &name, id, Timestamp(0)).await.expect("a new account");
        self.run(&[self.desk.add(kind, login, account)]).await;
        self.store.person(self.desk.tenant, account.1).await.expect("it is read").expect("they were added")
    }

    /// A member who was a guest, with a session that is open, one of the staff, entries in the log, and a key that signs tokens.
    pub async fn peopled(&self) -> SessionId {
        let (member, _) = (self.person(Of::Member, "anna").await, self.person(Of::Staff, "boss").await);
        let guest = self.person(Of::Guest, "g0").await;
        let session = NewSession {
            id: SessionId::new(7),
            tenant: member.tenant,
            principal: member.principal,
            epoch: member.epoch,
            device: Device::App,
            device_name: Some("\u{624b}\u{673a}".to_owned()),
            address: None,
            at: Timestamp(5),
            request_id: String::new(),
            two_factors: true,
            cookie_hash: Some([0xa5; 32]),
            refresh_nonce: [0x5a; 16],
            guest: Some(guest.principal),
        };
        self.store.session_open(&session, &Rules::MEMBERS).await.expect("a new session");
        let begun = self.store.second_factor_begin((member.tenant, member.principal), &[1; 48], Timestamp(5));
        assert!(begun.await.expect("written"));
        let key = SigningKey {
            kid: "first".to_owned(),
            secret: "a secret".to_owned(),
            created_at: Timestamp(1),
            signs_from: Timestamp(2),
            verifies_until: None,
        };
        self.store.signing_key_first(&key).await.expect("none is there");
        let actor = self.store.actor_id(self.desk.tenant, self.desk.principal).await.expect("it is read");
        let actor = actor.expect("it is there").as_str().to_owned();
        let reason = Reason::from_stored("\u{8bf7} asked \"twice\"");
        let noted = |key: &str| {
            let note = audit::Note { actor: actor.clone(), reason: Some(reason.clone()) };
            Command { note: Some(note), ..self.desk.issue(key) }
        };
        self.run(&[noted("one"), noted("two")]).await;
        session.id
    }

    /// One number, asked behind the store's back.
    pub async fn count(&self, sql: &str) -> i64 {
        self.ground.count(sql).await
    }

    /// Runs one batch, which must commit.
    pub async fn run(&self, batch: &[Command]) -> Vec<Verdict> {
        run(&self.store, batch).await.expect("the batch commits")
    }

    /// The invariants that do not hold.
    pub async fn broken(&self) -> Vec<&'static str> {
        let findings = self.store.check(Timestamp(0)).await.expect("the check runs");
        findings.iter().filter(|finding| finding.light() == Light::Red).map(|finding| finding.id).collect()
    }
}

/// Runs one batch as the engine does: load, run, commit.
pub async fn run<S: Storage>(storage: &S, batch: &[Command]) -> Result<Vec<Verdict>, Fault> {
    run_again(storage, batch, &HashSet::new()).await
}

/// Runs a batch whose earlier commit may have settled these keys.
pub async fn run_again<S: Storage>(
    storage: &S,
    batch: &[Command],
    settled: &HashSet<Scope>,
) -> Result<Vec<Verdict>, Fault> {
    let (transaction, mut snapshot) = load(storage, batch).await?;
    let verdicts = Executor::new(Json).run(&mut snapshot, batch, settled);
    Box::pin(storage.commit(transaction, &gather(batch, &verdicts))).await?;
    Ok(verdicts)
}

/// The first half of a batch: what it touches is loaded, and held.
pub async fn load<S: Storage>(storage: &S, batch: &[Command]) -> Result<(S::Transaction, Snapshot), Fault> {
    let scopes = batch.iter().flat_map(Scope::all_of).collect();
    let needs = Needs::of(batch);
    Box::pin(storage.load(&needs, &scopes)).await
}

/// The second half, on what was loaded.
pub async fn finish<S: Storage>(
    storage: &S,
    (transaction, mut snapshot): (S::Transaction, Snapshot),
    batch: &[Command],
) -> Result<Vec<Verdict>, Fault> {
    let verdicts = Executor::new(Json).run(&mut snapshot, batch, &HashSet::new());
    Box::pin(storage.commit(transaction, &gather(batch, &verdicts))).await?;
    Ok(verdicts)
}

/// What a batch writes.
pub fn gather(batch: &[Command], verdicts: &[Verdict]) -> Commit {
    let mut commit = Commit::default();
    for (command, verdict) in batch.iter().zip(verdicts) {
        commit.take(command, verdict.clone());
    }
    commit
}

/// A verdict in a word: the status of what was decided, or what else it came to.
pub fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Decided { record, .. } => record.answer.status.to_string(),
        Verdict::Adopted(_) => "adopted".to_owned(),
        Verdict::Executed(_) => "executed".to_owned(),
        Verdict::Replayed(_) => "replayed".to_owned(),
        Verdict::KeyReused => "key reused".to_owned(),
        Verdict::Unavailable => "unavailable".to_owned(),
    }
}

pub fn words(verdicts: &[Verdict]) -> Vec<String> {
    verdicts.iter().map(word).collect()
}
