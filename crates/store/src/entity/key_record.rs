//! Owns the entity of the table `key_records`: what a purge looks at.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_records")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub order_no: Option<String>,
    pub completed_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
