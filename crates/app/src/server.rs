//! Owns putting a server together from its settings, running it, and taking it down so that nothing acknowledged is
//! lost and nothing running is cut.

mod coordinator;
mod crash;
pub(crate) mod folder;
mod measure;
mod prepare;
pub(crate) mod telemetry;
mod wait;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use api::{Api, Lights, Limits, Listener, Parts, Renderer, Sightings};
use channels::Directory;
use coord::Limit;
use coord::bus::Bus;
use coord::cache::Cache;
use engine::{Engine, Executor, Options, Storage};
use people::{Hasher, HasherSettings, People};
use relay::{Relay, Waking};
use store::{Actors, Address, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use coordinator::{Coordination, Coordinator};
use crash::{Mortal, MortalChannel, Points};
use wait::Wait;

use crate::secret;
use crate::settings::{Flags, Settings, StorageKind, known};
use crate::workers::{Outside, Workers};

/// How long what was begun has to end when the server stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The administrator's key, if this start made it.
    pub(crate) new_api_key: Option<String>,
    pub(crate) database: Address,
    store: Store,
    engine: Engine,
    lane: oneshot::Receiver<()>,
    sockets: Vec<JoinHandle<()>>,
    workers: Workers,
    api: Api,
    sightings: Sightings,
    stop: CancellationToken,
    /// Held as long as the server runs: two servers on one folder would not know of each other.
    _lock: Option<folder::Lock>,
}

/// `mideng serve`.
pub(crate) async fn run(flags: Flags) -> anyhow::Result<()> {
    let settings = flags.settings()?;
    let mut stop = StopSignal::listen()?;
    let server = tokio::select! {
        biased;
        server = Box::pin(Server::start(&settings)) => server?,
        () = stop.come() => return Ok(()),
    };
    println!("Mideng listens on http://{}", server.address);
    println!("  data       {}", server.database);
    println!("  reference  http://{}/docs", server.address);
    tell(server.new_api_key.as_deref());
    stop.come().await;
    tracing::info!("stopping: no new requests, those that run are finished");
    server.stop().await;
    Ok(())
}

/// Tells an administrator's key that was made.
fn tell(key: Option<&str>) {
    if let Some(key) = key {
        println!("  API key    {key}");
        println!("  This administrator's key is shown only now. Keep it.");
    }
}

