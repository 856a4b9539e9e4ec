//! Owns the invoices and products of the files, and how an invoice becomes a request for an order.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use domain::order::LINES_MAX;
use serde_json::{Value, json};

use super::file::{self, Cancelled, Entry, Row};
use crate::client::Request;

/// The currency of the data.
pub const CURRENCY: &str = "GBP";

/// All invoices of the files in the order of their first lines, and all products in them.
#[derive(Debug, Default)]
pub struct Book {
    /// The invoices.
    pub invoices: Vec<Invoice>,
    /// The products.
    pub products: Vec<Product>,
    /// The sum of all lines, in pence.
    pub revenue: i64,
    /// The lines of credit notes.
    pub cancelled: Vec<Cancelled>,
}

/// One invoice with its valid lines in the file's order.
#[derive(Debug)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// Who bought.
    pub customer: String,
    /// What; never empty.
    pub lines: Vec<Line>,
    /// The sum of the lines, in pence.
    pub total: i64,
}

/// One line. An invoice may have the same product twice, at different prices.
#[derive(Debug)]
pub struct Line {
    /// Which product, by its place in [`Book::products`].
    pub product: usize,
    /// How many.
    pub quantity: i64,
    /// What one cost, in pence.
    pub unit_price: i64,
}

/// One product.
#[derive(Debug)]
pub struct Product {
    /// Its code; 85123A and 85123a are two.
    pub sku: String,
    /// Its first description that is not blank.
    pub name: Option<String>,
    /// The price that was seen first, in pence.
    pub price: i64,
    /// Units over all invoices.
    pub wanted: i64,
}

/// Places of what was seen, while the files are read.
#[derive(Default)]
struct Seen {
    /// Invoice number to its place, and to the place of its file.
    invoices: HashMap<String, (usize, usize)>,
    /// Sku to its product's place.
    products: HashMap<String, usize>,
}

impl Book {
    /// Reads the files. An invoice stands in one file: a file given twice would double its lines.
    pub fn read(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut book = Self::default();
        let mut seen = Seen::default();
        for (number, path) in files.iter().enumerate() {
            file::read(path, |entry| match entry {
                Entry::Sold(row) => book.add(row, number, &mut seen),
                Entry::Cancelled(cancelled) => {
                    book.cancelled.push(cancelled);
                    Ok(())
                }
            })?;
        }
        ensure!(!book.invoices.is_empty(), "the files hold no valid invoice: nothing to replay");
        Ok(book)
    }

    fn add(&mut self, row: Row, file: usize, seen: &mut Seen) -> anyhow::Result<()> {
        let product = self.product(&row, seen);
        let line = Line { product, quantity: row.quantity, unit_price: row.unit_price };
        let invoice = self.invoice(row, file, seen)?;
        let sum = line.quantity.checked_mul(line.unit_price);
        ensure!(invoice.lines.len() < LINES_MAX, "invoice {} has over {LINES_MAX} lines", invoice.number);
        invoice.lines.push(line);
        invoice.total =
            sum.and_then(|sum| invoice.total.checked_add(sum)).context("the invoice's total is too large")?;
        self.revenue =
            sum.and_then(|sum| self.revenue.checked_add(sum)).context("the sum of all lines is too large")?;
        Ok(())
    }

    fn product(&mut self, row: &Row, seen: &mut Seen) -> usize {
        let place = *seen.products.entry(row.sku.clone()).or_insert_with(|| {
            self.products.push(Product { sku: row.sku.clone(), name: None, price: row.unit_price, wanted: 0 });
            self.products.len() - 1
        });
        let product = &mut self.products[place];
        product.wanted += row.quantity;
        if product.name.is_none() {
            product.name.clone_from(&row.name);
        }
        place
    }

    fn invoice(&mut self, row: Row, file: usize, seen: &mut Seen) -> anyhow::Result<&mut Invoice> {
        let place = match seen.invoices.get(&row.invoice) {
            Some(&(place, first)) if first == file => place,
            Some(_) => bail!("invoice {} stands in an earlier file already; give each file once", row.invoice),
            None => {
                let place = self.invoices.len();
                seen.invoices.insert(row.invoice.clone(), (place, file));
                let customer = row.customer.unwrap_or_else(|| "guest".to_owned());
                self.invoices.push(Invoice { number: row.invoice, customer, lines: Vec::new(), total: 0 });
                place
            }
        };
        Ok(&mut self.invoices[place])
    }
}

impl Invoice {
    /// The key of its order: derived from the number alone, so that no repetition ever makes a second order.
    pub fn key(&self) -> String {
        format!("replay-invoice-{}", self.number)
    }

    /// The order's note, by which the order is found again.
    pub fn note(&self) -> String {
        format!("invoice {}", self.number)
    }

    /// The request for its order.
    pub fn request(&self, products: &[Product]) -> Request {
        Request::post("/api/v1/orders", &self.key(), &self.body(products))
    }

    fn body(&self, products: &[Product]) -> Value {
        let line = |line: &Line| {
            json!({
                "sku": products[line.product].sku,
                "quantity": line.quantity,
                "unit_price": {"amount": line.unit_price, "currency": CURRENCY},
            })
        };
        json!({
            "customer_id": self.customer,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
            "note": self.note(),
        })
    }
}

#[cfg(test)]
mod tests;
