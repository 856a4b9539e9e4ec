//! Owns the HTTP client of the commands that load a server: plain HTTP/1.1, one handle for one connection, and the
//! retry rules that the API's README gives to a client. It knows neither orders nor products.

mod answer;
mod caller;
pub mod clock;
mod connection;
mod cut;
mod lanes;
mod request;
mod retry;
mod server;
mod target;

pub use answer::Answer;
pub use caller::Caller;
pub use connection::{Connection, NoAnswer};
pub use cut::Cut;
pub use lanes::spread;
pub use request::{Request, segment};
pub use retry::{Policy, Settled};
pub use server::{Server, ServerArgs};
pub use target::Target;
