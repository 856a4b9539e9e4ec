//! Owns the CSV format of the online-retail data: which columns it has, which lines count, and where a line stands, so
//! that an error can name it.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail, ensure};
use csv::StringRecord;
use domain::order::LINE_QUANTITY_MAX;
use domain::text::{CustomerId, ProductName, Sku};

use super::price::Decimal;

/// GBP has two decimals.
const DECIMALS: usize = 2;
/// Longer numbers would not leave room in an idempotency key or a note.
const INVOICE_LENGTH_MAX: usize = 64;

/// A line that counts: its invoice is neither a cancellation nor an adjustment, its quantity and price are positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The invoice's number.
    pub invoice: String,
    /// Who bought; none where the file does not say.
    pub customer: Option<String>,
    /// The product's code.
    pub sku: String,
    /// The product's name; none where the file does not say.
    pub name: Option<String>,
    /// How many.
    pub quantity: i64,
    /// What one cost, in pence.
    pub unit_price: i64,
}

/// A line of a cancellation: units that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The credit note's number; it begins with C.
    pub credit_note: String,
    /// Who sent them back; none where the file does not say.
    pub customer: Option<String>,
    /// The product's code.
    pub sku: String,
    /// How many, a positive number.
    pub quantity: i64,
    /// What one cost, in pence; none where it is no amount of money.
    pub unit_price: Option<i64>,
}

/// A line that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Something was sold.
    Sold(Row),
    /// Something came back.
    Cancelled(Cancelled),
}

/// Where the columns stand.
struct Columns {
    invoice: usize,
    sku: usize,
    name: usize,
    quantity: usize,
    price: usize,
    customer: usize,
}

/// Gives every line that means something to `each`, in the file's order.
pub fn read(path: &Path, mut each: impl FnMut(Entry) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let file = path.display();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("{file} cannot be read"))?;
    let columns = Columns::find(reader.headers().with_context(|| format!("{file} has no header"))?)
        .with_context(|| format!("{file} is not in the format of the online-retail data"))?;
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        if !more.with_context(|| format!("{file} is not proper CSV in UTF-8"))? {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        columns
            .row(&record)
            .and_then(|entry| entry.map_or(Ok(()), &mut each))
            .with_context(|| format!("{file}, line {line}"))?;
    }
}

impl Columns {
    fn find(headers: &StringRecord) -> anyhow::Result<Self> {
        let find = |name: &str| {
            headers
                .iter()
                .position(|header| header.trim() == name)
                .ok_or_else(|| anyhow!("the column {name} is missing; the first line must name the columns"))
        };
        Ok(Self {
            invoice: find("InvoiceNo")?,
            sku: find("StockCode")?,
            name: find("Description")?,
            quantity: find("Quantity")?,
            price: find("UnitPrice")?,
            customer: find("CustomerID")?,
        })
    }

    /// The line, or none where it means nothing.
    fn row(&self, record: &StringRecord) -> anyhow::Result<Option<Entry>> {
        let invoice = &record[self.invoice];
        check_invoice(invoice)?;
        let quantity = &record[self.quantity];
        let quantity: i64 = quantity.parse().map_err(|_| anyhow!("Quantity {quantity:?} is not a whole number"))?;
        let price = Decimal::parse(&record[self.price]).context("UnitPrice")?;
        if invoice.starts_with('C') && quantity < 0 {
            return Ok(Some(Entry::Cancelled(self.cancelled(record, quantity, price))));
        }
        if invoice.starts_with(['C', 'A']) || quantity <= 0 || !price.is_positive() {
            return Ok(None);
        }
        ensure!(quantity <= LINE_QUANTITY_MAX, "Quantity {quantity} is over {LINE_QUANTITY_MAX}, the most of a line");
        let sku = &record[self.sku];
        Sku::new(sku).with_context(|| format!("StockCode {sku:?}"))?;
        Ok(Some(Entry::Sold(Row {
            invoice: invoice.to_owned(),
            customer: customer(&record[self.customer])?,
            sku: sku.to_owned(),
            name: name(&record[self.name])?,
            quantity,
            unit_price: price.minor_units(DECIMALS).context("UnitPrice")?,
        })))
    }

    /// Nothing of a cancellation becomes an order, so what is odd in it is only what matches no invoice.
    fn cancelled(&self, record: &StringRecord, quantity: i64, price: Decimal<'_>) -> Cancelled {
        Cancelled {
            credit_note: record[self.invoice].to_owned(),
            customer: customer(&record[self.customer]).ok().flatten(),
            sku: record[self.sku].to_owned(),
            quantity: quantity.saturating_neg(),
            unit_price: price.minor_units(DECIMALS).ok(),
        }
    }
}

fn check_invoice(invoice: &str) -> anyhow::Result<()> {
    let visible = invoice.bytes().all(|byte| byte.is_ascii_graphic());
    if invoice.is_empty() || invoice.len() > INVOICE_LENGTH_MAX || !visible {
        bail!("InvoiceNo {invoice:?} must have 1 to {INVOICE_LENGTH_MAX} visible ASCII characters");
    }
    Ok(())
}

/// `17850.0` is customer 17850: the data went through a table of floats once.
fn customer(text: &str) -> anyhow::Result<Option<String>> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    if text.is_empty() {
        return Ok(None);
    }
    CustomerId::new(text).with_context(|| format!("CustomerID {text:?}"))?;
    Ok(Some(text.to_owned()))
}

fn name(text: &str) -> anyhow::Result<Option<String>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    ProductName::new(text).with_context(|| format!("Description {text:?}"))?;
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests;
