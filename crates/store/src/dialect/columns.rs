//! Owns writing columns down, as every database's SQL has them.

use crate::set::Column;

/// Each column in some form.
pub(super) fn names(columns: &[Column], form: impl Fn(&str) -> String) -> Vec<String> {
    columns.iter().map(|column| form(column.name)).collect()
}

/// The same as one list.
pub(super) fn list(columns: &[Column], form: impl Fn(&str) -> String) -> String {
    names(columns, form).join(", ")
}

/// What is compared with a row's column called `name`: as it was loaded.
pub(super) fn was(name: &str) -> String {
    format!("was_{name}")
}
