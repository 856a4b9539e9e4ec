//! Owns people: members, who buy, and staff, who work for the shop; what they are, and what may be changed about them.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::access::Role;
use crate::text::{Invalid, PersonName};
use crate::{PersonId, PrincipalId, TenantId, Timestamp};

/// How long somebody has who may set a new password, in milliseconds.
pub const RESET_STANDS_MS: i64 = 30 * 60_000;
/// The longest log-in name, in characters. An e-mail address may have more, and few do.
pub const LOGIN_MAX: usize = 64;

/// Which door somebody comes through. A log-in name is one person's behind each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Buys.
    Member,
    /// Works for the shop.
    Staff,
    /// Buys, and has told no name: nobody logs in as them.
    Guest,
}

/// Whether somebody may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// They may.
    Active,
    /// They may not, until somebody says otherwise.
    Disabled,
}

/// What somebody types to say who they are: 1 to 64 characters without blanks, in lower case, so that Anna and anna are one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Login(Arc<str>);

/// A password's hash, on its way to storage. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Of which tenant.
    pub tenant: TenantId,
    /// In whose name they act; the owner of their keys.
    pub principal: PrincipalId,
    /// As others name them.
    pub id: PersonId,
    /// Member or staff.
    pub kind: Kind,
    /// What they log in with.
    pub login: Login,
    /// What they are called.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Whether they may come in.
    pub status: Status,
    /// Counts how often all of their sessions were put out. A session is good in the epoch it was opened in: that needs no
    /// clocks that agree.
    pub epoch: u32,
    /// Counts how often a second factor was taken from them, from 0. The one that was set up under this number is good.
    pub factors_lost: u32,
    /// Counts changes, from 1.
    pub version: u32,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
}

/// What becomes of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another role, of the same kind. Sessions end: who comes back has the new one.
    Role(Role),
    /// May not come in any more. Sessions end.
    Disable,
    /// May come in again.
    Enable,
    /// Sessions end, nothing else.
    SignOut,
    /// Their second factor is lost, and counts no more. Sessions end.
    DropFactor,
    /// They may set a new password without the one there is, within [`RESET_STANDS_MS`]. Whatever else changes about them
    /// ends that.
    LetReset,
}

/// Why something about a person is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such person.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// Somebody has this log-in name.
    #[error("the login {0} is taken")]
    LoginTaken(Login),
    /// The role is not one of this kind of person.
    #[error("the role {} is not one for {}", .role.name(), .kind.name())]
    RoleUnfit {
        /// The role.
        role: Role,
        /// What the person is.
        kind: Kind,
    },
    /// Nobody takes away their own role, or shuts themselves out.
    #[error("nobody changes their own role or status; ask another administrator")]
    Oneself,
    /// Somebody changed the person since.
    #[error("the person has version {current}, not {expected}")]
    VersionMismatch {
        /// The version there is.
        current: u32,
        /// The version that If-Match names.
        expected: u32,
    },
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Member, Self::Staff, Self::Guest];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
            Self::Guest => "guest",
        }
    }

    /// The kind of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a person of this kind may have the role.
    pub fn takes(self, role: Role) -> bool {
        match self {
            Self::Member => role == Role::Shopper,
            Self::Staff => Role::STAFF.contains(&role),
            Self::Guest => role == Role::Guest,
        }
    }
}

impl Status {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The status of a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|status| status.name() == name)
    }
}

impl Step {
    /// The stable name, as the audit log has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::SignOut => "sign_out",
            Self::DropFactor => "drop_second_factor",
            Self::LetReset => "let_reset_password",
        }
    }

    /// Whether sessions that were open before are over.
    const fn ends_sessions(self) -> bool {
        !matches!(self, Self::Enable | Self::LetReset)
    }
}

impl Person {
    /// The person behind a step that `by` takes.
    pub fn stepped(&self, step: Step, by: PrincipalId, at: Timestamp) -> Result<Self, Refusal> {
        if by == self.principal && step != Step::SignOut {
            return Err(Refusal::Oneself);
        }
        let mut person = self.clone();
        match step {
            Step::Role(role) if !self.kind.takes(role) => {
                return Err(Refusal::RoleUnfit { role, kind: self.kind });
            }
            Step::Role(role) => person.role = role,
            Step::Disable => person.status = Status::Disabled,
            Step::Enable => person.status = Status::Active,
            Step::DropFactor => person.factors_lost += 1,
            Step::SignOut | Step::LetReset => {}
        }
        person.epoch += u32::from(step.ends_sessions());
        person.version += 1;
        person.updated_at = at;
        Ok(person)
    }
}

