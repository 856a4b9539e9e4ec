//! Owns reading API keys that a batch may revoke, each with the name of its account.

use std::collections::{BTreeMap, BTreeSet};

use domain::api_key::Name;
use domain::{Needs, State};

use super::{LoadError, find, find_in};
use crate::found::{Intent, Tables};
use crate::rows::{AccountNameRow, ApiKeyRow, KEY_BY_NUMBER};

pub(super) async fn load(tables: &mut impl Tables, needs: &Needs, state: &mut State) -> Result<(), LoadError> {
    let (mut ids, mut numbers) = (Vec::new(), BTreeSet::new());
    for (tenant, name) in &needs.api_keys {
        match name {
            Name::Id(id) => ids.extend([tenant.0.into(), id.to_string().into()]),
            // Whoever asks for it: what is another tenant's is put where that one's is.
            Name::Number(number) => {
                numbers.insert(*number);
            }
        }
    }
    let mut rows: Vec<ApiKeyRow> = find(tables, ids.into_iter(), Intent::Change).await?;
    let numbers = numbers.into_iter().map(Into::into);
    rows.extend(find_in::<ApiKeyRow>(tables, &KEY_BY_NUMBER, numbers, Intent::Change).await?);
    let accounts: BTreeSet<i64> = rows.iter().map(ApiKeyRow::principal_id).collect();
    let accounts: Vec<AccountNameRow> = find(tables, accounts.into_iter().map(Into::into), Intent::Read).await?;
    let accounts: BTreeMap<i64, String> = accounts.into_iter().map(|account| (account.id, account.name)).collect();
    for row in rows {
        let account = accounts.get(&row.principal_id()).map_or("", String::as_str);
        state.put_api_key(row.key(account)?);
    }
    Ok(())
}
