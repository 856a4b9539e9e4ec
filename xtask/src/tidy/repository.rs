//! Owns what the rules look at: every text file of the repository, and each crate with what it depends on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::source::Source;
use crate::shell::Command;

/// Folders that are no part of the source.
const SKIPPED: &[&str] = &["target", "mideng-data", "node_modules"];
/// Folders with a dot that are.
const SETTINGS: &[&str] = &[".cargo", ".ci", ".config", ".github"];

#[derive(Default)]
pub(super) struct Repository {
    pub(super) files: Vec<File>,
    pub(super) crates: Vec<Crate>,
}

pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// Of a `.rs` file that can be parsed.
    pub(super) source: Option<Source>,
}

#[derive(Deserialize)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Option<Kind>,
    /// It comes with a feature only.
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Dev,
    Build,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

impl Repository {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        let metadata = Command::new("cargo metadata --no-deps --format-version 1").output_in(root)?;
        let metadata: Metadata = serde_json::from_str(&metadata).context("reading the output of `cargo metadata`")?;
        ensure!(!metadata.packages.is_empty(), "`cargo metadata` names no crate");
        Ok(Self { files, crates: metadata.packages })
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The files that are Rust and can be parsed; the compiler tells of those that cannot.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| file.source.as_ref().map(|source| (file, source)))
    }
}

impl File {
    pub(super) fn new(path: &str, text: String) -> Self {
        let mut file = Self { path: path.to_owned(), text, source: None };
        if file.is("rs") {
            file.source = Source::parse(&file.path, &file.text);
        }
        file
    }

    /// Whether this is what the name ends with.
    pub(super) fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

fn walk(root: &Path, folder: &str, files: &mut Vec<File>) -> Result<()> {
    let at = root.join(folder);
    let mut entries = fs::read_dir(&at)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("listing {}", at.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let hidden = name.starts_with('.') && !SETTINGS.contains(&name.as_str());
            if !hidden && !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).with_context(|| format!("reading {path}"))?;
            // What is not UTF-8 is no text: a golden database, a picture.
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File::new(&path, text));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
impl Repository {
    /// A repository of these files, for the rules' own tests.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        Self { files, crates: Vec::new() }
    }

    /// The same with a crate.
    pub(super) fn with_crate(mut self, name: &str, dependencies: &[(&str, Option<Kind>)]) -> Self {
        let dependencies = dependencies
            .iter()
            .map(|&(name, kind)| Dependency { name: name.to_owned(), kind, optional: false })
            .collect();
        self.crates.push(Crate { name: name.to_owned(), dependencies });
        self
    }
}
