//! Owns the way between one server and the database: every byte passes here, and some do not arrive.

mod commit;
mod pump;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// They arrive.
    Clear,
    /// Each piece arrives so much later.
    Delayed(Duration),
    /// So many bytes a second arrive.
    Throttled(u32),
    /// Connections are closed as soon as they are opened.
    Refused,
    /// They arrive when this is over; until then nobody hears anything.
    Silent,
    /// Every second COMMIT never arrives, and its connection is closed.
    CommitCut,
    /// Every second COMMIT arrives, and its connection is closed before the reply passes.
    ReplyDropped,
    /// Every second COMMIT arrives so much later; its sender's connection is closed at once.
    CommitLate(Duration),
}

/// How often something was really done.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) connections: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) held: AtomicU64,
    pub(super) delayed: AtomicU64,
    pub(super) commits_cut: AtomicU64,
    pub(super) replies_dropped: AtomicU64,
    pub(super) commits_late: AtomicU64,
}

/// A listener in front of one address.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    weather: Mutex<Weather>,
    changed: Condvar,
    ends: AtomicBool,
    /// Both ends of each connection, to cut them by.
    open: Mutex<Vec<Arc<Pair>>>,
    hits: Hits,
    /// Every second COMMIT is hit.
    turn: AtomicU64,
}

/// The two ends of one connection.
struct Pair {
    client: TcpStream,
    database: TcpStream,
    /// The next bytes from the database are a reply to a COMMIT, and are not to pass.
    drops_reply: AtomicBool,
    /// The client is cut off, and the database must not know.
    is_late: AtomicBool,
    closed: AtomicBool,
}

impl Proxy {
    /// Listens on a port of this machine.
    pub(super) fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            weather: Mutex::new(Weather::Clear),
            changed: Condvar::new(),
            ends: AtomicBool::new(false),
            open: Mutex::default(),
            hits: Hits::default(),
            turn: AtomicU64::new(0),
        });
        let of_listener = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if of_listener.ends.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(client) = client {
                    let shared = Arc::clone(&of_listener);
                    thread::spawn(move || shared.serve(client));
                }
            }
        });
        Ok(Self { address, shared })
    }

    pub(super) const fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn set(&self, weather: Weather) {
        *locked(&self.shared.weather) = weather;
        self.shared.changed.notify_all();
        if weather == Weather::Refused {
            self.cut();
        }
    }

    /// Closes every connection that is open now.
    pub(super) fn cut(&self) {
        let open = std::mem::take(&mut *locked(&self.shared.open));
        let closed = open.iter().filter(|pair| pair.close()).count();
        self.shared.hits.cut.fetch_add(closed as u64, Ordering::Relaxed);
    }

    pub(super) fn hits(&self) -> &Hits {
        &self.shared.hits
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.set(Weather::Clear);
        self.cut();
        // The listener looks up only when somebody comes.
        let _woken = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, client: TcpStream) {
        self.wait_while_silent();
        if *locked(&self.weather) == Weather::Refused {
            self.hits.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // Where the database is not there, the client sees its connection closed.
        let Ok(database) = TcpStream::connect(self.upstream) else { return };
        let _at_once = (client.set_nodelay(true), database.set_nodelay(true));
        let no = || AtomicBool::new(false);
        let pair = Arc::new(Pair { client, database, drops_reply: no(), is_late: no(), closed: no() });
        self.hits.connections.fetch_add(1, Ordering::Relaxed);
        {
            let mut open = locked(&self.open);
            open.retain(|pair| !pair.closed.load(Ordering::Relaxed));
            open.push(Arc::clone(&pair));
        }
        let (shared, answers) = (Arc::clone(self), Arc::clone(&pair));
        thread::spawn(move || pump::answers(&shared, &answers));
        pump::requests(self, &pair);
    }

    /// The weather, once it is not silent.
    fn wait_while_silent(&self) -> Weather {
        let mut weather = locked(&self.weather);
        while *weather == Weather::Silent && !self.ends.load(Ordering::Relaxed) {
            weather = self.changed.wait(weather).unwrap_or_else(PoisonError::into_inner);
        }
        *weather
    }
}

impl Pair {
    /// Closes both ends; whether they were open.
    fn close(&self) -> bool {
        let was_open = !self.closed.swap(true, Ordering::Relaxed);
        let _gone = (self.client.shutdown(Shutdown::Both), self.database.shutdown(Shutdown::Both));
        was_open
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
