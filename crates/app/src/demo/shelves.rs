//! Owns how much of each product lies on the demo's shelves behind the storm: some run low, and what is bought in passing is
//! delivered anew.

use serde::Deserialize;
use serde_json::json;

use super::catalogue::{HOT, PRODUCTS};
use crate::client::{Caller, Request, segment};

/// What runs low, and to how many.
const FEW: &[(&str, i64)] = &[("mahjong-144", 3), ("teapot-zisha", 7), ("mooncake-8", 12)];

#[derive(Deserialize)]
struct Shelf {
    sku: String,
    stock: Stock,
}

#[derive(Deserialize)]
struct Stock {
    available: i64,
}

/// Counts the stock, so that as much is available as a shop has of it.
pub async fn count(caller: &mut Caller) -> anyhow::Result<()> {
    for shelf in read(caller).await? {
        let Some(level) = level(&shelf.sku) else { continue };
        shelf.put(caller, level, ("count", "stock count")).await?;
    }
    Ok(())
}

/// Fills up what is half empty and not rare; `round` names this time.
pub async fn fill_up(caller: &mut Caller, round: usize) -> anyhow::Result<()> {
    for shelf in read(caller).await? {
        let Some(level) = level(&shelf.sku).filter(|_| is_plenty(&shelf.sku)) else { continue };
        if shelf.stock.available < level / 2 {
            shelf.put(caller, level, (&format!("delivery-{round}"), "delivery")).await?;
        }
    }
    Ok(())
}

/// What anybody can buy several of: the product of this number.
pub fn plenty(number: usize) -> &'static str {
    let mut plenty = PRODUCTS.iter().map(|product| product.sku).filter(|sku| is_plenty(sku)).cycle();
    plenty.nth(number % PRODUCTS.len()).expect("there are such products")
}

/// The product that everybody wanted is left as the storm left it.
fn level(sku: &str) -> Option<i64> {
    let few = FEW.iter().find(|(few, _)| *few == sku).map(|(_, level)| *level);
    let place = PRODUCTS.iter().position(|product| product.sku == sku).filter(|place| *place != HOT)?;
    Some(few.unwrap_or(160 + i64::try_from(place).unwrap_or(0) * 137 % 640))
}

fn is_plenty(sku: &str) -> bool {
    sku != PRODUCTS[HOT].sku && FEW.iter().all(|(few, _)| *few != sku)
}

async fn read(caller: &mut Caller) -> anyhow::Result<Vec<Shelf>> {
    let mut shelves = Vec::new();
    caller.list("/api/v1/products", |shelf| shelves.push(shelf)).await?;
    Ok(shelves)
}

impl Shelf {
    async fn put(&self, caller: &mut Caller, level: i64, (key, reason): (&str, &str)) -> anyhow::Result<()> {
        if self.stock.available == level {
            return Ok(());
        }
        let path = format!("/api/v1/products/{}/stock-movements", segment(&self.sku));
        let body = json!({"quantity": level - self.stock.available, "reason": reason});
        caller.ask(&Request::post(&path, &format!("{key}-{}", self.sku), &body)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, PRODUCTS, is_plenty, level, plenty};

    #[test]
    fn some_run_low_and_the_rest_lasts() {
        for (sku, few) in FEW {
            assert_eq!(level(sku), Some(*few), "{sku}");
            assert!(PRODUCTS.iter().any(|product| product.sku == *sku), "{sku}");
        }
        assert_eq!(level(PRODUCTS[super::HOT].sku), None);
        for number in 0..100 {
            let sku = plenty(number);
            assert!(is_plenty(sku) && level(sku).is_some_and(|level| level >= 160), "{sku}");
        }
    }
}
