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
mod fronts;
mod golden;
mod harness;
mod kill;
mod logins;
mod nodes;
mod pages;
mod payments;
mod readme;
mod reconcile;
mod replay;
mod secrecy;
mod serve;
mod sessions;
mod settings;
mod silence;
mod smuggling;
mod starts;
mod tls;
