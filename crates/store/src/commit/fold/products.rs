//! Owns the statements over products, their stock and its movements.

use domain::State;
use domain::stock::Source;
use domain::text::MoveReason;

use super::{Rows, Written};
use crate::commit::write::Statement;
use crate::dialect;

pub(super) fn products(rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .products
        .values()
        .map(|product| {
            (
                product.tenant.0,
                product.sku.as_str(),
                product.name.as_str(),
                product.price.minor,
                product.price.currency.code(),
                product.version,
                product.created_at.0,
                product.updated_at.0,
            )
        })
        .collect();
    Statement::over("products", dialect::PRODUCTS_UPSERT, &rows)
}

pub(super) fn stock_new(before: &State, rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .stock
        .values()
        .filter(|item| before.stock(item.tenant, &item.sku).is_none())
        .map(|item| (item.tenant.0, item.sku.as_str(), item.on_hand, item.reserved))
        .collect();
    Statement::over("stock_items", dialect::STOCK_INSERT, &rows)
}

pub(super) fn stock_changed(before: &State, rows: &Rows<'_>) -> Written {
    let rows: Vec<_> = rows
        .stock
        .values()
        .filter_map(|item| {
            let was = before.stock(item.tenant, &item.sku)?;
            Some((item.tenant.0, item.sku.as_str(), item.on_hand, item.reserved, was.on_hand, was.reserved))
        })
        .collect();
    Statement::over("stock_items", dialect::STOCK_UPDATE, &rows)
}

pub(super) fn movements(rows: &Rows<'_>) -> Written {
    let mut rows: Vec<_> = rows
        .movements
        .iter()
        .map(|movement| {
            let (kind, source) = match movement.source {
                Source::Initial => ("initial", String::new()),
                Source::Manual(id) => ("manual", id.to_string()),
                Source::Sale(order_no) => ("sale", order_no.to_string()),
            };
            let reason = movement.reason.as_ref().map(MoveReason::as_str);
            (movement.tenant.0, movement.sku.as_str(), kind, source, movement.quantity, reason, movement.at.0)
        })
        .collect();
    rows.sort_unstable();
    Statement::over("stock_movements", dialect::MOVEMENTS_INSERT, &rows)
}
