//! Owns the start and the end of a simulator. It does not know what happens in between.

use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agenda::Agenda;
use crate::book::Book;
use crate::certificates::Certificates;
use crate::merchant::Merchant;
use crate::mischief::Mischief;
use crate::post::Post;
use crate::protocols::Protocols;
use crate::settings::Kept;
use crate::world::World;
use crate::{Error, Options, attend, notify, routes, serve};

/// A simulator that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    world: Arc<World>,
    tracker: TaskTracker,
    stop: CancellationToken,
    _lock: File,
}

impl Running {
    /// Opens the folder, listens, and takes up what was left when the last one ended. Keys are made on the first start,
    /// which takes some seconds.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let opened = tokio::task::spawn_blocking(move || open(&options, address)).await;
        let (world, lock) = opened.map_err(|error| failed_to_open(address, error))??;
        world.resume();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let router = routes::router(&world);
        tracker.spawn(serve::serve(listener, router, tracker.clone(), stop.clone()));
        let keeper = world.clone();
        tracker.spawn(stop.clone().run_until_cancelled_owned(async move { attend::keep(&keeper).await }));
        let (sender, senders) = (world.clone(), tracker.clone());
        tracker.spawn(stop.clone().run_until_cancelled_owned(async move { notify::keep(&sender, &senders).await }));
        tracing::info!(%address, "the simulator of payment providers listens");
        Ok(Self { address, world, tracker, stop, _lock: lock })
    }

    /// Ends it: what is open is cut, callbacks on their way are waited for, and the book is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        let world = self.world;
        if tokio::task::spawn_blocking(move || world.book.close()).await.is_err() {
            tracing::error!("the book was not closed well");
        }
    }
}

fn open(options: &Options, address: SocketAddr) -> Result<(Arc<World>, File), Error> {
    let folder = &options.folder;
    std::fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.clone(), source })?;
    let lock = lock(folder)?;
    let gateway = format!("http://{}", reachable(address));
    let world = World {
        book: Book::open(folder)?,
        merchant: Merchant::open(folder, &gateway)?,
        certificates: Certificates::open(folder)?,
        mischief: Mischief::default(),
        settings: Kept::open(folder, options.auto_pay_ms),
        agenda: Agenda::default(),
        post: Post::new(options.time_scale)?,
        teller: &Protocols,
        gateway,
    };
    Ok((Arc::new(world), lock))
}

/// Two simulators on one book would both be wrong.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|source| Error::Folder { path: path.clone(), source })?;
    file.try_lock().map_err(|_| Error::Locked { path })?;
    Ok(file)
}

/// An address that a merchant on the same machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
    }
    address
}

fn failed_to_open(address: SocketAddr, error: tokio::task::JoinError) -> Error {
    Error::Listen { address, source: std::io::Error::other(error) }
}
