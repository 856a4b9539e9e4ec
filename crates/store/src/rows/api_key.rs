//! Owns the rows of API keys that a batch may revoke, found by their ids or by their numbers, and the names of their accounts.

use domain::api_key::ApiKey;

use crate::found::{Fields, Stored};
use crate::set::{self, Find, bytes, number, text};
use crate::{Error, api_keys, entity};

/// A key, but for the name of its account.
pub(crate) struct ApiKeyRow(entity::api_key::Model);

/// What an account is called.
pub(crate) struct AccountNameRow {
    pub(crate) id: i64,
    pub(crate) name: String,
}

const COLUMNS: &[set::Column] = &[
    number("id"),
    number("tenant_id"),
    number("principal_id"),
    text("shown_prefix"),
    bytes("secret_hash"),
    text("role"),
    number("created_at"),
    number("revoked_at"),
    text("public_id"),
];

/// By the number: keys had no ids once.
pub(crate) static KEY_BY_NUMBER: Find = Find { table: "api_keys", key: &[number("id")], unique: None, read: COLUMNS };

impl Stored for ApiKeyRow {
    const FIND: &'static Find = &Find {
        table: "api_keys",
        key: &[number("tenant_id"), text("public_id")],
        unique: Some("api_keys_tenant_id_public_id"),
        read: COLUMNS,
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self(entity::api_key::Model {
            id: fields.take()?,
            tenant_id: fields.take()?,
            principal_id: fields.take()?,
            shown_prefix: fields.take()?,
            secret_hash: fields.take()?,
            role: fields.take()?,
            created_at: fields.take()?,
            revoked_at: fields.take()?,
            public_id: fields.take()?,
        }))
    }
}

impl ApiKeyRow {
    /// The number of the account.
    pub(crate) const fn principal_id(&self) -> i64 {
        self.0.principal_id
    }

    /// The key of an account of this name.
    pub(crate) fn key(&self, account: &str) -> Result<ApiKey, Error> {
        api_keys::of(&self.0, account)
    }
}

impl Stored for AccountNameRow {
    const FIND: &'static Find =
        &Find { table: "principals", key: &[number("id")], unique: None, read: &[number("id"), text("name")] };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self { id: fields.take()?, name: fields.take()? })
    }
}
