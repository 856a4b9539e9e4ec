//! Owns the product: what is sold under a sku, at which price.

use thiserror::Error;

use crate::text::{ProductName, Sku};
use crate::{Money, TenantId, Timestamp};

/// A product. Its stock is a row of its own, so that a sale does not change the product's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Whose.
    pub tenant: TenantId,
    /// Its code.
    pub sku: Sku,
    /// What the buyer reads.
    pub name: ProductName,
    /// What one costs.
    pub price: Money,
    /// Raised by each change; begins at 1.
    pub version: u32,
    /// When it first came.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Why a change of a product is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// If-Match named another version; zero where the product does not exist.
    #[error("the product {sku} has version {current}, not the one that If-Match names")]
    VersionMismatch {
        /// Which product.
        sku: Sku,
        /// Its version now.
        current: u32,
    },
    /// If-None-Match wanted none to be there.
    #[error("there is a product {sku} already, of version {current}")]
    Exists {
        /// Which product.
        sku: Sku,
        /// Its version now.
        current: u32,
    },
}
