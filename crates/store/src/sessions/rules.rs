//! Owns what each tenant's shop asks of the sessions of its members and staff: settings that stand in the database, so that
//! every node has the same.

use domain::person::Kind;
use domain::session::{Renewal, Rules, WhenFull};
use domain::{TenantId, Timestamp};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::found::{Intent, Tables as _};
use crate::rows::Column;
use crate::set::{self, Find, Rows, Value, Write, number, row, text};
use crate::soon::soon;
use crate::{Doing as _, Error, Store};

/// The number that stands for renewal by writes; below are hundredths, of which none means every request.
const WRITES: i64 = 101;

const KEY: &[set::Column] = &[number("tenant_id"), text("kind")];

const SETTINGS: &[set::Column] = &[
    number("web_max"),
    number("app_max"),
    number("mini_program_max"),
    text("when_full"),
    number("idle_ms"),
    number("absolute_ms"),
    number("renewal"),
    number("changed_at"),
];

static THERE: Find = Find { table: "session_rules", key: KEY, unique: None, read: KEY };

static CHANGED: Write = Write::update("session_rules", KEY, SETTINGS, &[]);

static NEW: Write = Write::insert(
    "session_rules",
    &[
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
    ],
);

impl Store {
    /// What the tenant's shop asks; where it says nothing, what is usual for such people.
    pub async fn session_rules(&self, tenant: TenantId, kind: Kind) -> Result<Rules, Error> {
        const DOING: &str = "reading the rules of sessions";
        let sql = format!(
            "select web_max, app_max, mini_program_max, idle_ms, absolute_ms, renewal, when_full from session_rules \
             where tenant_id = {} and kind = {{}}",
            tenant.0
        );
        let row = soon(DOING, self.lister.query_one_raw(self.bound(&sql, &[kind.name()]))).await?;
        let Some(row) = row else { return Ok(usual(kind)) };
        rules(&row, tenant)
    }

    /// From now on the tenant's shop asks this. Nodes follow within seconds; sessions that are open keep their end.
    pub async fn session_rules_set(
        &self,
        tenant: TenantId,
        kind: Kind,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "setting the rules of sessions";
        let renewal = match rules.renewal {
            Renewal::EveryRequest => 0,
            Renewal::Below(hundredths) => i64::from(hundredths.clamp(1, 100)),
            Renewal::Writes => WRITES,
        };
        let key: Vec<Value> = vec![tenant.0.into(), kind.name().into()];
        let mut changes = self.changes().await.doing(DOING)?;
        let found = changes.find(&THERE, key, Intent::Change).await.doing(DOING)?;
        let mut rows = Rows::of(if found.values.is_empty() { &NEW } else { &CHANGED });
        let [web, app, mini] = rules.open_max;
        rows.add(row![
            tenant.0,
            kind.name(),
            web,
            app,
            mini,
            rules.when_full.name(),
            rules.idle_ms,
            rules.absolute_ms,
            renewal,
            now.0,
        ]);
        changes.write_all(vec![rows]).await.doing(DOING)?;
        changes.commit().await.doing(DOING)
    }
}

/// What is usual.
const fn usual(kind: Kind) -> Rules {
    match kind {
        Kind::Member | Kind::Guest => Rules::MEMBERS,
        Kind::Staff => Rules::STAFF,
    }
}

fn rules(row: &QueryResult, tenant: TenantId) -> Result<Rules, Error> {
    const DOING: &str = "reading the rules of sessions";
    let number = |at| row.try_get_by_index::<i64>(at).doing(DOING);
    let name = tenant.0.to_string();
    let column = Column { table: "session_rules", row: &name };
    let when_full: String = row.try_get_by_index(6).doing(DOING)?;
    let renewal = match number(5)? {
        0 => Renewal::EveryRequest,
        WRITES => Renewal::Writes,
        hundredths => Renewal::Below(column.small("renewal", hundredths)?),
    };
    Ok(Rules {
        open_max: [
            column.small("web_max", number(0)?)?,
            column.small("app_max", number(1)?)?,
            column.small("mini_program_max", number(2)?)?,
        ],
        when_full: column.name("when_full", &when_full, WhenFull::from_name)?,
        idle_ms: number(3)?,
        absolute_ms: number(4)?,
        renewal,
    })
}
