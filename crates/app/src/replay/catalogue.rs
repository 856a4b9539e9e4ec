//! Owns the products of a replay: each is put on the server, with stock for every invoice that has no order yet.

use std::sync::Arc;

use anyhow::Context as _;
use domain::stock::QUANTITY_MAX;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::audit::Orders;
use super::invoice::{Book, CURRENCY, Product};
use crate::client::{Caller, Policy, Request, Target, segment, spread};
use crate::terminal;

const LANES: usize = 16;
/// A new product comes with so many times the units that the files want.
const HEADROOM: i64 = 2;

#[derive(Deserialize)]
struct Seen {
    stock: Stock,
}

#[derive(Deserialize)]
struct Stock {
    available: i64,
}

/// Puts all products. `initial_stock` counts only for a new one, so the stock of a product that was there is looked
/// up, and what the invoices without an order lack is added: an order that were refused for want of stock would stay
/// refused under its key for ever.
pub async fn put(target: &Arc<Target>, policy: Policy, book: &Book, before: &Orders) -> anyhow::Result<()> {
    let outstanding = outstanding(book, before);
    let run = getrandom::u64().context("the system gives no random numbers")?;
    let progress = terminal::bar(book.products.len(), "products");
    let put = async |caller: &mut Caller, place: usize, product: &Product| {
        let put = put_one(caller, product, outstanding[place], run).await;
        progress.inc(1);
        put.with_context(|| format!("product {}", product.sku))
    };
    spread(&book.products, LANES, || Caller::new(target.clone(), policy), put).await?;
    progress.finish_and_clear();
    Ok(())
}

/// Units of each product that invoices without an order want.
fn outstanding(book: &Book, before: &Orders) -> Vec<i64> {
    let mut units = vec![0; book.products.len()];
    let without = book.invoices.iter().filter(|invoice| before.get(&invoice.note()).is_none_or(Vec::is_empty));
    for line in without.flat_map(|invoice| &invoice.lines) {
        units[line.product] += line.quantity;
    }
    units
}

fn path(product: &Product) -> String {
    format!("/api/v1/products/{}", segment(&product.sku))
}

fn upsert(product: &Product) -> Request {
    let body = json!({
        "name": product.name.as_ref().unwrap_or(&product.sku),
        "price": {"amount": product.price, "currency": CURRENCY},
        "initial_stock": product.wanted.saturating_mul(HEADROOM).min(QUANTITY_MAX),
    });
    Request::put(&path(product), &body)
}

async fn put_one(caller: &mut Caller, product: &Product, outstanding: i64, run: u64) -> anyhow::Result<()> {
    let answer = caller.ask(&upsert(product)).await?;
    let is_new = answer.status == StatusCode::CREATED && !answer.is_replay();
    if is_new || outstanding == 0 { Ok(()) } else { fill(caller, product, outstanding, run).await }
}

/// Adds what is missing.
///
/// The movement's key holds a number of this run: within the run it goes at most once, however often it is sent, and
/// a later run that finds too little again, as after sales, is not answered with this run's movement. Should a killed
/// run's movement be applied late, there is more stock than needed, which harms nothing.
async fn fill(caller: &mut Caller, product: &Product, wanted: i64, run: u64) -> anyhow::Result<()> {
    let seen: Seen = caller.ask(&Request::get(&path(product))).await?.read()?;
    let missing = wanted - seen.stock.available;
    if missing > 0 {
        let body = json!({"quantity": missing, "reason": "replay of invoices"});
        let path = format!("{}/stock-movements", path(product));
        caller.ask(&Request::post(&path, &movement_key(&product.sku, run), &body)).await?;
    }
    Ok(())
}

/// A sku may hold characters that a key may not, so its digest stands for it.
fn movement_key(sku: &str, run: u64) -> String {
    let digest = Sha256::digest(sku.as_bytes());
    let short = digest.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("replay-stock-{run:016x}-{short}")
}

#[cfg(test)]
mod tests {
    use super::movement_key;

    #[test]
    fn a_movement_has_one_key_in_a_run() {
        assert_eq!(movement_key("85123A", 7), movement_key("85123A", 7));
        assert_ne!(movement_key("85123A", 7), movement_key("85123a", 7));
        assert_ne!(movement_key("85123A", 7), movement_key("85123A", 8));
        assert!(movement_key("BANK CHARGES", u64::MAX).bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
