//! Owns the entity of the table `api_keys`: how a server proves who it is.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub tenant_id: i64,
    pub principal_id: i64,
    pub shown_prefix: String,
    pub secret_hash: Vec<u8>,
    pub role: String,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    pub public_id: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
