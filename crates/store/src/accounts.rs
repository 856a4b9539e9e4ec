//! Owns tenants, the principals that act in them, and the API keys by which servers prove who they are. Of a key
//! only a hash is kept.

use domain::access::Role;
use domain::{PrincipalId, TenantId, Timestamp, tenant};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use sha2::{Digest as _, Sha256};

use crate::soon::soon;
use crate::{Error, Store, entity};

/// What every API key begins with.
pub const SECRET_PREFIX: &str = "mk_";

/// How much of a key is shown in lists: enough to find it, far too little to guess it.
const SHOWN: usize = 10;

/// Who a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose data.
    pub tenant: TenantId,
    /// Who acts.
    pub principal: PrincipalId,
    /// What they may do.
    pub role: Role,
    /// Whether the tenant is open.
    pub tenant_status: tenant::Status,
}

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

/// A key that is to be stored.
#[derive(Clone)]
pub struct NewApiKey<'a> {
    /// The whole secret, `mk_…`.
    pub secret: &'a str,
    /// What it may do.
    pub role: Role,
}

/// A stored key, as lists show it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its number.
    pub id: i64,
    /// The account's name.
    pub account: String,
    /// How the secret begins.
    pub shown_prefix: String,
    /// What it may do.
    pub role: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
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

    /// Stores a key of an account.
    pub async fn api_key_create(
        &self,
        tenant: TenantId,
        principal: PrincipalId,
        key: &NewApiKey<'_>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let made = entity::api_key::ActiveModel {
            id: NotSet,
            tenant_id: Set(tenant.0),
            principal_id: Set(principal.0),
            shown_prefix: Set(key.secret.chars().take(SHOWN).collect()),
            secret_hash: Set(hash(key.secret)),
            role: Set(key.role.name().to_owned()),
            created_at: Set(now.0),
            revoked_at: Set(None),
        };
        let _turn = self.turn().await?;
        Ok(soon("storing an API key", made.insert(&self.administrator)).await?.id)
    }

    /// Every key of a tenant, newest first.
    pub async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, Error> {
        use entity::{api_key, principal};
        let keys =
            api_key::Entity::find().filter(api_key::Column::TenantId.eq(tenant.0)).order_by_desc(api_key::Column::Id);
        let keys = soon("listing API keys", keys.all(&self.administrator)).await?;
        let accounts = principal::Entity::find().filter(principal::Column::TenantId.eq(tenant.0));
        let accounts = soon("listing accounts", accounts.all(&self.administrator)).await?;
        let name = |id| accounts.iter().find(|account| account.id == id).map(|account| account.name.clone());
        let shown = |key: api_key::Model| ApiKey {
            id: key.id,
            account: name(key.principal_id).unwrap_or_default(),
            shown_prefix: key.shown_prefix,
            role: key.role,
            created_at: Timestamp(key.created_at),
            revoked_at: key.revoked_at.map(Timestamp),
        };
        Ok(keys.into_iter().map(shown).collect())
    }

    /// Revokes a key; false if the tenant has no such key that is not revoked.
    pub async fn api_key_revoke(&self, tenant: TenantId, id: i64, now: Timestamp) -> Result<bool, Error> {
        use entity::api_key::{Column, Entity};
        let _turn = self.turn().await?;
        let done = Entity::update_many()
            .col_expr(Column::RevokedAt, now.0.into())
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::Id.eq(id))
            .filter(Column::RevokedAt.is_null());
        Ok(soon("revoking an API key", done.exec(&self.administrator)).await?.rows_affected == 1)
    }

    /// Who has this secret. The lookup is by its hash, so that no comparison of secrets takes longer the more of
    /// it is right.
    pub async fn credential(&self, secret: &str) -> Result<Option<Credential>, Error> {
        use entity::api_key::{Column, Entity};
        let key = Entity::find().filter(Column::SecretHash.eq(hash(secret))).filter(Column::RevokedAt.is_null());
        let key = soon("looking up an API key", key.one(&self.lister)).await?;
        let Some(key) = key else { return Ok(None) };
        let role = Role::from_name(&key.role).filter(|role| Role::KEYS.contains(role)).ok_or_else(|| {
            Error::Unreadable { table: "api_keys", row: key.id.to_string(), column: "role", value: key.role.clone() }
        })?;
        let (tenant, principal) = (TenantId(key.tenant_id), PrincipalId(key.principal_id));
        let tenant_status = self.tenant_status(tenant).await?;
        Ok(Some(Credential { tenant, principal, role, tenant_status }))
    }
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
