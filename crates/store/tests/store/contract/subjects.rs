//! Owns the storages under contract: how each is opened with two tenants of two accounts, dumped and audited.

use domain::person::Kind as Of;
use domain::session::Session;
use domain::text::TenantName;
use domain::{ChannelAccountId, PersonId, PrincipalId, SessionId, Tenant, TenantId, TenantPublicId, Timestamp, tenant};
use engine::Storage;
use engine::memory::Memory;
use store::{Account, Light, NewChannelAccount, Store};

use super::dump::{self, Dump};
use super::requests::login;
use super::script::Script;
use crate::desk;
use crate::ground::{Beside, Ground, Kind};

/// How many tenants there are, and how many accounts each of them has.
pub const TENANTS: i64 = 2;
pub const ACCOUNTS: i64 = 2;
/// How many tenants there are with those that nobody has opened yet.
pub const SHOPS: i64 = 4;
/// How many people each of them knows, or may come to know: the first half of them buys, the others work there.
pub const PEOPLE: u8 = 6;

/// How many sessions each of them has: opened in one epoch behind the other, the last of them short.
pub const SESSIONS: u8 = 3;

/// A storage and a way to see all of its rows.
pub trait Subject {
    type Storage: Storage;

    /// Takes away what the last script left.
    async fn clear(&mut self);
    fn storage(&self) -> &Self::Storage;
    /// Does what must not be seen from outside.
    async fn tidy(&self);
    async fn dump(&mut self) -> Dump;
    /// Asks the storage's own questions once a script is over.
    async fn audit(&self, script: &Script);
}

/// The account of a tenant, both counted from one.
pub const fn principal(tenant: i64, account: i64) -> PrincipalId {
    PrincipalId((tenant - 1) * ACCOUNTS + account)
}

/// The same as others name it.
pub fn account(tenant: i64, account: i64) -> String {
    format!("acc_{tenant}_{account}")
}

/// In whose name a person acts.
pub fn acts(tenant: TenantId, person: u8) -> PrincipalId {
    PrincipalId(TENANTS * ACCOUNTS + (tenant.0 - 1) * i64::from(PEOPLE) + i64::from(person) + 1)
}

/// A person as others name them.
pub fn person(tenant: TenantId, person: u8) -> PersonId {
    PersonId::new(u128::from(tenant.0.unsigned_abs()) * 100 + u128::from(person))
}

/// A session of a person; one more than there are is not there.
pub fn session(tenant: TenantId, person: u8, number: u8) -> Session {
    let id = u128::from(tenant.0.unsigned_abs()) * 10_000 + u128::from(person) * 100 + u128::from(number);
    Session {
        tenant,
        id: SessionId::new(id),
        principal: acts(tenant, person),
        opened_in: 1 + u32::from(number) % (u32::from(SESSIONS) - 1),
        idle_until: Timestamp(if number + 1 == SESSIONS { 60 } else { 1_000_000 }),
        ends_at: Timestamp(1_000_000),
        ended: None,
        version: 1,
    }
}

fn sessions() -> impl Iterator<Item = Session> {
    let people = (1..=TENANTS).flat_map(|tenant| (0..PEOPLE).map(move |person| (TenantId(tenant), person)));
    people.flat_map(|(tenant, person)| (0..SESSIONS).map(move |number| session(tenant, person, number)))
}

/// Which door a person comes through.
pub const fn kind(person: u8) -> Of {
    if person < PEOPLE / 2 { Of::Member } else { Of::Staff }
}

/// A tenant as it is at first, counted from one.
pub fn shop(number: i64) -> Tenant {
    Tenant {
        id: TenantId(number),
        public_id: TenantPublicId::new(number.unsigned_abs().into()),
        name: TenantName::from_stored(&format!("shop {number}")),
        status: if number > TENANTS { tenant::Status::Prepared } else { tenant::Status::Active },
        version: 1,
        created_at: Timestamp(0),
    }
}

/// Through which providers a tenant can be paid.
pub const CHANNELS: u128 = 2;

/// A memory with the tenants and their accounts with providers.
pub fn memory() -> Memory {
    let memory = Memory::default();
    memory.put_tenants((1..=SHOPS).map(shop));
    memory.put_accounts(channels());
    memory.put_sessions(sessions());
    memory
}

fn channels() -> impl Iterator<Item = domain::channel::Account> {
    let of = |tenant: i64| (1..=CHANNELS).map(move |number| (TenantId(tenant), number));
    (1..=TENANTS).flat_map(of).map(|(tenant, number)| desk::account(tenant, channel(tenant, number)))
}

/// An account of a tenant with a provider, both counted from one.
pub fn channel(tenant: TenantId, number: u128) -> ChannelAccountId {
    ChannelAccountId::new(u128::from(tenant.0.unsigned_abs()) * 100 + number)
}

/// The model that the engine's simulator believes in.
pub struct InMemory(Memory);

impl InMemory {
    pub fn open() -> Self {
        Self(memory())
    }
}

impl Subject for InMemory {
    type Storage = Memory;

    async fn clear(&mut self) {
        self.0 = memory();
    }

    fn storage(&self) -> &Memory {
        &self.0
    }

    async fn tidy(&self) {}

    async fn dump(&mut self) -> Dump {
        dump::memory(&self.0.tables())
    }

    async fn audit(&self, _script: &Script) {
        self.0.tables().audit().expect("the tables in memory hold");
    }
}

