//! Owns bad input: whatever a client sends, it gets a clear answer, and nothing is lost or left behind.

mod bodies;
mod paths;
mod wire;
