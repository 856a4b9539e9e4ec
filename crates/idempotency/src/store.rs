//! Owns the stores of keys that come with the crate, and what they have in common. Each is an implementation of
//! [`protocol::Store`](crate::protocol::Store).

mod kept;
mod limits;
pub mod memory;

pub use limits::{ANSWER_BYTES_MAX, HEADER_BYTES_MAX};
pub use memory::Memory;
