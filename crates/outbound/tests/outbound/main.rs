//! Calls to addresses that others gave us, as somebody means harm with them.

mod addresses;
mod answers;
mod harness;
mod names;
mod urls;
