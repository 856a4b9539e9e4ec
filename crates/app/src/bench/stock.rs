//! Owns the bench's products, and the count of business rows by their stock: every order promises one unit.

use std::cell::Cell;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use super::order::sku;
use crate::client::{Caller, Policy, Request, Target, spread};
use crate::terminal;

const LANES: usize = 16;
/// More than any bench sells.
const STOCK: i64 = 1_000_000_000;

#[derive(Deserialize)]
struct Product {
    stock: Stock,
}

#[derive(Deserialize)]
struct Stock {
    reserved: i64,
}

/// Puts the products on the server.
pub async fn prepare(target: &Arc<Target>, skus: u32) -> anyhow::Result<()> {
    let progress = terminal::bar(skus as usize, "products");
    let put = async |caller: &mut Caller, _: usize, number: &u32| {
        let body = json!({
            "name": format!("Bench product {number}"),
            "price": {"amount": 1_999, "currency": "CNY"},
            "initial_stock": STOCK,
        });
        caller.ask(&Request::put(&path(*number), &body)).await.context("the bench's products cannot be put")?;
        progress.inc(1);
        anyhow::Ok(())
    };
    let numbers: Vec<u32> = (0..skus).collect();
    spread(&numbers, LANES, || Caller::new(target.clone(), Policy::default()), put).await?;
    progress.finish_and_clear();
    Ok(())
}

/// Units of them that are promised to orders. Counting orders would mean to page through all of them; this is exact
/// as long as nothing else sells them and no order expires in between.
pub async fn reserved(target: &Arc<Target>, skus: u32) -> anyhow::Result<i64> {
    let sum = Cell::new(0);
    let read = async |caller: &mut Caller, _: usize, number: &u32| {
        let product: Product = caller.ask(&Request::get(&path(*number))).await?.read()?;
        sum.set(sum.get() + product.stock.reserved);
        anyhow::Ok(())
    };
    let numbers: Vec<u32> = (0..skus).collect();
    spread(&numbers, LANES, || Caller::new(target.clone(), Policy::default()), read)
        .await
        .context("the bench's products cannot be read")?;
    Ok(sum.get())
}

fn path(number: u32) -> String {
    format!("/api/v1/products/{}", sku(number))
}
