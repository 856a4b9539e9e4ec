//! Owns the decisions on products and on stock moved by hand.

use crate::stock::{Movement, Source};
use crate::{
    Change, Command, MoveStock, Outcome, Product, PutProduct, Refusal, Reply, State, StockItem, product, stock,
};

pub(super) fn put(state: &State, command: &Command, put: &PutProduct) -> Result<Outcome, Refusal> {
    let before = state.product(command.tenant, &put.sku);
    let current = before.map_or(0, |product| product.version);
    // A tag matches nothing where nothing is, whatever it says.
    if put.expected_version.is_some_and(|expected| before.is_none() || expected != current) {
        return Err(product::Refusal::VersionMismatch { sku: put.sku.clone(), current }.into());
    }
    match before {
        Some(_) if put.must_be_new => Err(product::Refusal::Exists { sku: put.sku.clone(), current }.into()),
        Some(before) => Ok(change(state, command, put, before)),
        None => Ok(create(command, put)),
    }
}

fn create(command: &Command, put: &PutProduct) -> Outcome {
    let tenant = command.tenant;
    let product = Product {
        tenant,
        sku: put.sku.clone(),
        name: put.name.clone(),
        price: put.price,
        version: 1,
        created_at: command.at,
        updated_at: command.at,
    };
    let stock = StockItem { tenant, sku: put.sku.clone(), on_hand: put.initial_stock, reserved: 0 };
    let mut changes = vec![Change::ProductPut(product.clone()), Change::StockSet(stock.clone())];
    if put.initial_stock > 0 {
        changes.push(Change::StockMoved(Movement {
            tenant,
            sku: put.sku.clone(),
            source: Source::Initial,
            quantity: put.initial_stock,
            reason: None,
            principal: Some(command.principal),
            at: command.at,
        }));
    }
    Outcome::accepted(Reply::Product { product, stock, created: true }, changes)
}

fn change(state: &State, command: &Command, put: &PutProduct, before: &Product) -> Outcome {
    let stock = state.stock(command.tenant, &put.sku).expect("storage loads a product with its stock").clone();
    if before.name == put.name && before.price == put.price {
        let product = before.clone();
        return Outcome::accepted(Reply::Product { product, stock, created: false }, Vec::new());
    }
    let product = Product {
        name: put.name.clone(),
        price: put.price,
        version: before.version + 1,
        updated_at: command.at,
        ..before.clone()
    };
    let changes = vec![Change::ProductPut(product.clone())];
    Outcome::accepted(Reply::Product { product, stock, created: false }, changes)
}

pub(super) fn move_stock(state: &State, command: &Command, wanted: &MoveStock) -> Result<Outcome, Refusal> {
    let item = state
        .stock(command.tenant, &wanted.sku)
        .ok_or_else(|| stock::Refusal::ProductNotFound(vec![wanted.sku.clone()]))?;
    let stock = item.adjust(wanted.quantity)?;
    let movement = Movement {
        tenant: command.tenant,
        sku: wanted.sku.clone(),
        source: Source::Manual(wanted.id),
        quantity: wanted.quantity,
        reason: Some(wanted.reason.clone()),
        principal: Some(command.principal),
        at: command.at,
    };
    let changes = vec![Change::StockSet(stock.clone()), Change::StockMoved(movement.clone())];
    Ok(Outcome::accepted(Reply::StockMoved { movement, stock }, changes))
}
