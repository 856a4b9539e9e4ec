//! Owns in whose name the server itself acts in a tenant: an account like any other, made when it is first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{PrincipalId, TenantId, Timestamp};

use crate::{Account, Error, Store};

/// The server's own accounts. Clones share what they know.
#[derive(Clone)]
pub struct Actors {
    store: Store,
    known: Arc<Mutex<HashMap<TenantId, PrincipalId>>>,
    stamp: fn() -> (String, Timestamp),
}

impl Actors {
    /// Over a store. `stamp` makes a new account's public id and tells the time.
    pub fn new(store: &Store, stamp: fn() -> (String, Timestamp)) -> Self {
        Self { store: store.clone(), known: Arc::default(), stamp }
    }

    /// The server's account in a tenant.
    pub async fn of(&self, tenant: TenantId) -> Result<PrincipalId, Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied();
        if let Some(principal) = known {
            return Ok(principal);
        }
        let (public_id, now) = (self.stamp)();
        let account = Account { tenant, kind: "system", name: "mideng", public_id: &public_id };
        let principal = self.store.account(&account, now).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, principal);
        Ok(principal)
    }
}
