//! Owns what the bench says at its end: one JSON object or a table, and whether the server has what it answered.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Args;
use super::load::Load;
use crate::terminal::{self, Light, Sheet};

/// The figures; `--json` prints them as they stand. Those without `total_` are of the measured time only.
#[derive(Debug, Serialize)]
pub struct Figures {
    mode: &'static str,
    own_server: bool,
    connections: u16,
    skus: u32,
    duplicates: f64,
    rate: Option<u32>,
    seconds: f64,
    requests: u64,
    requests_per_second: f64,
    orders: u64,
    orders_per_second: f64,
    replayed: u64,
    refused: u64,
    deferred: u64,
    lost: u64,
    unsent: u64,
    different: u64,
    problems: BTreeMap<String, u64>,
    p50_us: u64,
    p90_us: u64,
    p99_us: u64,
    p999_us: u64,
    max_us: u64,
    mean_us: f64,
    /// Of the client, and of the server where it is the command's own.
    cpu_us_per_request: Option<f64>,
    total_executed: u64,
    total_unknown: u64,
    total_rows: Option<i64>,
    rows_equal: bool,
}

impl Figures {
    /// Of this load; `rows` are the orders that the server has more than before, where they were counted.
    pub fn new(args: &Args, load: &Load, rows: Option<i64>) -> Self {
        let (measured, total) = (&load.measured, &load.total);
        let seconds = load.took.as_secs_f64();
        let quantile = |quantile| load.latencies.value_at_quantile(quantile);
        // Without an answer, or told to come again, an order may have been placed or not.
        let unknown = total.lost + total.deferred;
        let executed = i128::from(total.executed);
        let equal = |rows| (executed..=executed + i128::from(unknown)).contains(&i128::from(rows));
        Self {
            mode: if args.rate.is_some() { "open" } else { "closed" },
            own_server: args.server.url.is_none(),
            connections: args.connections,
            skus: args.skus,
            duplicates: args.duplicates,
            rate: args.rate,
            seconds: rounded(seconds),
            requests: measured.requests,
            requests_per_second: per_second(measured.requests, seconds),
            orders: if args.route_empty { 0 } else { measured.executed },
            orders_per_second: if args.route_empty { 0.0 } else { per_second(measured.executed, seconds) },
            replayed: measured.replayed,
            refused: measured.refused,
            deferred: measured.deferred,
            lost: measured.lost,
            unsent: load.unsent,
            different: total.different,
            problems: total.problems.clone(),
            p50_us: quantile(0.5),
            p90_us: quantile(0.9),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            max_us: load.latencies.max(),
            mean_us: rounded(load.latencies.mean()),
            cpu_us_per_request: load.cpu.map(|cpu| rounded(cpu * 1e6 / float(total.requests))),
            total_executed: total.executed,
            total_unknown: unknown,
            total_rows: rows,
            rows_equal: rows.is_none_or(equal),
        }
    }

    /// True where the server has what it answered, and answered repetitions as before.
    pub const fn is_good(&self) -> bool {
        self.rows_equal && self.different == 0
    }

    /// To standard output.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).expect("figures are plain data"));
        } else {
            println!("{}", self.table());
        }
    }

    fn table(&self) -> Sheet {
        let mut sheet = Sheet::new("bench");
        let load = match self.rate {
            Some(rate) => {
                format!("{} requests/s, open loop, {} connections", terminal::thousands(rate), self.connections)
            }
            None => format!("closed loop, {} connections", self.connections),
        };
        sheet
            .row("load", load)
            .row("products", terminal::thousands(self.skus))
            .row("measured", format!("{:.2} s", self.seconds))
            .row("orders/s", whole(self.orders_per_second))
            .row("requests/s", whole(self.requests_per_second))
            .row("p50", latency(self.p50_us))
            .row("p90", latency(self.p90_us))
            .row("p99", latency(self.p99_us))
            .row("p99.9", latency(self.p999_us))
            .row("max", latency(self.max_us))
            .row("duplicates absorbed", terminal::thousands(self.replayed))
            .row("refused", terminal::thousands(self.refused))
            .row("told to come again (429, 5xx)", terminal::thousands(self.deferred))
            .row("without an answer", terminal::thousands(self.lost));
        if let Some(cpu) = self.cpu_us_per_request {
            let whose = if self.own_server { "CPU per request, client and server" } else { "CPU per request, client" };
            sheet.row(whose, format!("{cpu:.0} µs"));
        }
        for (code, count) in &self.problems {
            sheet.row(format!("  {code}"), terminal::thousands(*count));
        }
        if self.rate.is_some() {
            sheet.row("due and not sent", terminal::thousands(self.unsent));
        }
        sheet.judged("duplicates answered otherwise", self.different, Light::of(self.different == 0));
        if let Some(rows) = self.total_rows {
            sheet.row("orders answered, warm-up included", terminal::thousands(self.total_executed)).judged(
                "orders that the server has more",
                terminal::thousands(rows),
                Light::of(self.rows_equal),
            );
        }
        sheet
    }
}

fn per_second(count: u64, seconds: f64) -> f64 {
    rounded(float(count) / seconds)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far under 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[expect(clippy::cast_possible_truncation, reason = "rates are far under 2^63")]
fn whole(rate: f64) -> String {
    terminal::thousands(rate.round() as i64)
}

fn latency(micros: u64) -> String {
    format!("{} µs", terminal::thousands(micros))
}
