//! Owns lists of several columns, and the light in front of a line.

use std::io::{IsTerminal as _, stdout};

use comfy_table::{Table, presets};
use owo_colors::OwoColorize as _;

use super::colour::colourful;

/// Prints rows under their headings.
pub fn print_list<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let mut table = Table::new();
    table.load_style(if stdout().is_terminal() { presets::UTF8_FULL_CONDENSED } else { presets::NOTHING });
    table.set_header(headings);
    table.add_rows(rows);
    println!("{}", table.trim_fmt());
}

/// A green or a red light.
pub fn light(green: bool) -> String {
    match (green, colourful()) {
        (true, true) => "●".green().to_string(),
        (false, true) => "✗".red().to_string(),
        (true, false) => "●".to_owned(),
        (false, false) => "✗".to_owned(),
    }
}
