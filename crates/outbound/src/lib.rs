//! Owns calls to addresses that others gave us: which are called at all, where their names lead, and how much of an answer is
//! listened to. It does not know what is asked, nor of whom.

mod client;
mod failure;
mod names;
mod network;
mod policy;
mod ports;
mod purpose;

pub use client::{Answer, Call, Client, Limits};
pub use failure::{Failure, Refusal};
pub use names::{Names, SystemNames};
pub use network::{Network, NotANetwork};
pub use policy::{Http, Policy, URL_BYTES_MAX};
pub use ports::Ports;
pub use purpose::Purpose;

/// What a call is made of, as the library behind it names it.
pub use reqwest::{Method, StatusCode, Url, header};
