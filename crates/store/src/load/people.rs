//! Owns reading people, their sessions, what shops ask of both, API keys, tenants and the ends of audit logs. They are locked
//! behind everything else, the logs last: who writes into one keeps others from it until the commit. A session is locked behind
//! its person, as log-ins lock them.

use domain::{Needs, State};

use super::{LoadError, api_keys, find};
use crate::found::{Intent, Tables};
use crate::rows::{CheckoutRow, HeadRow, PersonRow, RulesRow, StandingRow, TenantRow};

pub(super) async fn load(tables: &mut impl Tables, needs: &Needs, state: &mut State) -> Result<(), LoadError> {
    let keys = needs.people.iter().flat_map(|(tenant, principal)| [tenant.0.into(), principal.0.into()]);
    for row in find::<PersonRow>(tables, keys, Intent::Change).await? {
        state.put_person(row.person()?);
    }
    let keys = needs.sessions.iter().flat_map(|(tenant, id)| [tenant.0.into(), id.to_string().into()]);
    for row in find::<StandingRow>(tables, keys, Intent::Change).await? {
        state.put_session(row.session()?);
    }
    let keys = needs.session_rules.iter().flat_map(|(tenant, kind)| [tenant.0.into(), kind.name().into()]);
    for row in find::<RulesRow>(tables, keys, Intent::Change).await? {
        state.put_session_rules(row.policy()?);
    }
    api_keys::load(tables, needs, state).await?;
    let keys = needs.checkout_policies.iter().map(|tenant| tenant.0.into());
    for CheckoutRow(standing) in find(tables, keys, Intent::Change).await? {
        state.put_checkout_policy(standing);
    }
    let keys = needs.tenants.iter().map(|tenant| tenant.0.into());
    for row in find::<TenantRow>(tables, keys, Intent::Change).await? {
        state.put_tenant(row.tenant()?);
    }
    let keys = needs.audits.iter().map(|tenant| tenant.0.into());
    for row in find::<HeadRow>(tables, keys, Intent::Change).await? {
        state.put_audit(row.head()?);
    }
    Ok(())
}
