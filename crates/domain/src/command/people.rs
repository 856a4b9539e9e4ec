//! Owns the commands about people and tenants, and of what a shop asks of those who come.

use crate::access::Role;
use crate::person::{self, Kind, Login, PasswordHash};
use crate::session::Rules;
use crate::text::{PersonName, TenantName};
use crate::{CheckoutPolicy, PersonId, PrincipalId, SessionId, TenantId, TenantPublicId, tenant};

/// Add a member, or one of the staff.
#[derive(Clone, Debug)]
pub struct AddPerson {
    /// In whose name they will act; made before, so that its number is known.
    pub principal: PrincipalId,
    /// As others will name them, made with the principal.
    pub id: PersonId,
    /// Member or staff.
    pub kind: Kind,
    /// What they log in with; unique among people of the tenant and kind.
    pub login: Login,
    /// What they are called.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Their password's hash, if they have one here.
    pub password: Option<PasswordHash>,
}

/// Change what a person may do.
#[derive(Clone, Debug)]
pub struct StepPerson {
    /// In whose name they act; looked up by the id.
    pub principal: PrincipalId,
    /// As others name them.
    pub id: PersonId,
    /// What becomes of them.
    pub step: person::Step,
    /// The version that If-Match names.
    pub expected_version: Option<u32>,
}

/// Open, suspend or resume a tenant.
#[derive(Clone, Debug)]
pub struct StepTenant {
    /// Which, by its number.
    pub tenant: TenantId,
    /// As others name it.
    pub public_id: TenantPublicId,
    /// What it is called.
    pub name: TenantName,
    /// What becomes of it.
    pub step: tenant::Step,
    /// Its first administrator, where it is opened.
    pub admin: Option<AddPerson>,
}

/// Put somebody out on one device.
#[derive(Clone, Copy, Debug)]
pub struct EndSession {
    /// In whose name they act; looked up by the id.
    pub principal: PrincipalId,
    /// As others name them.
    pub person: PersonId,
    /// Which of their sessions.
    pub session: SessionId,
}

/// Say what the shop asks of the sessions of one kind of people.
#[derive(Clone, Copy, Debug)]
pub struct PutSessionRules {
    /// Of whom.
    pub kind: Kind,
    /// What; checked before.
    pub rules: Rules,
    /// The version that If-Match names.
    pub expected_version: Option<u32>,
}

/// Say what the shop asks of a checkout: all of it.
#[derive(Clone, Copy, Debug)]
pub struct SetCheckoutPolicy {
    /// What; checked before.
    pub policy: CheckoutPolicy,
    /// The version that If-Match names.
    pub expected_version: Option<u32>,
}