impl Login {
    /// Checks and folds what somebody typed. A slash stands only in logins of those whom a login provider introduces: nobody
    /// can take one of them.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        const WHAT: &str = "login";
        if text.is_empty() {
            return Err(Invalid::Empty { what: WHAT });
        }
        let folded = text.to_lowercase();
        if folded.chars().count() > LOGIN_MAX {
            return Err(Invalid::TooLong { what: WHAT, max: LOGIN_MAX });
        }
        if folded.chars().any(char::is_control) {
            return Err(Invalid::Control { what: WHAT });
        }
        if folded.chars().any(char::is_whitespace) {
            return Err(Invalid::Blank { what: WHAT });
        }
        if folded.contains('/') {
            return Err(Invalid::Slash { what: WHAT });
        }
        Ok(Self(folded.into()))
    }

    /// A login as it was stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PasswordHash {
    /// A hash in the PHC string format.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text to be stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(kind: Kind, role: Role) -> Person {
        Person {
            tenant: TenantId(1),
            principal: PrincipalId(7),
            id: PersonId::new(7),
            kind,
            login: Login::from_stored("anna"),
            name: PersonName::from_stored("Anna"),
            role,
            status: Status::Active,
            epoch: 3,
            factors_lost: 0,
            version: 5,
            created_at: Timestamp(10),
            updated_at: Timestamp(10),
        }
    }

    #[test]
    fn what_becomes_of_a_person() {
        let staff = person(Kind::Staff, Role::Support);
        let (other, own) = (PrincipalId(1), PrincipalId(7));
        let unfit = |role| Err(Refusal::RoleUnfit { role, kind: Kind::Staff });
        // Who, by whom, what; the role, status and epoch behind it.
        let table = [
            (Step::Role(Role::Merchant), other, Ok((Role::Merchant, Status::Active, 4))),
            (Step::Role(Role::Shopper), other, unfit(Role::Shopper)),
            (Step::Role(Role::Service), other, unfit(Role::Service)),
            (Step::Role(Role::Admin), own, Err(Refusal::Oneself)),
            (Step::Disable, other, Ok((Role::Support, Status::Disabled, 4))),
            (Step::Disable, own, Err(Refusal::Oneself)),
            (Step::Enable, other, Ok((Role::Support, Status::Active, 3))),
            (Step::Enable, own, Err(Refusal::Oneself)),
            (Step::SignOut, other, Ok((Role::Support, Status::Active, 4))),
            (Step::SignOut, own, Ok((Role::Support, Status::Active, 4))),
        ];
        for (step, by, wanted) in table {
            let stepped = staff.stepped(step, by, Timestamp(20));
            let told = stepped.map(|after| {
                assert_eq!((after.version, after.updated_at), (6, Timestamp(20)), "{step:?}");
                (after.role, after.status, after.epoch)
            });
            assert_eq!(told, wanted, "{step:?} by {by:?}");
        }
        let member = person(Kind::Member, Role::Shopper);
        let refused = member.stepped(Step::Role(Role::Admin), other, Timestamp(20));
        assert_eq!(refused, Err(Refusal::RoleUnfit { role: Role::Admin, kind: Kind::Member }));
    }

    #[test]
    fn a_login_is_one_person_however_it_is_typed() {
        assert_eq!(Login::new("Anna@Example.COM"), Login::new("anna@example.com"));
        assert_eq!(Login::new("ÄRZTIN").expect("letters").as_str(), "ärztin");
        let long = "a".repeat(LOGIN_MAX);
        assert!(Login::new(&long).is_ok());
        for bad in ["", " ", "a b", "a\n", "a\u{0}", "\u{3000}a", &format!("{long}a")] {
            assert!(Login::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_hash_is_not_shown() {
        assert_eq!(format!("{:?}", PasswordHash::new("$argon2id$secret")), "PasswordHash");
    }
}
