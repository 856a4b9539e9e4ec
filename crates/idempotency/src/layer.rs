//! Owns the layer for tower and axum: one per application, with a policy for each of its routes. It knows the store only by
//! its protocol.
//!
//! A request that brings a key runs in a task of its own as soon as it has to wait, and nobody's leaving cancels it; whoever
//! asks only waits for it.
//! Its place is within layers that compress, authenticate or limit, so that what those answer is not kept, and what is
//! kept is not compressed; see the README for what a policy means.

mod answer;
mod arrival;
mod attempt;
mod claim;
mod ending;
mod execution;
mod hub;
mod multipart;
mod policy;
mod published;
mod reading;
mod refusal;
mod resolver;
mod scope;
mod service;
mod sweeper;
mod waiting;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use http::Method;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Layer;

use crate::protocol::Store;

pub use crate::key::Syntax;
pub use crate::protocol::Guarantee;
pub use claim::{Claim, Completed, NoClaim, NotCompleted, NotStarted};
pub use policy::{Duplicates, Fate, Misconfigured, Outage, Policy};
pub use published::WELL_KNOWN;
pub use reading::Reading;
pub use resolver::{Numbers, Resolution, Resolver};
pub use scope::Scope;
pub use service::IdempotencyService;

use hub::Hub;

/// The keys of an application: its store, its name, and the policies of its routes. Cheap to clone; the clones are one.
#[derive(Clone)]
pub struct Idempotency {
    house: Arc<House>,
}

/// What an application is called, and what holds for all of its routes.
#[derive(Clone)]
pub struct Settings {
    installation: Arc<[u8]>,
    problems_at: Option<String>,
    store_timeout: Duration,
}

/// Guards one route. Give it to `route_layer` of the route's `MethodRouter`.
#[derive(Clone)]
pub struct IdempotencyLayer {
    site: Arc<Site>,
}

/// What became of a graceful end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Requests that still ran when the time was over. Their leases were not given back, so that nobody executes them
    /// beside a handler that may be alive.
    pub left: usize,
}

/// What the services of an application have in common.
struct House {
    store: Arc<dyn Store>,
    settings: Settings,
    /// Requests that run.
    tasks: TaskTracker,
    sweepers: TaskTracker,
    hub: Hub,
    closing: CancellationToken,
    /// The same, for who only looks: it is asked for each request, and shared by all threads.
    is_closing: AtomicBool,
    routes: Mutex<Vec<Arc<Route>>>,
}

/// A route with its policy.
struct Route {
    method: Method,
    path: String,
    policy: Policy,
    answer_bytes_max: usize,
}

/// Where a request arrived.
struct Site {
    house: Arc<House>,
    route: Arc<Route>,
}

impl Idempotency {
    /// Keys of the application with these settings, in this store. A text is enough for settings: the installation's name,
    /// see [`Settings::of`].
    pub fn new(store: Arc<dyn Store>, settings: impl Into<Settings>) -> Self {
        let house = House {
            store,
            settings: settings.into(),
            tasks: TaskTracker::new(),
            sweepers: TaskTracker::new(),
            hub: Hub::default(),
            closing: CancellationToken::new(),
            is_closing: AtomicBool::new(false),
            routes: Mutex::default(),
        };
        Self { house: Arc::new(house) }
    }

    /// A layer for one route, named by its method and its path as clients see it; or why the policy cannot hold.
    pub fn route(&self, method: Method, path: &str, policy: Policy) -> Result<IdempotencyLayer, Misconfigured> {
        let answer_bytes_max = policy.check(&method, &*self.house.store)?;
        let mut routes = self.house.routes();
        if routes.iter().any(|route| route.method == method && route.path == path) {
            return Err(Misconfigured::Twice(format!("{method} {path}")));
        }
        let route = Arc::new(Route { method, path: path.to_owned(), policy, answer_bytes_max });
        routes.push(Arc::clone(&route));
        drop(routes);
        Ok(IdempotencyLayer { site: Arc::new(Site { house: Arc::clone(&self.house), route }) })
    }

    /// Begins nothing any more and waits for what runs, for no longer than `limit` (F-17). Call it when the server has
    /// stopped listening, before the store's pool is closed. It ends [`Idempotency::sweep_every`] too.
    pub async fn drain(&self, limit: Duration) -> Drained {
        self.house.is_closing.store(true, Ordering::Release);
        self.house.closing.cancel();
        self.house.tasks.close();
        self.house.sweepers.close();
        let ends = async { tokio::join!(self.house.tasks.wait(), self.house.sweepers.wait()) };
        match tokio::time::timeout(limit, ends).await {
            Ok(_) => Drained { left: 0 },
            Err(_) => Drained { left: self.house.tasks.len() },
        }
    }

    /// How many requests run at this moment, those included whose clients have left.
    pub fn running(&self) -> usize {
        self.house.tasks.len()
    }
}

impl Settings {
    /// `installation` is a name, or better a secret, that no other service has which asks the same providers: numbers
    /// that are derived from keys differ by it. It must stay the same for as long as keys are kept.
    pub fn of(installation: impl Into<Vec<u8>>) -> Self {
        Self { installation: installation.into().into(), problems_at: None, store_timeout: Duration::from_secs(5) }
    }

    /// Where problems are explained: their `type` is this address with the code behind it. Without, it is a place in the
    /// policy at [`WELL_KNOWN`].
    #[must_use]
    pub fn problems_at(self, address: &str) -> Self {
        Self { problems_at: Some(address.to_owned()), ..self }
    }

    /// How long a client waits for the store before it is told that it is not there; 5 s where nothing is set.
    #[must_use]
    pub fn store_timeout(self, limit: Duration) -> Self {
        Self { store_timeout: limit, ..self }
    }
}

impl From<&str> for Settings {
    fn from(installation: &str) -> Self {
        Self::of(installation)
    }
}

impl House {
    fn routes(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Route>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl<S> Layer<S> for IdempotencyLayer
where
    S: tower::Service<Request>,
{
    type Service = IdempotencyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        IdempotencyService::new(Arc::clone(&self.site), inner)
    }
}
