//! The real binary: killed in a storm, stopped, started wrongly, backed up, restored, on a full disk.

mod admin;
mod backup;
mod disk;
mod harness;
mod kill;
mod serve;
mod settings;
