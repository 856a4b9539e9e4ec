//! Owns the rows of products, their stock, and issued numbers.

use domain::text::{ProductName, Sku};
use domain::{Money, OrderNumber, PrincipalId, Product, StockItem, TenantId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{Find, number, text};

pub(crate) struct ProductRow {
    pub(crate) tenant_id: i64,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl Stored for ProductRow {
    const FIND: &'static Find = &Find {
        table: "products",
        key: &[number("tenant_id"), text("sku")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("sku"),
            text("name"),
            number("price_minor"),
            text("currency"),
            number("version"),
            number("created_at"),
            number("updated_at"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            sku: fields.take()?,
            name: fields.take()?,
            price_minor: fields.take()?,
            currency: fields.take()?,
            version: fields.take()?,
            created_at: fields.take()?,
            updated_at: fields.take()?,
        })
    }
}

impl ProductRow {
    pub(crate) fn product(&self) -> Result<Product, Error> {
        let column = Column { table: "products", row: &self.sku };
        Ok(Product {
            tenant: TenantId(self.tenant_id),
            sku: Sku::from_stored(&self.sku),
            name: ProductName::from_stored(&self.name),
            price: Money::new(self.price_minor, column.parse("currency", &self.currency)?),
            version: column.small("version", self.version)?,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

pub(crate) struct StockRow {
    pub(crate) tenant_id: i64,
    pub(crate) sku: String,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
}

impl Stored for StockRow {
    const FIND: &'static Find = &Find {
        table: "stock_items",
        key: &[number("tenant_id"), text("sku")],
        unique: None,
        read: &[number("tenant_id"), text("sku"), number("on_hand"), number("reserved")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self { tenant_id: fields.take()?, sku: fields.take()?, on_hand: fields.take()?, reserved: fields.take()? })
    }
}

impl StockRow {
    pub(crate) fn item(&self) -> StockItem {
        let (tenant, sku) = (TenantId(self.tenant_id), Sku::from_stored(&self.sku));
        StockItem { tenant, sku, on_hand: self.on_hand, reserved: self.reserved }
    }
}

pub(crate) struct NumberRow {
    pub(crate) tenant_id: i64,
    pub(crate) order_no: String,
    pub(crate) principal_id: i64,
    pub(crate) expires_at: i64,
}

impl Stored for NumberRow {
    const FIND: &'static Find = &Find {
        table: "order_numbers",
        key: &[number("tenant_id"), text("order_no")],
        unique: None,
        read: &[number("tenant_id"), text("order_no"), number("principal_id"), number("expires_at")],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            order_no: fields.take()?,
            principal_id: fields.take()?,
            expires_at: fields.take()?,
        })
    }
}

impl NumberRow {
    pub(crate) fn number(&self) -> Result<OrderNumber, Error> {
        let column = Column { table: "order_numbers", row: &self.order_no };
        Ok(OrderNumber {
            tenant: TenantId(self.tenant_id),
            order_no: column.parse("order_no", &self.order_no)?,
            principal: PrincipalId(self.principal_id),
            expires_at: Timestamp(self.expires_at),
        })
    }
}
