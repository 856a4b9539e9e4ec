//! The program against a service that keeps every promise, and against one that breaks one promise at a time.

mod broken;
mod correct;
mod process;
mod profile;
mod service;
