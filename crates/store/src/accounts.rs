//! Owns tenants, and the principals that act in them.

use domain::{PrincipalId, TenantId, Timestamp};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::soon::soon;
use crate::{Error, Store, entity};

/// An account of a tenant, by name.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// In which tenant.
    pub tenant: TenantId,
    /// `service` or `system`.
    pub kind: &'a str,
    /// Unique in tenant and kind.
    pub name: &'a str,
    /// Used if the account is new.
    pub public_id: &'a str,
}

impl Store {
    /// The tenant of this name.
    pub async fn tenant(&self, name: &str) -> Result<Option<TenantId>, Error> {
        let tenant = entity::tenant::Entity::find().filter(entity::tenant::Column::Name.eq(name));
        let tenant = soon("reading a tenant", tenant.one(&self.administrator)).await?;
        Ok(tenant.map(|tenant| TenantId(tenant.id)))
    }

    /// True if there is no tenant yet: the database is new.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        let tenants = soon("counting tenants", entity::tenant::Entity::find().count(&self.administrator)).await?;
        Ok(tenants == 0)
    }

    /// Makes a tenant.
    pub async fn tenant_create(&self, name: &str, public_id: &str, now: Timestamp) -> Result<TenantId, Error> {
        let tenant = entity::tenant::ActiveModel {
            id: NotSet,
            public_id: Set(public_id.to_owned()),
            name: Set(name.to_owned()),
            created_at: Set(now.0),
        };
        let _turn = self.turn().await?;
        let tenant = soon("making a tenant", tenant.insert(&self.administrator)).await?;
        Ok(TenantId(tenant.id))
    }

    /// The account of this name, made if there is none.
    pub async fn account(&self, account: &Account<'_>, now: Timestamp) -> Result<PrincipalId, Error> {
        use entity::principal::{ActiveModel, Column, Entity};
        let question = Entity::find()
            .filter(Column::TenantId.eq(account.tenant.0))
            .filter(Column::Kind.eq(account.kind))
            .filter(Column::Name.eq(account.name));
        let found = || async {
            let found = soon("reading an account", question.clone().one(&self.administrator)).await?;
            Ok::<_, Error>(found.map(|found| PrincipalId(found.id)))
        };
        if let Some(found) = found().await? {
            return Ok(found);
        }
        let made = ActiveModel {
            id: NotSet,
            tenant_id: Set(account.tenant.0),
            public_id: Set(account.public_id.to_owned()),
            kind: Set(account.kind.to_owned()),
            name: Set(account.name.to_owned()),
            created_at: Set(now.0),
        };
        let made = {
            let _turn = self.turn().await?;
            soon("making an account", made.insert(&self.administrator)).await
        };
        match made {
            Ok(made) => Ok(PrincipalId(made.id)),
            // Of two that make it at the same time one is refused, and finds it.
            Err(error) => found().await?.ok_or(error),
        }
    }
}
