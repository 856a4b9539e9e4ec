//! Owns the command that issues an API key.

use crate::access::Role;
use crate::api_key::SecretHash;
use crate::text::AccountName;
use crate::{ApiKeyId, PrincipalId};

/// Issue an API key to an account.
#[derive(Clone, Debug)]
pub struct IssueApiKey {
    /// As others will name it; made at intake. The secret is derived from it.
    pub id: ApiKeyId,
    /// In whose name it will act; made before, so that its number is known.
    pub principal: PrincipalId,
    /// What that account is called.
    pub account: AccountName,
    /// What it may do.
    pub role: Role,
    /// How the secret begins.
    pub shown_prefix: String,
    /// All that is kept of the secret beside that.
    pub secret_hash: SecretHash,
}
