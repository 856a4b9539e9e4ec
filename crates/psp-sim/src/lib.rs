//! The other side: a simulator of four payment providers, with real signatures, a book of its own, and faults on
//! request. It knows nothing of the merchant but the keys of the accounts.
//!
//! Its modules stand on each other and never in a circle: what is kept (`book`, `agenda`, `post`, `settings`, `mischief`,
//! `certificates`); `world`, all of that, and a turn of it; `protocol`, what a provider must be able to do, and the four that
//! can; `protocols`, which is which; and above them whatever listens, is pressed, or happens by itself.

mod agenda;
mod alipay;
mod attend;
mod book;
mod certificates;
mod clock;
mod desk;
mod exchange;
mod gate;
mod keys;
mod kind;
mod merchant;
mod mischief;
mod notify;
mod numbers;
mod post;
mod protocol;
mod protocols;
mod routes;
mod running;
mod sandbox;
mod serve;
mod settings;
mod stripe;
mod teller;
mod wechat;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use running::Running;

/// How the simulator is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where its book, its ledger (`ledger.jsonl`), its keys and the merchant's settings (`merchant/*.json`) are.
    pub folder: PathBuf,
    /// How much faster than the real providers it sends a callback again; 1 is real.
    pub time_scale: f64,
    /// Pays each charge by itself after so many milliseconds; `None` leaves what was set in the folder before.
    pub auto_pay_ms: Option<u64>,
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something in the folder cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another simulator has the folder.
    #[error("{path} is used by another simulator", path = path.display())]
    Locked {
        /// The file that is locked.
        path: PathBuf,
    },
    /// A line in the middle of the journal cannot be read.
    #[error("{path} cannot be read at byte {at}", path = path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Where the line begins.
        at: u64,
    },
    /// The system has no randomness to make keys with.
    #[error("keys cannot be made")]
    Keys,
    /// A key in the folder is none.
    #[error("a key of {name} in {folder} cannot be read", folder = folder.display())]
    Unreadable {
        /// The folder of the keys.
        folder: PathBuf,
        /// Whose key.
        name: String,
    },
    /// The client that sends callbacks cannot be made.
    #[error("callbacks cannot be sent")]
    Client,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}
