//! Owns payments and refunds with real processes: servers on each database, and a provider with a book of its own, which
//! is the judge. Named after real incidents.

mod callbacks;
mod certificates;
mod charges;
mod crashes;
mod facts;
mod health;
mod queries;
mod refunds;
mod spoken;
