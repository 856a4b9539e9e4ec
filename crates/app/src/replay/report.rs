//! Owns what a replay says at its end: one JSON object, or a table and the first differences.

use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::audit::Audit;
use super::cancellation::Unmatched;
use super::invoice::Book;
use super::pay::Paid;
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
    #[serde(flatten)]
    money: Option<Money>,
}

/// What `--json` prints besides where the orders were paid. Amounts are in pence.
#[derive(Debug, Serialize)]
struct Money {
    captured_minor: i64,
    refunded_minor: i64,
    refunds: u64,
    /// Credit notes of which at least one line was not matched.
    unmatched_cancellations: usize,
    unmatched: Vec<Unmatched>,
    callbacks: u64,
    callbacks_repeated: u64,
    provider_charged_minor: i64,
    provider_refunded_minor: i64,
    /// Null where the database is not the command's own.
    ledger_violations: Option<u64>,
    violations: Option<u64>,
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
            money: audit.paid.map(Money::new),
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
        // A program finds all of them in the object.
        if !json && let Some(money) = &self.figures.money {
            for Unmatched { credit_note, sku, quantity, why } in &money.unmatched {
                println!("not given back: credit note {credit_note}, {quantity} of {sku}: {why}");
            }
        }
    }

    fn is_equal(&self) -> bool {
        let Figures { invoices, orders, revenue_minor, .. } = self.figures;
        let paid = self.figures.money.as_ref().is_none_or(|money| money.is_good(self.revenue_wanted));
        paid && self.problems.is_empty() && orders == invoices && revenue_minor == self.revenue_wanted
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
            .judged("invoices refused", terminal::thousands(figures.refused), Light::of(figures.refused == 0));
        if let Some(money) = &figures.money {
            money.show(&mut sheet, self.revenue_wanted);
        }
        sheet
            .judged("differences", count(self.problems.len()), Light::of(self.problems.is_empty()))
            .row("time", format!("{:.2} s", figures.seconds));
        sheet
    }
}

impl Money {
    fn new(paid: Paid) -> Self {
        let mut notes: Vec<_> = paid.unmatched.iter().map(|it| it.credit_note.as_str()).collect();
        notes.sort_unstable();
        notes.dedup();
        Self {
            captured_minor: paid.captured,
            refunded_minor: paid.refunded,
            refunds: paid.refunds,
            unmatched_cancellations: notes.len(),
            callbacks: paid.callbacks.all,
            callbacks_repeated: paid.callbacks.repeated,
            provider_charged_minor: paid.provider.charged,
            provider_refunded_minor: paid.provider.refunded,
            ledger_violations: paid.violations.map(|it| it.ledger),
            violations: paid.violations.map(|it| it.all),
            unmatched: paid.unmatched,
        }
    }

    fn is_both_books(&self) -> bool {
        (self.provider_charged_minor, self.provider_refunded_minor) == (self.captured_minor, self.refunded_minor)
    }

    fn is_good(&self, owed: i64) -> bool {
        self.captured_minor == owed && self.is_both_books() && self.violations.is_none_or(|violations| violations == 0)
    }

    fn show(&self, sheet: &mut Sheet, owed: i64) {
        let count = terminal::thousands::<u64>;
        let provider = terminal::gbp(self.provider_charged_minor - self.provider_refunded_minor);
        sheet
            .judged("captured", terminal::gbp(self.captured_minor), Light::of(self.captured_minor == owed))
            .row("given back", terminal::gbp(self.refunded_minor))
            .row("refunds", count(self.refunds))
            .row(
                "cancellations with a line that names no invoice",
                terminal::thousands(self.unmatched_cancellations as i128),
            )
            .row("callbacks", count(self.callbacks))
            .row("  repeated, and absorbed", count(self.callbacks_repeated))
            .judged("the provider's own ledger", provider, Light::of(self.is_both_books()));
        for (what, found) in [("our ledger", self.ledger_violations), ("any invariant", self.violations)] {
            let name = format!("violations of {what}");
            match found {
                Some(found) => sheet.judged(name, count(found), Light::of(found == 0)),
                None => sheet.row(name, "see `mideng check`"),
            };
        }
    }
}
