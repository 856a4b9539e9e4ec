//! Owns what a replay says at its end: one JSON object, or a table and the first differences.

use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::audit::Audit;
use super::invoice::Book;
use crate::terminal::{self, Light, Sheet};

/// As many differences are told.
const PROBLEMS_MAX: usize = 10;

/// The result, with what was wanted.
#[derive(Debug)]
pub struct Report {
    figures: Figures,
    revenue_wanted: i64,
    cut: u64,
    problems: Vec<String>,
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct Figures {
    invoices: usize,
    orders: usize,
    revenue_minor: i64,
    executed: usize,
    replayed: u64,
    retried: u64,
    refused: u64,
    seconds: f64,
}

impl Report {
    /// Of this audit.
    pub fn new(book: &Book, audit: Audit, took: Duration) -> Self {
        let figures = Figures {
            invoices: book.invoices.len(),
            orders: audit.orders,
            revenue_minor: audit.revenue,
            executed: audit.executed,
            replayed: audit.storm.replayed,
            retried: audit.storm.retried,
            refused: audit.storm.refused,
            seconds: (took.as_secs_f64() * 1_000.0).round() / 1_000.0,
        };
        Self { figures, revenue_wanted: book.revenue, cut: audit.storm.cut, problems: audit.problems }
    }

    /// Success only if the server has what the files have.
    pub fn exit_code(&self) -> ExitCode {
        if self.is_equal() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The result to standard output, differences to standard error.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(&self.figures).expect("figures are plain data"));
        } else {
            println!("{}", self.table());
        }
        for problem in self.problems.iter().take(PROBLEMS_MAX) {
            eprintln!("{problem}");
        }
        if self.problems.len() > PROBLEMS_MAX {
            eprintln!("… and {} more", self.problems.len() - PROBLEMS_MAX);
        }
    }

    fn is_equal(&self) -> bool {
        let Figures { invoices, orders, revenue_minor, .. } = self.figures;
        self.problems.is_empty() && orders == invoices && revenue_minor == self.revenue_wanted
    }

    fn table(&self) -> Sheet {
        let count = |number: usize| terminal::thousands(number as i128);
        let figures = &self.figures;
        let mut sheet = Sheet::new("replay");
        sheet
            .row("valid invoices in the files", count(figures.invoices))
            .row("their revenue", terminal::gbp(self.revenue_wanted))
            .judged("orders on the server", count(figures.orders), Light::of(figures.orders == figures.invoices))
            .judged(
                "their revenue",
                terminal::gbp(figures.revenue_minor),
                Light::of(figures.revenue_minor == self.revenue_wanted),
            )
            .row("orders made by this run", count(figures.executed))
            .row("duplicates absorbed (answered as before)", terminal::thousands(figures.replayed))
            .row("requests cut off by the client", terminal::thousands(self.cut))
            .row("requests sent again", terminal::thousands(figures.retried))
            .judged("invoices refused", terminal::thousands(figures.refused), Light::of(figures.refused == 0))
            .judged("differences", count(self.problems.len()), Light::of(self.problems.is_empty()))
            .row("time", format!("{:.2} s", figures.seconds));
        sheet
    }
}
