//! Owns the JSON of people and tenants.

use domain::access::Role;
use domain::person::{Kind, Login, Step};
use domain::text::{PersonName, TenantName};
use domain::{TenantPublicId, person};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use super::sessions::Register;
use crate::problem::{FieldError, Problem};

/// A member of the shop, or one of its staff.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Person {
    /// A member's is the `customer_id` of their orders.
    #[schema(example = "per_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    person_id: String,
    /// `member`, `staff` or `guest`.
    kind: &'static str,
    /// What they log in with, in lower case.
    login: String,
    /// What they are called.
    name: String,
    /// What they may do: `admin`, `merchant`, `support`, `auditor`, `shopper` or `guest`.
    role: &'static str,
    /// `active` or `disabled`.
    status: &'static str,
    /// Raised by each change; also the `ETag`.
    version: u32,
    /// When they were added.
    #[schema(format = DateTime)]
    created_at: String,
    /// When they were last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the contract names the member")]
pub(crate) struct Tenant {
    /// Its id.
    #[schema(example = "ten_01KAPF6V7M0QZ4X2N8R5T3W1YB")]
    tenant_id: String,
    /// Its name; log-ins name it.
    name: String,
    /// `active` or `suspended`.
    status: &'static str,
    /// Raised by each change; also the `ETag`.
    version: u32,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Add a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMember {
    /// What they will log in with: a name, an e-mail address, a telephone number; without blanks, and the same in lower case.
    #[schema(min_length = 1, max_length = 64, example = "anna@example.com")]
    login: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Their password; without one they cannot log in with a password.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: Option<String>,
}

/// Add one of the staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddStaff {
    /// What they will log in with.
    #[schema(min_length = 1, max_length = 64, example = "li.wei")]
    login: String,
    /// What they are called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What they may do: `admin`, `merchant`, `support` or `auditor`.
    #[schema(example = "merchant")]
    role: String,
    /// Their first password.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: Option<String>,
}

/// Give one of the staff another role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRole {
    /// `admin`, `merchant`, `support` or `auditor`.
    #[schema(example = "support")]
    role: String,
}

/// Create a tenant with its first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddTenant {
    /// Its name, unique in the installation; log-ins name it.
    #[schema(min_length = 1, max_length = 64, example = "acme")]
    name: String,
    /// Who may do everything there.
    admin: AddMember,
}

/// Somebody who is to be added, checked but for the password.
pub(crate) struct NewPerson {
    pub(crate) kind: Kind,
    pub(crate) login: Login,
    pub(crate) name: PersonName,
    pub(crate) role: Role,
    pub(crate) password: Option<String>,
    /// Where the password stands in the body.
    pub(crate) password_pointer: &'static str,
}

impl Person {
    pub(crate) fn of(person: &domain::Person) -> Self {
        Self {
            person_id: person.id.to_string(),
            kind: person.kind.name(),
            login: person.login.to_string(),
            name: person.name.to_string(),
            role: person.role.name(),
            status: person.status.name(),
            version: person.version,
            created_at: time(person.created_at),
            updated_at: time(person.updated_at),
        }
    }
}

impl Tenant {
    pub(crate) fn of(tenant: &domain::Tenant) -> Self {
        Self {
            tenant_id: tenant.public_id.to_string(),
            name: tenant.name.to_string(),
            status: tenant.status.name(),
            version: tenant.version,
            created_at: time(tenant.created_at),
        }
    }
}

impl AddMember {
    pub(crate) fn checked(self) -> Result<NewPerson, Problem> {
        checked((self.login, self.name, self.password), Kind::Member, Role::Shopper, "")
    }
}

impl Register {
    pub(crate) fn checked(self) -> Result<NewPerson, Problem> {
        checked((self.login, self.name, Some(self.password)), Kind::Member, Role::Shopper, "")
    }
}

impl AddStaff {
    pub(crate) fn checked(self) -> Result<NewPerson, Problem> {
        let role = staff_role(&self.role)?;
        checked((self.login, self.name, self.password), Kind::Staff, role, "")
    }
}

impl SetRole {
    pub(crate) fn step(&self) -> Result<Step, Problem> {
        staff_role(&self.role).map(person::Step::Role)
    }
}

impl AddTenant {
    pub(crate) fn checked(self) -> Result<(TenantName, NewPerson), Problem> {
        let AddMember { login, name, password } = self.admin;
        let tenant = TenantName::new(&self.name).map_err(|error| wrong("/name", "invalid", error.to_string()))?;
        if password.is_none() {
            return Err(wrong(
                "/admin/password",
                "missing_member",
                "a tenant's first administrator has one".to_owned(),
            ));
        }
        Ok((tenant, checked((login, name, password), Kind::Staff, Role::Admin, "/admin")?))
    }
}

fn checked(
    (login, name, password): (String, String, Option<String>),
    kind: Kind,
    role: Role,
    within: &'static str,
) -> Result<NewPerson, Problem> {
    let mut errors = Vec::new();
    let mut note = |member: &str, message: String| {
        errors.push(FieldError { pointer: format!("{within}/{member}"), code: "invalid", message });
    };
    let login = Login::new(&login).map_err(|error| note("login", error.to_string())).ok();
    let name = PersonName::new(&name).map_err(|error| note("name", error.to_string())).ok();
    let (Some(login), Some(name)) = (login, name) else { return Err(Problem::invalid(&errors)) };
    let password_pointer = if within.is_empty() { "/password" } else { "/admin/password" };
    Ok(NewPerson { kind, login, name, role, password, password_pointer })
}

fn staff_role(text: &str) -> Result<Role, Problem> {
    let known = Role::from_name(text).filter(|role| Role::STAFF.contains(role));
    let names = Role::STAFF.map(Role::name).join(", ");
    known.ok_or_else(|| wrong("/role", "unknown_value", format!("a role of the staff is one of {names}")))
}

fn wrong(pointer: &str, code: &'static str, message: String) -> Problem {
    Problem::invalid(&[FieldError { pointer: pointer.to_owned(), code, message }])
}

/// Where a person is found.
pub(crate) fn person_path(person: &domain::Person) -> String {
    format!("/api/v1/{}/{}", super::among(person.kind), person.id)
}

/// Where a tenant is found.
pub(crate) fn tenant_path(id: TenantPublicId) -> String {
    format!("/api/v1/tenants/{id}")
}
