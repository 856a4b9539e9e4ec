//! Owns the tables of a batch's life.
