//! Owns the entity of the table `channel_accounts`: a tenant's accounts with payment providers.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    pub kind: String,
    pub name: String,
    pub settings: String,
    pub is_enabled: i64,
    pub priority: i64,
    pub currency: Option<String>,
    pub method: Option<String>,
    pub amount_min: Option<i64>,
    pub amount_max: Option<i64>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
