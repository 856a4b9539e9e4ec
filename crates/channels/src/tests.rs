//! Owns what the tests of all channels share: a server to talk to, examples, keys, and witnesses from other libraries.

pub(crate) mod desk;
pub(crate) mod example;
pub(crate) mod keys;
mod witness;
