//! HTTP, JSON and status codes: reads requests into commands, renders outcomes into answers, and serves. The only
//! crate that knows HTTP.

mod access;
mod asker;
mod auth;
mod body;
mod hooks;
mod mutation;
mod named;
pub mod openapi;
mod policies;
pub mod problem;
mod proxies;
mod rates;
mod render;
mod request_id;
mod routes;
mod sent;
mod serve;
mod settings;
mod sightings;
mod stamp;
mod state;
mod token;
mod watch;
mod wire;

pub use access::{Access, Line};
pub use hooks::{Before, Hooks, Objection, OnError, Refused};
pub use people::Door;
pub use proxies::{Network, NoNetwork, Proxies};
pub use rates::{By, RateLimits, Rule};
pub use render::Renderer;
pub use routes::notify::digest;
pub use routes::{lines, router};
pub use serve::{Limits, Listener, serve};
pub use settings::Settings;
pub use sightings::Sightings;
pub use stamp::{id, now};
pub use state::{Api, Metrics, Parts, Unattended, socket_of};
pub use watch::{Light, Lights, Looked};
