//! Owns the rows of products, their stock and its movements.

use domain::State;
use domain::stock::Source;
use domain::text::MoveReason;

use super::Batch;
use crate::found::Stored as _;
use crate::rows::{ProductRow, StockRow};
use crate::set::{Rows, Write, number, row, text};

static PRODUCTS: Write = Write::insert("products", ProductRow::FIND.read);

static PRODUCTS_CHANGED: Write = Write::update(
    "products",
    &[number("tenant_id"), text("sku")],
    &[text("name"), number("price_minor"), text("currency"), number("version"), number("updated_at")],
    &[number("version")],
);

static STOCK: Write = Write::insert("stock_items", StockRow::FIND.read);

static STOCK_CHANGED: Write = Write::update(
    "stock_items",
    &[number("tenant_id"), text("sku")],
    &[number("on_hand"), number("reserved")],
    &[number("on_hand"), number("reserved")],
);

static MOVEMENTS: Write = Write::insert(
    "stock_movements",
    &[
        number("tenant_id"),
        text("sku"),
        text("source_kind"),
        text("source_id"),
        number("quantity"),
        text("reason"),
        number("moved_at"),
        number("principal_id"),
    ],
);

pub(super) fn products_new(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&PRODUCTS);
    for product in batch.products.values() {
        if before.product(product.tenant, &product.sku).is_none() {
            rows.add(row![
                product.tenant.0,
                product.sku.as_str(),
                product.name.as_str(),
                product.price.minor,
                product.price.currency.code(),
                product.version,
                product.created_at.0,
                product.updated_at.0,
            ]);
        }
    }
    rows
}

pub(super) fn products_changed(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&PRODUCTS_CHANGED);
    for product in batch.products.values() {
        if let Some(was) = before.product(product.tenant, &product.sku) {
            rows.add(row![
                product.tenant.0,
                product.sku.as_str(),
                product.name.as_str(),
                product.price.minor,
                product.price.currency.code(),
                product.version,
                product.updated_at.0,
                was.version,
            ]);
        }
    }
    rows
}

pub(super) fn stock_new(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&STOCK);
    for item in batch.stock.values() {
        if before.stock(item.tenant, &item.sku).is_none() {
            rows.add(row![item.tenant.0, item.sku.as_str(), item.on_hand, item.reserved]);
        }
    }
    rows
}

pub(super) fn stock_changed(before: &State, batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&STOCK_CHANGED);
    for item in batch.stock.values() {
        if let Some(was) = before.stock(item.tenant, &item.sku) {
            let tenant = item.tenant.0;
            rows.add(row![tenant, item.sku.as_str(), item.on_hand, item.reserved, was.on_hand, was.reserved]);
        }
    }
    rows
}

pub(super) fn movements(batch: &Batch<'_>) -> Rows {
    let mut rows = Rows::of(&MOVEMENTS);
    let mut movements: Vec<_> = batch
        .movements
        .iter()
        .map(|movement| {
            let (kind, source) = match movement.source {
                Source::Initial => ("initial", String::new()),
                Source::Manual(id) => ("manual", id.to_string()),
                Source::Sale(order_no) => ("sale", order_no.to_string()),
                Source::Return(refund) => ("return", refund.to_string()),
            };
            ((movement.tenant, &movement.sku, kind, source), *movement)
        })
        .collect();
    movements.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for ((tenant, sku, kind, source), movement) in movements {
        let reason = movement.reason.as_ref().map(MoveReason::as_str);
        let who = movement.principal.map(|principal| principal.0);
        rows.add(row![tenant.0, sku.as_str(), kind, source, movement.quantity, reason, movement.at.0, who]);
    }
    rows
}
