//! Owns the rows that were loaded for a batch, as the commands of the batch see them one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use idempotency::Key;

use crate::text::Sku;
use crate::{Order, OrderNo, OrderNumber, PrincipalId, Product, StockItem, TenantId};

/// Loaded rows. It is never iterated, so that nothing depends on the order of a hash map.
#[derive(Clone, Debug, Default)]
pub struct State {
    products: HashMap<(TenantId, Sku), Product>,
    stock: HashMap<(TenantId, Sku), StockItem>,
    orders: HashMap<(TenantId, OrderNo), Arc<Order>>,
    orders_by_key: HashMap<(TenantId, PrincipalId, Key), OrderNo>,
    numbers: HashMap<(TenantId, OrderNo), OrderNumber>,
}

impl State {
    /// The product of this sku.
    pub fn product(&self, tenant: TenantId, sku: &Sku) -> Option<&Product> {
        self.products.get(&(tenant, sku.clone()))
    }

    /// The stock of this sku.
    pub fn stock(&self, tenant: TenantId, sku: &Sku) -> Option<&StockItem> {
        self.stock.get(&(tenant, sku.clone()))
    }

    /// The order of this number.
    pub fn order(&self, tenant: TenantId, order_no: OrderNo) -> Option<&Arc<Order>> {
        self.orders.get(&(tenant, order_no))
    }

    /// The order that this principal placed under this key, however long ago.
    pub fn order_by_key(&self, tenant: TenantId, principal: PrincipalId, key: &Key) -> Option<&Arc<Order>> {
        let order_no = self.orders_by_key.get(&(tenant, principal, key.clone()))?;
        self.order(tenant, *order_no)
    }

    /// The issued number.
    pub fn number(&self, tenant: TenantId, order_no: OrderNo) -> Option<&OrderNumber> {
        self.numbers.get(&(tenant, order_no))
    }

    /// Puts a product in, or in place of the one before.
    pub fn put_product(&mut self, product: Product) {
        self.products.insert((product.tenant, product.sku.clone()), product);
    }

    /// Puts a stock item in, or in place of the one before.
    pub fn put_stock(&mut self, item: StockItem) {
        self.stock.insert((item.tenant, item.sku.clone()), item);
    }

    /// Puts an order in, or in place of the one before.
    pub fn put_order(&mut self, order: Arc<Order>) {
        self.orders_by_key.insert((order.tenant, order.principal, order.key.clone()), order.order_no);
        self.orders.insert((order.tenant, order.order_no), order);
    }

    /// Puts an issued number in.
    pub fn put_number(&mut self, number: OrderNumber) {
        self.numbers.insert((number.tenant, number.order_no), number);
    }

    /// Takes an issued number out.
    pub fn remove_number(&mut self, tenant: TenantId, order_no: OrderNo) {
        self.numbers.remove(&(tenant, order_no));
    }
}
