//! Owns the JSON of API keys, in both directions.

use domain::access::Role;
use domain::text::AccountName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use super::requests::Errors;
use crate::problem::Problem;

/// A key by which a server of the shop proves who it is.
// It is read again where the secret is added to a stored answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct ApiKey {
    /// Its id; its number where it was made before keys had ids.
    #[schema(example = "key_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    pub(crate) api_key_id: String,
    /// The account in whose name it acts. The keys of one account share a space of idempotency keys.
    account: String,
    /// What it may do: `admin`, `service` or `auditor`.
    role: String,
    /// How its secret begins.
    #[schema(example = "mk_Jx2c9Qa")]
    pub(crate) shown_prefix: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was revoked; null where it is good.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// A key that was issued just now, with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssuedApiKey {
    /// Its id.
    #[schema(example = "key_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    api_key_id: String,
    /// The account in whose name it acts.
    account: String,
    /// What it may do: `admin`, `service` or `auditor`.
    role: String,
    /// How its secret begins.
    #[schema(example = "mk_Jx2c9Qa")]
    shown_prefix: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was revoked: null, for this is the answer of when it was made.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// What the server sends as `Authorization: Bearer …`. It is told in the answers of this request alone; no stored answer
    /// holds it.
    #[schema(example = "mk_Jx2c9Qa…")]
    secret: String,
}

/// A wish for a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueApiKey {
    /// The account in whose name it will act; made if it is new.
    #[schema(min_length = 1, max_length = 64, example = "checkout")]
    account: String,
    /// What it may do: `admin`, `service` or `auditor`.
    #[schema(example = "service")]
    role: String,
}

impl ApiKey {
    pub(crate) fn of(key: &domain::ApiKey) -> Self {
        Self {
            api_key_id: key.name.to_string(),
            account: key.account.to_string(),
            role: key.role.name().to_owned(),
            shown_prefix: key.shown_prefix.clone(),
            created_at: time(key.created_at),
            revoked_at: key.revoked_at.map(time),
        }
    }

    pub(crate) fn with(self, secret: String) -> IssuedApiKey {
        let Self { api_key_id, account, role, shown_prefix, created_at, revoked_at } = self;
        IssuedApiKey { api_key_id, account, role, shown_prefix, created_at, revoked_at, secret }
    }
}

impl IssueApiKey {
    pub(crate) fn checked(self) -> Result<(AccountName, Role), Problem> {
        let mut errors = Errors::default();
        let account = errors.text("/account", AccountName::new(&self.account));
        let role = Role::from_name(&self.role).filter(|role| Role::KEYS.contains(role));
        if role.is_none() {
            let names = Role::KEYS.map(Role::name).join(", ");
            errors.add("/role", "unknown_value", format!("the role of a key is one of {names}"));
        }
        account.zip(role).ok_or_else(|| errors.problem())
    }
}
