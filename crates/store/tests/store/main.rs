//! Owns the tests of the store: what every storage must do, and what SQLite must do in particular.

mod contract;
mod desk;
mod render;
mod shop;
