//! Owns progress on standard error: a live bar on a terminal, nothing in a pipe.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar over things that are done one by one, drawn only where standard error is a terminal.
pub fn bar(length: usize, what: &'static str) -> ProgressBar {
    let style = style("{prefix:.bold} {bar:18.green/dim} {human_pos}/{human_len}  {rate:.dim}  {wide_msg}");
    ProgressBar::new(length as u64).with_style(style).with_prefix(what)
}

/// The same for time that passes, where steps and their rate would say nothing.
pub fn gauge(steps: usize, what: &'static str) -> ProgressBar {
    ProgressBar::new(steps as u64).with_style(style("{prefix:.bold} {bar:18.green/dim}  {wide_msg}")).with_prefix(what)
}

/// A sign of life for work of unknown length.
pub fn spinner(what: String) -> ProgressBar {
    let spinner =
        ProgressBar::new_spinner().with_style(style("{spinner:.green} {prefix:.bold} {wide_msg}")).with_prefix(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

fn style(template: &str) -> ProgressStyle {
    let rate = |state: &ProgressState, text: &mut dyn Write| {
        // A bar has nowhere to tell that its own text could not be written.
        let _ = write!(text, "{:.0}/s", state.per_sec());
    };
    ProgressStyle::with_template(template)
        .expect("the templates are constant")
        .with_key("rate", rate)
        .progress_chars("━╸─")
}