impl Server {
    /// Opens the database, brings it up to date, and listens.
    pub(crate) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let database = settings.address()?;
        let lock = database.file().map(folder::Lock::take).transpose()?;
        let store = Store::open(&database).await.with_context(|| format!("opening {database}"))?;
        let coordination = Coordination::of(settings).await?;
        let wait = Wait::new(settings.database_wait.0);
        let new_api_key = prepare::ready(&store, settings, &wait).await;
        let new_api_key = new_api_key.with_context(|| format!("preparing {database}"))?;
        let started = Box::pin(Self::on((store, database, lock), coordination, (settings, &wait))).await;
        match started {
            Ok(server) => Ok(Self { new_api_key, ..server }),
            Err(error) => {
                // The next start does not make another.
                tell(new_api_key.as_deref());
                Err(error)
            }
        }
    }

    /// Listens, on a database that is ready.
    async fn on(
        (store, database, lock): (Store, Address, Option<folder::Lock>),
        coordination: Coordination,
        (settings, wait): (&Settings, &Wait),
    ) -> anyhow::Result<Self> {
        let listener = Listener::bind(settings.listen)
            .await
            .with_context(|| format!("listening on {}; is something else there?", settings.listen))?;
        let address = listener.address()?;
        let bell = Arc::new(Notify::new());
        let waking = Waking { storage: store.clone(), bell: bell.clone() };
        let points = Points::new(settings.crash_at);
        let engine = start_engine(waking, settings, (lock.is_some(), points.clone()));
        let (engine, lane) = engine.context("starting the engine's thread")?;
        let (sightings, lights) = (Sightings::default(), Lights::default());
        let (directory, actors) = (directory(settings, points), actors(&store));
        let outside = Outside::new(&store, &directory);
        let accounts = wait.out(async || Ok(outside.refresh().await?)).await;
        accounts.context("reading the accounts with payment providers")?;
        let metrics = telemetry::page(&engine);
        let (installation, secret) = installation(&store, wait).await?;
        let Coordinator { locks, rates, cache, bus } = coordination.on(&store, (installation, lock.is_some()));
        let coordinated = (cache, bus, rates.limit.clone());
        let people = people_of(&store, (settings, wait), (installation, secret), coordinated).await?;
        let parts = Parts {
            engine: engine.clone(),
            store: store.clone(),
            directory: directory.clone(),
            actors: actors.clone(),
            installation,
            secret,
            people: people.clone(),
            origins: settings.origins()?,
            proxies: settings.proxies()?,
            limits: rates,
            locks,
            sightings: sightings.clone(),
            lights: lights.clone(),
            hooks: api::Hooks::default(),
            metrics: metrics.clone(),
        };
        let api = Api::new(parts, api_settings(settings));
        let options = relay_options(settings, address, lock.is_some());
        let relay = Relay::new((&store, &engine), &directory, &actors, &bell, options);
        let stop = CancellationToken::new();
        let doors = people.doors(domain::person::Kind::Staff);
        let pages = console::Settings { demo: settings.demo.clone(), doors, stop: stop.clone() };
        let whole = console::router(api::router(api.clone()), pages);
        let mut sockets = vec![tokio::spawn(api::serve(listener, whole, Limits::default(), stop.clone()))];
        if let Some(listen) = settings.metrics_listen {
            sockets.push(serve_metrics(listen, metrics, &stop).await?);
        }
        let workers =
            Workers::start((&store, &engine, &actors), (sightings.clone(), lights), (outside, relay), settings);
        let new_api_key = None;
        Ok(Self {
            address,
            new_api_key,
            database,
            store,
            engine,
            lane,
            sockets,
            workers,
            api,
            sightings,
            stop,
            _lock: lock,
        })
    }

    /// Takes no new request, lets those that run end, and closes the database.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for socket in self.sockets {
            let _ended = socket.await;
        }
        self.workers.stop().await;
        self.engine.close();
        // A commit that is not resolved keeps the lane busy; its key will tell after the next start.
        if tokio::time::timeout(DRAIN_WITHIN, self.lane).await.is_err() {
            tracing::warn!("some commands were not resolved when the time to drain was over");
        }
        if tokio::time::timeout(DRAIN_WITHIN, self.api.drained()).await.is_err() {
            tracing::warn!("some requests were still looked into when the time to drain was over");
        }
        // What was looked into to the end was counted, too.
        if let Err(error) = self.store.sightings_add(&self.sightings.take()).await {
            tracing::warn!(%error, "what was counted of keys at the end could not be written");
        }
        self.store.close().await;
    }
}

/// A port of their own, for those who watch many servers.
async fn serve_metrics(
    listen: SocketAddr,
    page: api::Metrics,
    stop: &CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let listener = Listener::bind(listen).await;
    let listener = listener.with_context(|| format!("listening on {listen} for metrics"))?;
    Ok(tokio::spawn(api::serve(listener, telemetry::router(page), Limits::default(), stop.clone())))
}

/// What nodes share of sessions, where they share anything, and who counts log-ins.
type Shared = (Option<Arc<dyn Cache>>, Option<Arc<dyn Bus>>, Arc<dyn Limit>);

