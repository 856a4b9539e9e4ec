//! Owns the file of what was done: a line for each, written before it is answered.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;

pub(crate) struct Journal {
    file: Option<Mutex<File>>,
    folder: Option<PathBuf>,
}

impl Journal {
    /// In this folder; without one nothing is written.
    pub(crate) fn open(folder: Option<&Path>) -> (Self, Vec<Value>) {
        let Some(folder) = folder else { return (Self { file: None, folder: None }, Vec::new()) };
        let path = folder.join("journal");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").expect("it is written");
        }
        // A line that was cut off was not acknowledged.
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        (Self { file: Some(Mutex::new(file)), folder: Some(folder.to_owned()) }, lines)
    }

    pub(crate) fn write(&self, line: &Value) {
        if let Some(file) = &self.file {
            let line = format!("{line}\n");
            file.lock().expect("nobody panicked").write_all(line.as_bytes()).expect("it is written");
        }
    }

    /// Whether somebody laid this file beside it.
    pub(crate) fn is_told(&self, name: &str) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.join(name).exists())
    }
}
