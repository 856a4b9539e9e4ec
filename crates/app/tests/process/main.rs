//! The real binary: killed in a storm, stopped, started wrongly, backed up, restored, on a full disk, on
//! the database of an earlier release.

mod admin;
mod archive;
mod backup;
mod conform;
mod coordinator;
mod copies;
mod disk;
mod dumps;
mod golden;
mod harness;
mod kill;
mod nodes;
mod payments;
mod reconcile;
mod replay;
mod serve;
mod settings;
mod silence;
mod starts;
mod tls;
