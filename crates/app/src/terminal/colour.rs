//! Owns colour: only on a terminal, and never where `NO_COLOR` is set (<https://no-color.org>).

use std::io::{IsTerminal as _, stdout};
use std::sync::LazyLock;

use owo_colors::{OwoColorize as _, Style};

static COLOURFUL: LazyLock<bool> = LazyLock::new(|| {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    stdout().is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
});

/// True where standard output takes colour.
pub fn colourful() -> bool {
    *COLOURFUL
}

/// Over a part of the output.
pub fn heading(text: &str) -> String {
    paint(text, Style::new().bold().cyan())
}

/// What matters most.
pub fn bold(text: &str) -> String {
    paint(text, Style::new().bold())
}

/// What may be overlooked.
pub fn dim(text: &str) -> String {
    paint(text, Style::new().dimmed())
}

/// What went well.
pub fn good(text: &str) -> String {
    paint(text, Style::new().bold().green())
}

/// What went wrong.
pub fn bad(text: &str) -> String {
    paint(text, Style::new().bold().red())
}

fn paint(text: &str, style: Style) -> String {
    if colourful() { text.style(style).to_string() } else { text.to_owned() }
}
