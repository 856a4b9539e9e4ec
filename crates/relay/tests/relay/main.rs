//! Owns the tests of the relay: a real database and engine, and a provider that says what the test wants.

mod after;
mod clock;
mod health;
mod homecomings;
mod late;
mod lease;
mod orders;
mod poison;
mod provider;
mod shop;
mod silences;