/// Who is behind requests.
async fn people_of(
    store: &Store,
    (settings, wait): (&Settings, &Wait),
    (installation, secret): (u128, [u8; 32]),
    (cache, bus, limit): Shared,
) -> anyhow::Result<People> {
    let (issuer, stamp) = (format!("urn:mideng:{installation:032x}"), people::Stamp { now: api::now, id: api::id });
    let keys = wait.out(async || Ok(people::Keys::read(store, &issuer, stamp).await?)).await;
    Ok(People::new(people::Parts {
        store: store.clone(),
        cache,
        bus,
        limit,
        logins_per_address: settings.logins_per_address,
        secret,
        keys: keys.context("reading the keys that sign access tokens")?,
        hasher: Hasher::open(HasherSettings::default()).context("starting the threads that hash passwords")?,
        providers: settings.login_providers()?,
        stamp,
    }))
}

/// Its name and its secret; the first start makes them.
async fn installation(store: &Store, wait: &Wait) -> anyhow::Result<(u128, [u8; 32])> {
    let (id, drawn) = (api::id(), secret::random()?);
    let name = wait.out(async || Ok(store.installation(id).await?)).await.context("reading the installation's name")?;
    let secret =
        wait.out(async || Ok(store.secret(drawn).await?)).await.context("reading the installation's secret")?;
    known::refuse_drawn("the installation's secret in the database", &secret)?;
    Ok((name, secret))
}

fn start_engine(
    storage: Waking<Store>,
    settings: &Settings,
    (embedded, points): (bool, Arc<Points>),
) -> io::Result<(Engine, oneshot::Receiver<()>)> {
    let delay = Duration::from_micros(settings.commit_delay_us);
    match settings.storage {
        StorageKind::Discard => start_engine_on(measure::Discard, settings, true),
        StorageKind::Database if settings.crash_at > 0 => {
            start_engine_on(Mortal { storage, points }, settings, embedded)
        }
        StorageKind::Database if delay.is_zero() => start_engine_on(storage, settings, embedded),
        StorageKind::Database => start_engine_on(measure::Slowed { storage, delay }, settings, embedded),
    }
}

fn directory(settings: &Settings, points: Arc<Points>) -> Directory {
    if settings.crash_at == 0 {
        return Directory::default();
    }
    Directory::wrapping(move |channel| Arc::new(MortalChannel { channel, points: points.clone() }))
}

/// In whose name the server itself acts.
pub(crate) fn actors(store: &Store) -> Actors {
    Actors::new(store, || (secret::public_id("acc_"), api::now()))
}

fn relay_options(settings: &Settings, address: SocketAddr, is_alone: bool) -> relay::Options {
    let public_url = settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    // Whoever holds the lock of a file is its one node: lanes of a life before are free at once.
    let owner = if is_alone { "the one node".to_owned() } else { format!("{:032x}", api::id()) };
    relay::Options::new(owner, without_slash(&public_url), (api::now, api::id))
}

fn without_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// An embedded database has one writer.
fn start_engine_on<S: Storage>(
    storage: S,
    settings: &Settings,
    embedded: bool,
) -> io::Result<(Engine, oneshot::Receiver<()>)> {
    let options = Options {
        lanes: if embedded { 1 } else { settings.lanes },
        runs_first: !embedded,
        queue_commands_max: settings.queue_commands_max,
        batch_commands_max: settings.batch_commands_max,
        ..Options::default()
    };
    Engine::start_thread(storage, Executor::new(Renderer), options)
}

fn api_settings(settings: &Settings) -> api::Settings {
    api::Settings {
        body_bytes_max: settings.body_bytes_max,
        answer_wait: settings.answer_wait.0,
        payment_timeout: settings.payment_timeout.0,
        order_number_validity: settings.order_number_validity.0,
        token_validity: settings.token_validity.0,
        concurrent_requests_max: settings.concurrent_requests_max,
        ..api::Settings::default()
    }
}

/// Ctrl-C or, as process managers send it, SIGTERM.
pub(crate) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    /// From now on the signals are kept. Before, they end the process where it stands: listen before anybody is told
    /// that the server is there.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening for the signals to stop");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits until one has come.
    pub(crate) async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
