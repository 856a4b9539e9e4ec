//! Owns where log lines go and how they look: standard error, level by `MIDENG_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::cli::Cli;
use crate::settings::LogForm;

/// Starts the log. Commands for people say only what is wrong.
pub(crate) fn start(cli: &Cli) {
    let usual = if cli.is_quiet() { "error" } else { "info" };
    let filter = EnvFilter::try_from_env("MIDENG_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // A log that is started twice is one that works.
    let _second = match cli.log_form() {
        LogForm::Text => lines.try_init(),
        LogForm::Json => lines.json().try_init(),
    };
}
