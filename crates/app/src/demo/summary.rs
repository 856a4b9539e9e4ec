//! Owns what the demo says behind the storm: what happened, whether each promise was kept, and the invariants.

use super::Proof;
use super::catalogue::{HOT, PRODUCTS};
use crate::terminal::{self, Light, Sheet};

/// To standard output.
pub fn print(proof: &Proof) {
    println!("{}\n{}\n{}\n{}", storm(proof), money(proof), promises(proof), invariants(proof));
    let verdict = if proof.is_clean() {
        terminal::good(
            "Every request was applied at most once, answered the same every time, and no money moved twice.",
        )
    } else {
        terminal::bad("A promise was broken: see the lines marked ✗.")
    };
    println!("{verdict}");
}

fn storm(proof: &Proof) -> Sheet {
    let (storm, ledger) = (&proof.storm, &proof.ledger);
    let count = terminal::thousands::<u64>;
    let latency = |quantile| format!("{} µs", count(storm.latencies.value_at_quantile(quantile)));
    let mut sheet = Sheet::new("the storm");
    sheet
        .row("shoppers", terminal::thousands(storm.shoppers))
        .row("requests they sent", count(storm.requests))
        .row("  broken off before the answer", count(storm.cut))
        .row("orders made", count(ledger.orders))
        .row("  cancelled again", count(storm.cancelled))
        .row("duplicates absorbed (answered as before)", count(storm.replayed))
        .row("shoppers who never saw an answer", count(storm.abandoned));
    for (code, shoppers) in &storm.refused {
        sheet.row(format!("shoppers refused: {code}"), count(*shoppers));
    }
    sheet
        .row("p50, client and server on this machine", latency(0.5))
        .row("p99", latency(0.99))
        .row("time", terminal::seconds(storm.took));
    sheet
}

fn money(proof: &Proof) -> Sheet {
    let takings = &proof.takings;
    let count = terminal::thousands::<u64>;
    let mut sheet = Sheet::new("the money");
    sheet
        .row("payments", count(takings.payments))
        .row("captured", terminal::cny(takings.captured))
        .row("refunds", count(takings.refunds))
        .row("given back", terminal::cny(takings.refunded))
        .row("duplicates absorbed (answered as before)", count(takings.replayed))
        .row("second browsers refused", count(takings.refused))
        .row("callbacks", count(takings.callbacks.all))
        .row("  repeated, and absorbed", count(takings.callbacks.repeated))
        .row("charges of which the provider's answer was lost", count(takings.lost))
        .row("time", format!("{:.2} s", takings.seconds));
    sheet
}

fn promises(proof: &Proof) -> Sheet {
    let (storm, ledger, takings) = (&proof.storm, &proof.ledger, &proof.takings);
    let hot = &PRODUCTS[HOT];
    let mut sheet = Sheet::new("the promise");
    let mut none = |name: &str, count: i128| {
        sheet.judged(name, terminal::thousands(count), Light::of(count == 0));
    };
    none("orders made twice", ledger.doubled.into());
    none("orders told of and lost", ledger.lost.into());
    none("answers to one request that differ", storm.different.into());
    none("units oversold", ledger.oversold.into());
    none("orders that were to be paid and are not", i128::from(takings.payers) - i128::from(takings.payments));
    none("payers told what cannot be", takings.different.into());
    let sold = format!("{} of {}", ledger.hot, hot.stock);
    sheet.judged(format!("units promised of {}", hot.sku), sold, Light::of(ledger.hot <= hot.stock));
    let [theirs, ours] = [
        terminal::cny(takings.provider.charged - takings.provider.refunded),
        terminal::cny(takings.captured - takings.refunded),
    ];
    sheet.judged("provider's ledger = our ledger", format!("{theirs} = {ours}"), Light::of(takings.is_both_books()));
    sheet
}

fn invariants(proof: &Proof) -> Sheet {
    let mut sheet = Sheet::new("the invariants, checked in the database");
    for finding in &proof.findings {
        let name = format!("{:<5} {}", finding.id, finding.title);
        sheet.judged(name, format!("{} violations", finding.violations), Light::of(finding.violations == 0));
        for example in finding.examples.iter().take(3) {
            sheet.row(format!("      {example}"), "");
        }
    }
    sheet
}
