//! Owns what each tenant's shop asks of the sessions of its members and staff: settings that stand in the database, so that
//! every node has the same.

use domain::person::Kind;
use domain::session::{Policy, Rules};
use domain::{TenantId, Timestamp};

use crate::found::{Intent, Stored as _, Tables as _};
use crate::rows::{RULES_CHANGED, RULES_NEW, RulesRow, rules_changed, rules_new};
use crate::set::{Rows, Value};
use crate::{Doing as _, Error, Store};

impl Store {
    /// What the tenant's shop asks; where it says nothing, what is usual for such people.
    pub async fn session_rules(&self, tenant: TenantId, kind: Kind) -> Result<Rules, Error> {
        Ok(self.session_policy(tenant, kind).await?.rules)
    }

    /// The same with its version, and when it was last changed.
    pub async fn session_policy(&self, tenant: TenantId, kind: Kind) -> Result<Policy, Error> {
        let found: Option<RulesRow> = self.first(RulesRow::FIND, vec![tenant.0.into(), kind.name().into()]).await?;
        found.map_or(Ok(Policy::usual(tenant, kind)), |row| row.policy())
    }

    /// From now on the tenant's shop asks this, whatever it asked before: what an operator does beside the engine, as with
    /// the rules of a checkout. Nodes follow within seconds; sessions that are open keep their end.
    pub async fn session_rules_set(
        &self,
        tenant: TenantId,
        kind: Kind,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "setting the rules of sessions";
        let key: Vec<Value> = vec![tenant.0.into(), kind.name().into()];
        let mut changes = self.changes().await.doing(DOING)?;
        let found: Vec<RulesRow> = changes.find(RulesRow::FIND, key, Intent::Change).await.doing(DOING)?.rows()?;
        let usual = Policy { rules: *rules, changed_at: now, ..Policy::usual(tenant, kind) };
        let rows = match found.first() {
            None => {
                let mut rows = Rows::of(&RULES_NEW);
                rows.add(rules_new(&Policy { version: 2, ..usual }));
                rows
            }
            Some(row) => {
                let was = row.version()?;
                let mut rows = Rows::of(&RULES_CHANGED);
                rows.add(rules_changed(&Policy { version: was + 1, ..usual }, was));
                rows
            }
        };
        changes.write_all(vec![rows]).await.doing(DOING)?;
        changes.commit().await.doing(DOING)
    }
}
