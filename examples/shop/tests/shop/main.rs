//! The shop as a process, with a database of its own.
