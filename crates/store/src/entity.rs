//! Owns the entities: one per table that is read through SeaORM.

pub(crate) mod api_key;
pub(crate) mod channel_account;
pub(crate) mod key_conflict;
pub(crate) mod key_record;
pub(crate) mod order;
pub(crate) mod order_number;
pub(crate) mod principal;
pub(crate) mod product;
pub(crate) mod review;
pub(crate) mod tenant;
