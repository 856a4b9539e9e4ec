//! Owns a server inside this process, for the commands that bring their own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use store::Address;

use crate::secret;
use crate::server::Server;
use crate::settings::{Period, Settings};

/// Where an embedded server keeps its data and listens.
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) api_key: Option<String>,
    /// How long an order may wait for payment; as long as usual where it is missing.
    pub(crate) payment_timeout: Option<Duration>,
    /// The log-ins that its pages tell.
    pub(crate) demo: Option<console::Demo>,
}

/// A running embedded server.
pub(crate) struct Embedded {
    pub(crate) url: String,
    pub(crate) api_key: String,
    pub(crate) database: Address,
    server: Server,
}

/// Starts a server on a new database.
pub(crate) async fn start(options: Options) -> anyhow::Result<Embedded> {
    let api_key = match options.api_key {
        Some(key) => key,
        None => secret::api_key()?,
    };
    let settings = Settings {
        listen: options.listen,
        data: options.folder,
        bootstrap_api_key: Some(api_key.clone()),
        demo: options.demo,
        ..Settings::default()
    };
    let settings = match options.payment_timeout {
        Some(timeout) => Settings { payment_timeout: Period(timeout), ..settings },
        None => settings,
    };
    let server = Box::pin(Server::start(&settings)).await?;
    Ok(Embedded { url: format!("http://{}", server.address), api_key, database: server.database.clone(), server })
}

impl Embedded {
    /// Stops the server as `mideng serve` stops.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}
