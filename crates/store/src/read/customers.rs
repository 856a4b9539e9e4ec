//! Owns the questions about customers who are people of the tenant's: what they are called, and who is called so.

use std::collections::{BTreeSet, HashMap};

use domain::person::Kind;
use domain::text::CustomerId;
use domain::{PersonId, TenantId};

use crate::rows::{PERSON_BY_ID, PERSON_BY_LOGIN, PersonRow};
use crate::{Error, Store};

impl Store {
    /// What these customers are called, as `kind:name`: one question, however many they are, and none where there is nobody of ours.
    /// Whom the merchant alone knows has no name here, nor has who works for the shop.
    pub async fn customers_named(
        &self,
        tenant: TenantId,
        ids: BTreeSet<CustomerId>,
    ) -> Result<HashMap<CustomerId, String>, Error> {
        let ours = ids.iter().filter(|id| id.as_str().parse::<PersonId>().is_ok());
        let keys: Vec<_> = ours.flat_map(|id| [tenant.0.into(), id.as_str().into()]).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut found: Vec<PersonRow> = self.all(&PERSON_BY_ID, keys).await?;
        found.retain(|row| Kind::from_name(&row.kind).is_some_and(buys));
        let named = |row: PersonRow| (CustomerId::from_stored(&row.public_id), format!("{}:{}", row.kind, row.login));
        Ok(found.into_iter().map(named).collect())
    }

    /// Which customer is called so: a member by their login, or with the kind before it, as in `member:anna`.
    pub async fn customer_called(&self, tenant: TenantId, word: &str) -> Result<Option<CustomerId>, Error> {
        let (kind, login) = word
            .split_once(':')
            .and_then(|(kind, login)| Some((Kind::from_name(kind)?, login)))
            .unwrap_or((Kind::Member, word));
        if !buys(kind) {
            return Ok(None);
        }
        // Logins are kept in lower case: Anna and anna are one.
        let keys = vec![tenant.0.into(), kind.name().into(), login.to_lowercase().into()];
        let found: Option<PersonRow> = self.first(&PERSON_BY_LOGIN, keys).await?;
        Ok(found.map(|row| CustomerId::from_stored(&row.public_id)))
    }
}

/// Whether people of this kind are customers.
const fn buys(kind: Kind) -> bool {
    matches!(kind, Kind::Member | Kind::Guest)
}
