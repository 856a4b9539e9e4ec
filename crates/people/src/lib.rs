//! Who is behind a request: log-ins, sessions on many devices, and the answer whether one is good, at once on every node. It
//! knows no HTTP; the rules are `domain`'s, the proofs `identity`'s, and the truth is `store`'s.

mod api_keys;
mod authority;
mod change;
mod denied;
mod device;
mod factors;
mod held;
mod keys;
mod limits;
mod login;
mod news;
mod proof;
mod providers;
mod reset;
mod rules;
mod sessions;
mod strangers;
mod tokens;
mod turnstile;

use std::net::IpAddr;
use std::sync::Arc;

use coord::Limit;
use coord::bus::Bus;
use coord::cache::Cache;
use domain::Timestamp;
use identity::password::{Password, Rules as PasswordRules};
use store::Store;

use api_keys::KeySecrets;
use authority::Authorities;
use device::Devices;
use factors::Factors;
use limits::Limits;
use providers::Providers;
use reset::Resets;
use rules::RulesOf;
use tokens::Tokens;
use turnstile::Turnstile;

pub use authority::{KNOWN_FOR, SHARED_FOR, Trust};
pub use denied::Denied;
pub use factors::{Enrolment, Unfit};
pub use identity::password::{Cost, Hasher, Settings as HasherSettings, Weak};
pub use identity::provider;
pub use identity::provider::Callback;
pub use keys::{Keys, ROTATED_IN, first_key, new_key, others_sign};
pub use login::{Arrival, LogIn, Origin};
pub use proof::Prove;
pub use providers::{Away, Back, By, Door, Introduced, Means, Provider};
pub use reset::Allowed;
pub use sessions::{LoggedIn, Proof};
pub use tokens::ACCESS_TOKEN_FOR;

/// The clock and the maker of ids.
#[derive(Clone, Copy)]
pub struct Stamp {
    /// The time.
    pub now: fn() -> Timestamp,
    /// A new id's 128 bits.
    pub id: fn() -> u128,
}

/// What this is put together from.
pub struct Parts {
    /// The truth.
    pub store: Store,
    /// Sessions that were looked up, for all nodes; none where nothing is shared.
    pub cache: Option<Arc<dyn Cache>>,
    /// Tells all nodes what has changed; without one each sees it by itself.
    pub bus: Option<Arc<dyn Bus>>,
    /// Counts log-ins.
    pub limit: Arc<dyn Limit>,
    /// So many tries of strangers to log in come from one address in a minute.
    pub logins_per_address: u32,
    /// The installation's secret.
    pub secret: [u8; 32],
    /// Which sign access tokens.
    pub keys: Keys,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Who knows people by themselves.
    pub providers: Vec<Provider>,
    /// The clock and the maker of ids.
    pub stamp: Stamp,
}

/// So many log-ins wait for a place. More would wait for longer than people do, send it again, and make it worse.
const LOG_INS_WAITING_MAX: usize = 128;

/// See the crate. Clones share all of it.
#[derive(Clone)]
pub struct People(Arc<Inside>);

struct Inside {
    store: Store,
    authorities: Authorities,
    tokens: Tokens,
    rules: RulesOf,
    limits: Limits,
    turnstile: Turnstile,
    devices: Devices,
    factors: Factors,
    resets: Resets,
    key_secrets: KeySecrets,
    providers: Providers,
    hasher: Hasher,
    stamp: Stamp,
}

impl People {
    /// Puts the parts together, and begins to listen to the other nodes.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, cache, bus, limit, logins_per_address, secret, keys, hasher, providers, stamp } = parts;
        let people = Self(Arc::new(Inside {
            authorities: Authorities::new(store.clone(), (cache, &secret), bus.clone()),
            tokens: Tokens::new(keys, &secret),
            rules: RulesOf::new(store.clone()),
            limits: Limits::new(limit, logins_per_address),
            // A hash under way and the next for each thread, and two who ask the database.
            turnstile: Turnstile::new(2 * hasher.threads() + 2, LOG_INS_WAITING_MAX),
            devices: Devices::new(&secret),
            factors: Factors::new(&secret),
            resets: Resets::new(&secret),
            key_secrets: KeySecrets::new(&secret),
            providers: Providers::new(providers, &secret),
            store,
            hasher,
            stamp,
        }));
        if let Some(bus) = bus {
            news::listen(&people, &*bus);
        }
        keys::follow(&people);
        people
    }

    /// The hash of a password that somebody may have. `words` are their own: login, name.
    pub async fn hash(
        &self,
        typed: &str,
        words: &[&str],
    ) -> Result<Result<domain::person::PasswordHash, Weak>, Denied> {
        let checked = Password::read(typed)
            .and_then(|password| PasswordRules::default().check(&password, words).map(|()| password));
        let password = match checked {
            Ok(password) => password,
            Err(weak) => return Ok(Err(weak)),
        };
        let hash = self.0.hasher.hash(&password).await.map_err(|_| Denied::Busy)?;
        Ok(Ok(domain::person::PasswordHash::new(hash.as_str())))
    }

    /// Reads the keys that sign access tokens now, as every half minute.
    pub async fn read_keys(&self) -> Result<(), store::Error> {
        self.0.tokens.keys().read_again((self.0.stamp.now)()).await
    }

    /// How many passwords were hashed or compared since the start.
    pub fn passwords_hashed(&self) -> u64 {
        self.0.hasher.computed()
    }

    /// The public keys that verify access tokens, as a JWK set (RFC 7517).
    pub fn jwks(&self) -> String {
        self.0.tokens.jwks((self.0.stamp.now)())
    }

    /// Does it in a task of its own: a client that goes away cancels its waiting, and nothing that was begun.
    async fn run<T, F>(&self, work: impl FnOnce(Self) -> F) -> Result<T, Denied>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Denied>> + Send + 'static,
    {
        let done = tokio::spawn(work(self.clone())).await;
        done.unwrap_or_else(|error| Err(Denied::Broken(format!("what was begun broke off: {error}"))))
    }

    /// Waits for no password any more.
    pub fn close(&self) {
        self.0.hasher.close();
    }
}

/// An address as limits count it: of the sixth version the network of the first 64 bits.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
        IpAddr::V4(address) => address.to_string(),
    }
}
