//! Runs the coordinators against real Redis servers: those that `cargo xtask services up` tells of, and some of the tests'
//! own, which are hurt.

mod bus;
mod cache;
mod contract;
mod failover;
mod groups;
mod harness;
mod leases;
mod limits;
mod links;
mod outages;
mod redlock;
mod tokens;
mod witness;
