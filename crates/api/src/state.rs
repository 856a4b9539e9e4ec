//! Owns what every handler shares: the engine, the store, the settings, and the way work is spawned.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, FromRef};
use channels::Directory;
use coord::Lock;
use domain::payment::RefundLimits;
use domain::{CheckoutPolicy, Command, PrincipalId, TenantId};
use engine::{Engine, Failure, Scope, Standing};
use http::{Extensions, HeaderValue};
use idempotency::Answer;
use people::People;
use store::{Actors, Store};
use tokio_util::task::TaskTracker;

use crate::auth::Keys;
use crate::hooks::{Hooks, Objection, Seen};
use crate::policies::Policies;
use crate::problem::Problem;
use crate::proxies::Proxies;
use crate::rates::RateLimits;
use crate::sent::{self, Sent};
use crate::settings::Settings;
use crate::sightings::Sightings;
use crate::token::Mint;
use crate::watch::{Begun, Lights, Origin, Watch};

/// Gives the text of the metrics page.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What every handler shares.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    engine: Engine,
    store: Store,
    settings: Settings,
    keys: Keys,
    people: People,
    origins: Vec<HeaderValue>,
    proxies: Proxies,
    sightings: Sightings,
    hooks: Hooks,
    watch: Watch,
    lights: Lights,
    metrics: Metrics,
    directory: Directory,
    actors: Actors,
    installation: u128,
    mint: Mint,
    policies: Policies,
    limits: RateLimits,
    locks: Arc<dyn Lock>,
    tracker: TaskTracker,
}

/// What an API is put together from.
pub struct Parts {
    /// Applies commands.
    pub engine: Engine,
    /// Answers questions.
    pub store: Store,
    /// The tenants' accounts with payment providers.
    pub directory: Directory,
    /// Who is behind a request.
    pub people: People,
    /// The other sites whose pages may ask, `https://shop.example`.
    pub origins: Vec<HeaderValue>,
    /// Those who ask for others, and say for whom.
    pub proxies: Proxies,
    /// In whose name the server itself acts.
    pub actors: Actors,
    /// The installation's name, a part of each number that a provider is given.
    pub installation: u128,
    /// The installation's secret, which one-time tokens are sealed with.
    pub secret: [u8; 32],
    /// Rate limits.
    pub limits: RateLimits,
    /// Keeps a member's order requests apart, where the shop wants that.
    pub locks: Arc<dyn Lock>,
    /// Where repetitions and conflicts are counted.
    pub sightings: Sightings,
    /// What was found of the whole when somebody looked.
    pub lights: Lights,
    /// What looks at commands before they are sent on, and hears of refusals.
    pub hooks: Hooks,
    /// The text of the metrics page.
    pub metrics: Metrics,
}

/// The address at the other end of a connection: a client's, or that of a proxy that asks for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket(pub(crate) IpAddr);

/// Marks a request that a page makes by itself, again and again: nobody may sit before it, and it keeps no session alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unattended {
    /// The page is opened: that counts as what somebody does.
    Opening,
    /// It is open.
    Open,
}

/// The other end of the connection that a request came by, for one that is made of it inside this process.
pub fn socket_of(extensions: &Extensions) -> Extensions {
    let mut socket = Extensions::new();
    if let Some(known) = extensions.get::<Socket>() {
        socket.insert(*known);
    }
    socket
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Where they are.
    pub(crate) address: IpAddr,
    /// Whether they are on this machine, and nobody asks for them.
    pub(crate) is_here: bool,
}

impl Peer {
    /// The address, for what is counted by it; one for all where nobody knows.
    pub(crate) fn address(peer: Option<Extension<Self>>) -> IpAddr {
        peer.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |Extension(peer)| peer.address)
    }
}

impl Api {
    /// Puts the parts together.
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let Parts {
            engine,
            store,
            people,
            origins,
            proxies,
            directory,
            actors,
            installation,
            secret,
            limits,
            locks,
            sightings,
            lights,
            mut hooks,
            metrics,
        } = parts;
        hooks.on_error.push(Arc::new(sightings.clone()));
        let policies = Policies::new(store.clone());
        let keys = Keys::new(store.clone());
        let tracker = TaskTracker::new();
        Self(Arc::new(Inner {
            engine,
            store,
            settings,
            keys,
            people,
            origins,
            proxies,
            sightings,
            hooks,
            watch: Watch::default(),
            lights,
            metrics,
            directory,
            actors,
            installation,
            mint: Mint::new(secret),
            policies,
            limits,
            locks,
            tracker,
        }))
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    pub(crate) fn installation(&self) -> u128 {
        self.0.installation
    }

    pub(crate) fn limits(&self) -> &RateLimits {
        &self.0.limits
    }

    pub(crate) fn locks(&self) -> &dyn Lock {
        &*self.0.locks
    }

    /// True if an arrival under this key is being worked on here.
    pub(crate) fn is_in_flight(&self, scope: &Scope) -> bool {
        self.0.engine.is_in_flight(scope)
    }

    pub(crate) fn mint(&self) -> &Mint {
        &self.0.mint
    }

    /// What the tenant's shop asks of a checkout.
    pub(crate) async fn policy(&self, tenant: TenantId) -> Result<CheckoutPolicy, Problem> {
        self.0.policies.of(tenant).await
    }

    /// That has changed.
    pub(crate) async fn forget_policy(&self, tenant: TenantId) {
        self.0.policies.forget(tenant).await;
    }

