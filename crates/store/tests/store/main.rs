//! Owns the tests of the store: what every storage must do, what the servers must do between nodes, and what SQLite
//! must do in particular.

mod accounts;
mod backups;
mod capture;
mod constraints;
mod contract;
mod copies;
mod desk;
mod ground;
mod health;
mod installation;
mod invariants;
mod leases;
mod lists;
mod migrations;
mod movements;
mod nodes;
mod outages;
mod outbox;
mod people;
mod plans;
mod policies;
mod purges;
mod render;
mod servers;
mod sessions;
mod settings;
mod shop;
mod signing;
mod statements;
mod strays;
mod sweeps;
mod texts;
mod unreadable;
