//! Owns the entity of the table `tenant_policies`: what a tenant's shop asks of a checkout.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant_policies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    pub checkout_token: i64,
    pub order_lock_ms: i64,
    pub pending_limit: i64,
    pub same_within_ms: i64,
    pub changed_at: i64,
    pub order_units_max: i64,
    pub guests: i64,
    pub registration: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
