//! Owns the scenarios that became somebody's incident elsewhere, each in a test that begins with its name.

mod orders;
mod stock;
