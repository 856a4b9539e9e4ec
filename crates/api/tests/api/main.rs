//! The API over real sockets: what the contract promises, what bug reports of others teach, what bad clients send.

mod conformance;
mod harness;
