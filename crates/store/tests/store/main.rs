//! Owns the tests of the store: what every storage must do, and what SQLite must do in particular.

mod capture;
mod constraints;
mod contract;
mod desk;
mod invariants;
mod plans;
mod render;
mod shop;
mod statements;
