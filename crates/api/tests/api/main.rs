//! The API over real sockets: what the contract promises, what bug reports of others teach, what bad clients send.

mod callbacks;
mod conformance;
mod console;
mod contract;
mod coordinator;
mod door;
mod edge;
mod facts;
mod harness;
mod hooks;
mod input;
mod keys;
mod lists;
mod numbers;
mod overload;
mod overview;
mod payments;
mod people;
mod policies;
mod products;
mod refunds;
mod scenarios;
mod shipping;
mod tenants;
mod tokens;
