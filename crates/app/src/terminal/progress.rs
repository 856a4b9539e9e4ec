//! Owns progress on standard error: a live bar on a terminal, nothing in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that is drawn only where standard error is a terminal.
pub fn bar(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(
        ProgressStyle::with_template(
            "{prefix:.bold} {bar:36.green/dim} {human_pos}/{human_len}  {per_sec:.dim}  {msg}",
        )
        .expect("the template is constant")
        .progress_chars("━╸─"),
    );
    bar.set_prefix(what);
    bar
}

/// The same for time that passes, where a rate of steps would say nothing.
pub fn gauge(steps: usize, what: &'static str) -> ProgressBar {
    let bar = bar(steps, what);
    bar.set_style(
        ProgressStyle::with_template("{prefix:.bold} {bar:36.green/dim}  {msg}")
            .expect("the template is constant")
            .progress_chars("━╸─"),
    );
    bar
}

/// A sign of life for work of unknown length.
pub fn spinner(what: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(
        ProgressStyle::with_template("{spinner:.green} {prefix:.bold} {msg}").expect("the template is constant"),
    );
    spinner.set_prefix(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}
