//! Owns the rows of sessions and of the rules of sessions as the staff look at them and change them.

use domain::person::Kind;
use domain::session::{End, Policy, Renewal, Rules, Session, WhenFull};
use domain::{PrincipalId, TenantId, Timestamp};

use super::Column;
use crate::Error;
use crate::found::{Fields, Stored};
use crate::set::{self, Find, Value, Write, number, row, text};

/// The number that stands for renewal by writes; below are hundredths, of which none means every request.
const WRITES: i64 = 101;

/// A session of which it is asked only whether it is over, and why.
pub(crate) struct StandingRow {
    tenant_id: i64,
    id: String,
    principal_id: i64,
    epoch: i64,
    idle_until: i64,
    ends_at: i64,
    ended: Option<String>,
    ended_at: Option<i64>,
    version: i64,
}

impl Stored for StandingRow {
    const FIND: &'static Find = &Find {
        table: "sessions",
        key: &[number("tenant_id"), text("id")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("id"),
            number("principal_id"),
            number("epoch"),
            number("idle_until"),
            number("ends_at"),
            text("ended"),
            number("ended_at"),
            number("version"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            id: fields.take()?,
            principal_id: fields.take()?,
            epoch: fields.take()?,
            idle_until: fields.take()?,
            ends_at: fields.take()?,
            ended: fields.take()?,
            ended_at: fields.take()?,
            version: fields.take()?,
        })
    }
}

impl StandingRow {
    pub(crate) fn session(&self) -> Result<Session, Error> {
        let column = Column { table: "sessions", row: &self.id };
        let end = self.ended.as_ref().map(|ended| column.name("ended", ended, End::from_name)).transpose()?;
        Ok(Session {
            tenant: TenantId(self.tenant_id),
            id: column.parse("id", &self.id)?,
            principal: PrincipalId(self.principal_id),
            opened_in: column.small("epoch", self.epoch)?,
            idle_until: Timestamp(self.idle_until),
            ends_at: Timestamp(self.ends_at),
            ended: end.map(|end| (end, Timestamp(self.ended_at.unwrap_or_default()))),
            version: column.small("version", self.version)?,
        })
    }
}

/// What a shop asks of the sessions of such people.
pub(crate) struct RulesRow {
    tenant_id: i64,
    kind: String,
    open_max: [i64; 3],
    when_full: String,
    idle_ms: i64,
    absolute_ms: i64,
    renewal: i64,
    changed_at: i64,
    changes: i64,
}

/// Everything of the rules but whose they are.
const SETTINGS: &[set::Column] = &[
    number("web_max"),
    number("app_max"),
    number("mini_program_max"),
    text("when_full"),
    number("idle_ms"),
    number("absolute_ms"),
    number("renewal"),
    number("changed_at"),
    number("changes"),
];

impl Stored for RulesRow {
    const FIND: &'static Find = &Find {
        table: "session_rules",
        key: &[number("tenant_id"), text("kind")],
        unique: None,
        read: &[
            number("tenant_id"),
            text("kind"),
            number("web_max"),
            number("app_max"),
            number("mini_program_max"),
            text("when_full"),
            number("idle_ms"),
            number("absolute_ms"),
            number("renewal"),
            number("changed_at"),
            number("changes"),
        ],
    };

    fn read(fields: &mut Fields) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: fields.take()?,
            kind: fields.take()?,
            open_max: [fields.take()?, fields.take()?, fields.take()?],
            when_full: fields.take()?,
            idle_ms: fields.take()?,
            absolute_ms: fields.take()?,
            renewal: fields.take()?,
            changed_at: fields.take()?,
            changes: fields.take()?,
        })
    }
}

impl RulesRow {
    pub(crate) fn policy(&self) -> Result<Policy, Error> {
        let row = self.tenant_id.to_string();
        let column = Column { table: "session_rules", row: &row };
        let renewal = match self.renewal {
            0 => Renewal::EveryRequest,
            WRITES => Renewal::Writes,
            hundredths => Renewal::Below(column.small("renewal", hundredths)?),
        };
        let [web, app, mini_program] = self.open_max;
        let rules = Rules {
            open_max: [
                column.small("web_max", web)?,
                column.small("app_max", app)?,
                column.small("mini_program_max", mini_program)?,
            ],
            when_full: column.name("when_full", &self.when_full, WhenFull::from_name)?,
            idle_ms: self.idle_ms,
            absolute_ms: self.absolute_ms,
            renewal,
        };
        Ok(Policy {
            tenant: TenantId(self.tenant_id),
            kind: column.name("kind", &self.kind, Kind::from_name)?,
            rules,
            version: self.version()?,
            changed_at: Timestamp(self.changed_at),
        })
    }

    /// The column counts changes: one less than the version.
    pub(crate) fn version(&self) -> Result<u32, Error> {
        let row = self.tenant_id.to_string();
        Column { table: "session_rules", row: &row }.small("changes", self.changes.saturating_add(1))
    }
}

/// New rules, as [`rules_new`] gives them.
pub(crate) static RULES_NEW: Write = Write::insert("session_rules", RulesRow::FIND.read);

/// Other rules, as [`rules_changed`] gives them.
pub(crate) static RULES_CHANGED: Write =
    Write::update("session_rules", RulesRow::FIND.key, SETTINGS, &[number("changes")]);

/// The row of rules that nobody had put before.
pub(crate) fn rules_new(policy: &Policy) -> [Value; 11] {
    let [web, app, mini_program] = policy.rules.open_max;
    let renewal = match policy.rules.renewal {
        Renewal::EveryRequest => 0,
        Renewal::Below(hundredths) => i64::from(hundredths.clamp(1, 100)),
        Renewal::Writes => WRITES,
    };
    row![
        policy.tenant.0,
        policy.kind.name(),
        web,
        app,
        mini_program,
        policy.rules.when_full.name(),
        policy.rules.idle_ms,
        policy.rules.absolute_ms,
        renewal,
        policy.changed_at.0,
        policy.version - 1,
    ]
}

/// The row of rules that take the place of those of this version.
pub(crate) fn rules_changed(policy: &Policy, was: u32) -> [Value; 12] {
    let mut values = rules_new(policy).into_iter().chain([Value::from(was - 1)]);
    std::array::from_fn(|_| values.next().expect("eleven and one are twelve"))
}
