//! Owns what the API answers of people, of where they are logged in, of tenants, and of the log of what was done.

use serde::Deserialize;

/// A member, or one of the staff.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Person {
    pub(crate) person_id: String,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) role: String,
    /// `active` or `disabled`.
    pub(crate) status: String,
    pub(crate) version: u32,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// That somebody may set a new password, and what they prove it with.
#[derive(Deserialize)]
pub(crate) struct ResetAllowed {
    pub(crate) reset_token: String,
    pub(crate) expires_at: String,
}

/// A session.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Session {
    pub(crate) session_id: String,
    pub(crate) device_type: String,
    pub(crate) device_name: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) status: String,
    pub(crate) current: bool,
    pub(crate) opened_at: String,
    pub(crate) idle_until: String,
}

/// A tenant.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Tenant {
    pub(crate) tenant_id: String,
    pub(crate) name: String,
    /// `active` or `suspended`.
    pub(crate) status: String,
    pub(crate) created_at: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) place: i64,
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    /// `done`, or the code of the refusal.
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) request_id: String,
}

/// The end of the audit log.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AuditHead {
    pub(crate) place: i64,
    pub(crate) hash: String,
}
