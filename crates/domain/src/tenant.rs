//! Owns tenants: whose shop it is, and whether it is open.

use thiserror::Error;

use crate::text::TenantName;
use crate::{TenantId, TenantPublicId, Timestamp};

/// Whether anybody of a tenant is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Its row is there, and nobody has opened it yet: nobody is let in.
    Prepared,
    /// It trades.
    Active,
    /// Nobody is let in, servers, staff and members alike, until it is resumed. What was begun with providers goes on.
    Suspended,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// As others name it.
    pub public_id: TenantPublicId,
    /// Its name, unique in the installation.
    pub name: TenantName,
    /// Whether it is open.
    pub status: Status,
    /// Counts changes, from 1.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What becomes of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Let people in for the first time.
    Open,
    /// Let nobody in.
    Suspend,
    /// Let people in again.
    Resume,
}

/// Why something about a tenant is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is none of this id.
    #[error("there is no tenant {0}")]
    NotFound(TenantPublicId),
    /// There is one of this name.
    #[error("there is a tenant called {0} already")]
    NameTaken(TenantName),
    /// It stands where this step is not possible.
    #[error("the tenant is {}: {} is not possible", .from.name(), .step.name())]
    InvalidTransition {
        /// Where it stands.
        from: Status,
        /// What was wanted.
        step: Step,
    },
    /// The one that the request comes from: nobody would be left to resume it.
    #[error("the installation's first tenant cannot be suspended: nobody would be left to resume it")]
    Oneself,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Prepared, Self::Active, Self::Suspended];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The status of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl Step {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }
}

impl Tenant {
    /// The tenant behind a step that somebody of the tenant `by` takes.
    pub fn stepped(&self, step: Step, by: TenantId) -> Result<Self, Refusal> {
        let status = match (self.status, step) {
            (Status::Active, Step::Suspend) if by == self.id => return Err(Refusal::Oneself),
            (Status::Prepared, Step::Open) | (Status::Suspended, Step::Resume) => Status::Active,
            (Status::Active, Step::Suspend) => Status::Suspended,
            // Whoever made the row first may have died before it was opened: then the name is free. Now it is not.
            (Status::Active | Status::Suspended, Step::Open) => return Err(Refusal::NameTaken(self.name.clone())),
            (from, step) => return Err(Refusal::InvalidTransition { from, step }),
        };
        Ok(Self { status, version: self.version + 1, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_tenant() {
        let tenant = |status| Tenant {
            id: TenantId(2),
            public_id: TenantPublicId::new(2),
            name: TenantName::from_stored("acme"),
            status,
            version: 1,
            created_at: Timestamp(0),
        };
        let (house, own) = (TenantId(1), TenantId(2));
        let not = |from, step| Err(Refusal::InvalidTransition { from, step });
        let taken = || Err(Refusal::NameTaken(TenantName::from_stored("acme")));
        let table = [
            (Status::Prepared, Step::Open, house, Ok(Status::Active)),
            (Status::Prepared, Step::Suspend, house, not(Status::Prepared, Step::Suspend)),
            (Status::Prepared, Step::Resume, house, not(Status::Prepared, Step::Resume)),
            (Status::Active, Step::Open, house, taken()),
            (Status::Active, Step::Suspend, house, Ok(Status::Suspended)),
            (Status::Active, Step::Suspend, own, Err(Refusal::Oneself)),
            (Status::Active, Step::Resume, house, not(Status::Active, Step::Resume)),
            (Status::Suspended, Step::Open, house, taken()),
            (Status::Suspended, Step::Suspend, house, not(Status::Suspended, Step::Suspend)),
            (Status::Suspended, Step::Resume, house, Ok(Status::Active)),
        ];
        for (from, step, by, wanted) in table {
            let stepped = tenant(from).stepped(step, by);
            let told = stepped.map(|after| {
                assert_eq!(after.version, 2);
                after.status
            });
            assert_eq!(told, wanted, "{from:?} {step:?}");
        }
    }
}
