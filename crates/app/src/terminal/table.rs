//! Owns tables: drawn with lines and colour on a terminal, as plain aligned columns in a pipe.

use std::fmt;
use std::io::{IsTerminal as _, stdout};

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use super::colour::colourful;

/// What a row says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// As it should be.
    Green,
    /// Not as it should be.
    Red,
}

/// A table of names and values, some with a light.
pub struct Sheet {
    table: Table,
}

impl Sheet {
    /// An empty table under this title.
    pub fn new(title: &str) -> Self {
        let mut table = Table::new();
        if stdout().is_terminal() {
            table.load_style(presets::UTF8_FULL_CONDENSED.with_rounded_corners());
        } else {
            table.load_style(presets::NOTHING);
        }
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if colourful() {
            table.enforce_styling();
        } else {
            // That also hides the terminal's width, which is wanted all the same.
            let width = table.width();
            table.force_no_tty();
            if let Some(width) = width {
                table.set_width(width);
            }
        }
        table.set_header([Cell::new(title).add_attribute(Attribute::Bold).fg(Color::Cyan), Cell::new("")]);
        Self { table }
    }

    /// A name and its value.
    pub fn row(&mut self, name: impl fmt::Display, value: impl fmt::Display) -> &mut Self {
        self.table.add_row([Cell::new(name), Cell::new(value).set_alignment(CellAlignment::Right)]);
        self
    }

    /// A name and its value, which is as it should be or not.
    pub fn judged(&mut self, name: impl fmt::Display, value: impl fmt::Display, light: Light) -> &mut Self {
        let (sign, color) = match light {
            Light::Green => ("●", Color::Green),
            Light::Red => ("✗", Color::Red),
        };
        let value = Cell::new(format!("{value} {sign}")).set_alignment(CellAlignment::Right).fg(color);
        self.table.add_row([Cell::new(name), value]);
        self
    }
}

impl Light {
    /// Green where the condition holds.
    pub const fn of(good: bool) -> Self {
        if good { Self::Green } else { Self::Red }
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table.trim_fmt())
    }
}
