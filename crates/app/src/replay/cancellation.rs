//! Owns which cancellation belongs to which invoice. It does not know how money is given back.

use std::collections::HashMap;

use serde::Serialize;

use super::file::Cancelled;
use super::invoice::{Book, Invoice};

/// What one credit note gives back of one invoice.
#[derive(Debug, PartialEq, Eq)]
pub struct Return {
    /// The credit note.
    pub credit_note: String,
    /// The invoice, by its place in [`Book::invoices`].
    pub invoice: usize,
    /// Numbers of its lines, counted from 1 as the order's are, each once, and how many units come back.
    pub lines: Vec<(usize, i64)>,
}

/// A line of a credit note that names no invoice's customer and product.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// The credit note.
    pub credit_note: String,
    /// The product's code.
    pub sku: String,
    /// How many units.
    pub quantity: i64,
    /// Why, for people.
    pub why: &'static str,
}

/// Finds the invoices of all cancellations, each line of a credit note by itself: the latest earlier invoice of the same
/// customer with a line of the same product of which enough is left, the same price before others.
pub fn find(book: &Book) -> (Vec<Return>, Vec<Unmatched>) {
    let (mut returns, mut unmatched) = (Vec::<Return>::new(), Vec::new());
    let mut given: HashMap<(usize, usize), i64> = HashMap::new();
    let mut by_customer: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, invoice) in book.invoices.iter().enumerate() {
        by_customer.entry(&invoice.customer).or_default().push(place);
    }
    for cancelled in &book.cancelled {
        let invoices = cancelled.customer.as_deref().and_then(|customer| by_customer.get(customer));
        match find_line(book, cancelled, invoices.map_or(&[], Vec::as_slice), &given) {
            Ok(found) => {
                *given.entry(found).or_default() += cancelled.quantity;
                add(&mut returns, cancelled, found);
            }
            Err(why) => unmatched.push(Unmatched {
                credit_note: cancelled.credit_note.clone(),
                sku: cancelled.sku.clone(),
                quantity: cancelled.quantity,
                why,
            }),
        }
    }
    (returns, unmatched)
}

/// The invoice's place and the line's, or why there is none.
fn find_line(
    book: &Book,
    cancelled: &Cancelled,
    invoices: &[usize],
    given: &HashMap<(usize, usize), i64>,
) -> Result<(usize, usize), &'static str> {
    if cancelled.customer.is_none() {
        return Err("it names no customer");
    }
    let earlier = invoices.iter().rev().filter(|&&place| is_earlier(&book.invoices[place], &cancelled.credit_note));
    let lines = earlier.flat_map(|&place| (0..book.invoices[place].lines.len()).map(move |line| (place, line)));
    let line_of = |(place, line): (usize, usize)| &book.invoices[place].lines[line];
    let same: Vec<_> = lines.filter(|&at| book.products[line_of(at).product].sku == cancelled.sku).collect();
    let is_left =
        |at: &(usize, usize)| line_of(*at).quantity - given.get(at).copied().unwrap_or(0) >= cancelled.quantity;
    let enough: Vec<_> = same.iter().copied().filter(is_left).collect();
    let same_price = enough.iter().copied().find(|&at| Some(line_of(at).unit_price) == cancelled.unit_price);
    same_price.or_else(|| enough.first().copied()).ok_or(match (invoices.is_empty(), same.is_empty()) {
        (true, _) => "the customer has no invoice in the files",
        (false, true) => "the customer has no earlier invoice with the product",
        (false, false) => "more units than are left of a line",
    })
}

/// Invoices and credit notes are numbered in one row.
fn is_earlier(invoice: &Invoice, credit_note: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(&invoice.number), credit_note.strip_prefix('C').and_then(number)) {
        (Some(invoice), Some(credit_note)) => invoice < credit_note,
        _ => false,
    }
}

/// A credit note may name a line twice, which a refund may not.
fn add(returns: &mut Vec<Return>, cancelled: &Cancelled, (invoice, line): (usize, usize)) {
    let number = line + 1;
    let same = |it: &&mut Return| it.invoice == invoice && it.credit_note == cancelled.credit_note;
    let Some(known) = returns.iter_mut().find(same) else {
        let (credit_note, lines) = (cancelled.credit_note.clone(), vec![(number, cancelled.quantity)]);
        returns.push(Return { credit_note, invoice, lines });
        return;
    };
    match known.lines.iter_mut().find(|(other, _)| *other == number) {
        Some((_, quantity)) => *quantity += cancelled.quantity,
        None => known.lines.push((number, cancelled.quantity)),
    }
}

#[cfg(test)]
mod tests;
