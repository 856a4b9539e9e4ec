//! Owns the server that a command talks to: one that runs already, or one started for the command alone.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use store::Address;
use tempfile::TempDir;

use super::Target;
use crate::embedded::{self, Embedded};

/// Which server; without a URL, one of the command's own.
#[derive(clap::Args)]
pub struct ServerArgs {
    /// The root of a running server, as in `http://127.0.0.1:8080`; without it, a server of its own is started in a
    /// temporary folder
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The API key for --url
    #[arg(long, value_name = "KEY", env = "MIDENG_API_KEY", hide_env_values = true)]
    pub api_key: Option<String>,
}

/// Without the key, which must not get into a log.
impl fmt::Debug for ServerArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerArgs").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A server to talk to.
pub struct Server {
    /// Where and as whom.
    pub target: Arc<Target>,
    own: Option<(Embedded, TempDir)>,
}

impl Server {
    /// Takes the server at the URL, or starts one in a temporary folder.
    pub async fn reach(args: &ServerArgs) -> anyhow::Result<Self> {
        match (&args.url, &args.api_key) {
            (Some(url), Some(key)) => Ok(Self { target: Arc::new(Target::new(url, Some(key))?), own: None }),
            (Some(_), None) => bail!(
                "--url needs an API key: give --api-key, or set MIDENG_API_KEY; `mideng api-key create` makes one"
            ),
            (None, _) => Self::start().await,
        }
    }

    async fn start() -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("mideng-").context("no temporary folder for the server's data")?;
        let options = embedded::Options {
            folder: folder.path().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            api_key: None,
            payment_timeout: None,
            demo: None,
        };
        let server = embedded::start(options).await.context("the embedded server does not start")?;
        let target = Target::new(&server.url, Some(&server.api_key))?;
        Ok(Self { target: Arc::new(target), own: Some((server, folder)) })
    }

    /// The database and the folder of the command's own server; none where it is somebody else's.
    pub fn own(&self) -> Option<(&Address, &Path)> {
        self.own.as_ref().map(|(server, folder)| (&server.database, folder.path()))
    }

    /// Stops the server if it is the command's own, and removes its folder.
    pub async fn stop(self) {
        if let Some((server, folder)) = self.own {
            server.stop().await;
            drop(folder);
        }
    }
}
