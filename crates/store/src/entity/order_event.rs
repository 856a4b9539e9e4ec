//! Owns the entity of the table `order_events`: what happened to an order.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_no: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub event: String,
    pub from_status: Option<String>,
    pub to_status: String,
    pub happened_at: i64,
    pub principal_id: i64,
    pub idempotency_key: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