    /// How much one may give back alone in the tenant's shop.
    pub(crate) async fn refund_limits(&self, tenant: TenantId) -> Result<RefundLimits, Problem> {
        self.0.policies.refund_limits(tenant).await
    }

    /// That has changed.
    pub(crate) async fn forget_refund_limits(&self, tenant: TenantId) {
        self.0.policies.forget_refund_limits(tenant).await;
    }

    /// In whose name the server itself acts in a tenant.
    pub(crate) async fn actor(&self, tenant: TenantId) -> Result<PrincipalId, Problem> {
        self.0.actors.of(tenant).await.map_err(|error| {
            tracing::warn!(%error, "the server's own account could not be read");
            Problem::new("storage_unavailable", "the server's own account could not be read")
        })
    }

    /// Asks the shop's own rules.
    pub(crate) async fn check(&self, command: &Command) -> Result<Result<(), Objection>, Problem> {
        if !self.0.hooks.concern(&command.action) {
            return Ok(Ok(()));
        }
        let policy = self.policy(command.tenant).await?;
        Ok(self.0.hooks.check(command, &policy))
    }

    /// Tells of a command that was refused before it was sent on.
    pub(crate) fn refused(&self, command: &Command, from: Option<IpAddr>, code: &str) {
        self.0.hooks.note(&Seen::of(command, from), code);
    }

    /// What this node saw of late.
    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// What was found of the whole.
    pub(crate) fn lights(&self) -> &Lights {
        &self.0.lights
    }

    /// How many commands wait, and how many the latest batch of each lane had.
    pub(crate) fn load(&self) -> (usize, Vec<usize>) {
        (self.0.engine.waiting(), self.0.engine.latest_batches())
    }

    pub(crate) fn sightings(&self) -> &Sightings {
        &self.0.sightings
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn standing(&self) -> Standing {
        self.0.engine.standing()
    }

    pub(crate) fn metrics(&self) -> String {
        (self.0.metrics)()
    }

    pub(crate) fn origins(&self) -> &[HeaderValue] {
        &self.0.origins
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }

    pub(crate) fn people(&self) -> &People {
        &self.0.people
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Waits until everything that was spawned for requests is done.
    pub async fn drained(&self) {
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }

    /// Hands a command to the engine and waits for its answer. A client that goes away cancels only the waiting:
    /// the engine works in its own task. `origin` is where the request came in, where somebody is to be told of it.
    pub(crate) async fn submit(&self, command: Command, origin: Option<Origin>) -> Result<(Answer, bool), Problem> {
        let seen = Seen::of(&command, origin.as_ref().and_then(|origin| origin.from));
        let begun = origin.map(|origin| Begun::of(&command, origin));
        match self.0.engine.submit(command) {
            Ok(ticket) => Sent::new(self, ticket, seen, begun).answered().await,
            Err(refused) => {
                let refused = Err(sent::not_taken(refused));
                if let Some(begun) = begun {
                    self.watch().note(begun, &refused);
                }
                refused
            }
        }
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    /// Sees work to its end for which nobody waits; not where the process ends.
    pub(crate) fn look_after(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.0.tracker.spawn_on(work, &runtime);
        }
    }

    /// Ends what was begun in a task of its own: a client that goes away cancels only its waiting.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        self.0.tracker.spawn(work).await.unwrap_or_else(|error| {
            tracing::error!(%error, "what was begun for a request broke off");
            Err(Problem::new("internal_error", "the server ran into a bug of its own"))
        })
    }

    /// Asks the store in a task of its own: a query whose client went away still ends as it should.
    pub(crate) async fn ask<T, F>(&self, question: impl FnOnce(Store) -> F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, store::Error>> + Send + 'static,
    {
        let answer = self.0.tracker.spawn(question(self.0.store.clone())).await;
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                if error.is_outage() {
                    tracing::warn!(%error, source, "a read found the database away");
                    return Err(Problem::new("storage_unavailable", "the database does not answer"));
                }
                tracing::error!(%error, source, "a read failed");
                Err(Problem::new("internal_error", "the database could not be read"))
            }
            Err(error) => {
                tracing::error!(%error, "a read broke off");
                Err(Problem::new("internal_error", "the database could not be read"))
            }
        }
    }

    /// An object of this tenant, or 404.
    pub(crate) async fn find<T, F>(
        &self,
        tenant: TenantId,
        what: impl std::fmt::Display,
        question: impl FnOnce(Store, TenantId) -> F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<Option<T>, store::Error>> + Send + 'static,
    {
        let found = self.ask(|store| question(store, tenant)).await?;
        found.ok_or_else(|| Problem::new("not_found", format!("there is no {what}")))
    }
}

pub(crate) fn pending() -> Problem {
    Problem::new("outcome_pending", "it is not known yet whether the request was applied; ask again with the same key")
}

pub(crate) fn failed(failure: Failure) -> Problem {
    match failure {
        Failure::Unavailable => {
            let refusal = domain::payment::Refusal::Unavailable;
            Problem::new("channel_unavailable", refusal.to_string())
        }
        Failure::Busy => Problem::new("overloaded", "the database was too busy; nothing was done"),
        Failure::Broken => Problem::new("internal_error", "the request could not be applied; nothing was done"),
        Failure::Pending => pending(),
        Failure::Stopped => Problem::new("storage_unavailable", "the server cannot write; nothing was done"),
    }
}

impl FromRef<Api> for () {
    fn from_ref(_: &Api) -> Self {}
}
