//! Owns the API keys by which servers prove who they are, beside the engine: who has one, the list, and what is done at the
//! command line. Of a secret only a hash is kept.

use std::collections::HashMap;

use domain::access::Role;
use domain::api_key::{self, ApiKey, Name};
use domain::text::AccountName;
use domain::{ApiKeyId, PrincipalId, TenantId, Timestamp, tenant};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest as _, Sha256};

use crate::rows::Column;
use crate::soon::soon;
use crate::{Error, Store, entity};

/// The accounts that have keys are among these.
const KINDS: [&str; 2] = ["service", "system"];

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

/// A key that is to be stored.
#[derive(Clone)]
pub struct NewApiKey<'a> {
    /// As others will name it; none as keys were before they had ids.
    pub id: Option<ApiKeyId>,
    /// The whole secret, `mk_…`.
    pub secret: &'a str,
    /// What it may do.
    pub role: Role,
}

/// A key of the list.
#[derive(Clone, Debug)]
pub struct ListedApiKey {
    /// Its number, by which it is revoked at the command line.
    pub number: i64,
    /// The key.
    pub key: ApiKey,
}

impl Store {
    /// Stores a key of an account; its number.
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
            shown_prefix: Set(api_key::shown_prefix(key.secret)),
            secret_hash: Set(hash(key.secret)),
            role: Set(key.role.name().to_owned()),
            created_at: Set(now.0),
            revoked_at: Set(None),
            public_id: Set(key.id.map(|id| id.to_string())),
        };
        let _turn = self.turn().await?;
        Ok(soon("storing an API key", made.insert(&self.administrator)).await?.id)
    }

    /// Every key of a tenant, newest first.
    pub async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ListedApiKey>, Error> {
        use entity::{api_key, principal};
        let keys =
            api_key::Entity::find().filter(api_key::Column::TenantId.eq(tenant.0)).order_by_desc(api_key::Column::Id);
        let keys = soon("listing API keys", keys.all(&self.lister)).await?;
        let accounts = principal::Entity::find()
            .filter(principal::Column::TenantId.eq(tenant.0))
            .filter(principal::Column::Kind.is_in(KINDS));
        let accounts = soon("listing accounts", accounts.all(&self.lister)).await?;
        let names: HashMap<i64, String> = accounts.into_iter().map(|account| (account.id, account.name)).collect();
        let listed = |row: api_key::Model| {
            let account = names.get(&row.principal_id).map_or("", String::as_str);
            Ok(ListedApiKey { number: row.id, key: of(&row, account)? })
        };
        keys.into_iter().map(listed).collect()
    }

    /// Revokes a key; false if the tenant has no such key that is not revoked.
    pub async fn api_key_revoke(&self, tenant: TenantId, number: i64, now: Timestamp) -> Result<bool, Error> {
        use entity::api_key::{Column, Entity};
        let _turn = self.turn().await?;
        let done = Entity::update_many()
            .col_expr(Column::RevokedAt, now.0.into())
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::Id.eq(number))
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
        let (tenant, principal) = (TenantId(key.tenant_id), PrincipalId(key.principal_id));
        let tenant_status = self.tenant_status(tenant).await?;
        Ok(Some(Credential { tenant, principal, role: role(&key)?, tenant_status }))
    }
}

/// A row as a key of the account of this name.
pub(crate) fn of(row: &entity::api_key::Model, account: &str) -> Result<ApiKey, Error> {
    let number = row.id.to_string();
    let column = Column { table: "api_keys", row: &number };
    let id = row.public_id.as_deref().map(|id| column.parse("public_id", id)).transpose()?;
    Ok(ApiKey {
        tenant: TenantId(row.tenant_id),
        name: id.map_or(Name::Number(row.id), Name::Id),
        principal: PrincipalId(row.principal_id),
        account: AccountName::from_stored(account),
        role: role(row)?,
        shown_prefix: row.shown_prefix.clone(),
        created_at: Timestamp(row.created_at),
        revoked_at: row.revoked_at.map(Timestamp),
    })
}

fn role(row: &entity::api_key::Model) -> Result<Role, Error> {
    let number = row.id.to_string();
    let known = |name: &str| Role::from_name(name).filter(|role| Role::KEYS.contains(role));
    Column { table: "api_keys", row: &number }.name("role", &row.role, known)
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