/// A database, used over all scripts: its rows are taken away between them.
pub struct OnDatabase {
    store: Store,
    beside: Beside,
    ground: Ground,
}

impl OnDatabase {
    pub async fn open(kind: Kind) -> Self {
        let ground = Ground::new(kind).await;
        let store = ground.store().await;
        people(&store).await;
        let beside = ground.connect().await;
        Self { store, beside, ground }
    }
}

impl Subject for OnDatabase {
    type Storage = Store;

    async fn clear(&mut self) {
        self.ground.clear().await;
        let as_at_first =
            format!("update tenants set changes = 0, status = case when id > {TENANTS} then 1 else 0 end");
        self.ground.plant(&as_at_first).await;
        let open = |row: Session| {
            let Session { tenant, id, principal, opened_in, idle_until, ends_at, .. } = row;
            let times = format!("0, 0, 0, {}, {}", idle_until.0, ends_at.0);
            format!("({}, '{id}', {}, 'web', 1, {opened_in}, {times}, x'00', 0, 0, 1)", tenant.0, principal.0)
        };
        let open = sessions().map(open).collect::<Vec<_>>().join(", ");
        self.ground
            .plant(&format!(
                "insert into sessions (tenant_id, id, principal_id, device, is_open, epoch, opened_at, proved_at,
                    two_factors, idle_until, ends_at, refresh_nonce, refresh_generation, refreshed_at, version)
                    values {open}"
            ))
            .await;
    }

    fn storage(&self) -> &Store {
        &self.store
    }

    async fn tidy(&self) {
        self.store.orders_archive(Timestamp(i64::MAX), 100).await.expect("nobody else writes");
    }

    async fn dump(&mut self) -> Dump {
        dump::database(&mut self.beside).await
    }

    async fn audit(&self, script: &Script) {
        // Who never came, or not so often, has opened none.
        let never =
            "delete from sessions where not exists (select 1 from people p where p.tenant_id = sessions.tenant_id
            and p.principal_id = sessions.principal_id and p.epoch >= sessions.epoch)";
        self.ground.plant(never).await;
        sound(&self.store, script).await;
    }
}

/// Brings the schema up and makes the tenants and accounts, whose numbers every subject must share.
async fn people(store: &Store) {
    store.migrate().await.expect("an empty database takes the schema");
    for tenant in 1..=TENANTS {
        let Tenant { id, public_id, name, .. } = shop(tenant);
        let made = store.tenant_create(name.as_str(), &public_id.to_string(), Timestamp(0)).await;
        assert_eq!(made.expect("a new tenant"), id);
        for account in 1..=ACCOUNTS {
            let (name, public_id) = (format!("server {account}"), self::account(tenant, account));
            let account_of = Account { tenant: TenantId(tenant), kind: "service", name: &name, public_id: &public_id };
            let made = store.account(&account_of, Timestamp(0)).await;
            assert_eq!(made.expect("a new account"), principal(tenant, account));
        }
    }
    for tenant in TENANTS + 1..=SHOPS {
        let Tenant { public_id, name, .. } = shop(tenant);
        let made = store.tenant_prepare(name.as_str(), public_id, Timestamp(0)).await;
        assert_eq!(made.expect("a new tenant"), shop(tenant));
    }
    for tenant in (1..=TENANTS).map(TenantId) {
        for at in 0..PEOPLE {
            let made = store.person_account((tenant, kind(at)), &login(at), person(tenant, at), Timestamp(0)).await;
            assert_eq!(made.expect("a new account"), (acts(tenant, at), person(tenant, at)));
        }
    }
    for (priority, account) in (0..).zip(channels()) {
        let new = NewChannelAccount { account: &account, settings: "{}", priority };
        store.channel_account_create(&new, Timestamp(0)).await.expect("a new channel");
    }
}

/// Every invariant holds, and every order is read as memory has it.
async fn sound(store: &Store, script: &Script) {
    for finding in store.check(Timestamp(0)).await.expect("the check runs") {
        assert_eq!(finding.light(), Light::Green, "{}: {:?}", finding.id, finding.examples);
    }
    for (&(tenant, order_no), expected) in &script.tables.orders {
        let found = store.order(tenant, order_no).await.expect("the order can be read");
        assert_eq!(found.as_ref(), Some(&**expected));
        let history = store.history(tenant, order_no).await.expect("the history can be read");
        let expected: Vec<_> =
            (1..=expected.version).map(|at| &script.tables.history[&(tenant, order_no, at)]).collect();
        assert_eq!(history.len(), expected.len());
        for (row, entry) in history.iter().zip(expected) {
            assert_eq!((row.version, row.event, row.from, row.to), (entry.version, entry.event, entry.from, entry.to));
            assert_eq!((row.at, row.key.as_str()), (entry.at, entry.key.as_str().trim_start()));
        }
    }
    for (&(tenant, order_no), expected) in &script.tables.money.payments {
        let found = store.payment(tenant, expected.id).await.expect("the payment can be read");
        assert_eq!(found.as_ref(), Some(&**expected));
        let by_order = store.payment_for(tenant, order_no).await.expect("the payment can be read");
        assert_eq!(by_order, found);
    }
    for (&(tenant, ref sku), product) in &script.tables.products {
        let stock = &script.tables.stock[&(tenant, sku.clone())];
        let found = store.product(tenant, sku).await.expect("the product can be read");
        assert_eq!(found.as_ref(), Some(&(product.clone(), stock.clone())));
    }
}
