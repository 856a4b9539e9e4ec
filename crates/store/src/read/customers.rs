//! Owns the questions about customers who are people of the tenant's: what they are called, and who is called so.

use std::collections::{BTreeSet, HashMap};

use domain::TenantId;
use domain::person::Kind;
use domain::text::CustomerId;

use crate::rows::{PERSON_BY_ID, PERSON_BY_LOGIN, PersonRow};
use crate::{Error, Store};

impl Store {
    /// What these customers are called, as `kind:name`: one question, however many they are. Whom the merchant alone knows has no
    /// name here.
    pub async fn customers_named(
        &self,
        tenant: TenantId,
        ids: BTreeSet<CustomerId>,
    ) -> Result<HashMap<CustomerId, String>, Error> {
        let keys = ids.iter().flat_map(|id| [tenant.0.into(), id.as_str().into()]).collect();
        let found: Vec<PersonRow> = self.all(&PERSON_BY_ID, keys).await?;
        let named = |row: PersonRow| (CustomerId::from_stored(&row.public_id), format!("{}:{}", row.kind, row.login));
        Ok(found.into_iter().map(named).collect())
    }

    /// Who is called so: a member by their login, or anybody with the kind before it, as in `member:anna`.
    pub async fn customer_called(&self, tenant: TenantId, word: &str) -> Result<Option<CustomerId>, Error> {
        let (kind, login) = word
            .split_once(':')
            .and_then(|(kind, login)| Some((Kind::from_name(kind)?, login)))
            .unwrap_or((Kind::Member, word));
        // Logins are kept in lower case: Anna and anna are one.
        let keys = vec![tenant.0.into(), kind.name().into(), login.to_lowercase().into()];
        let found: Option<PersonRow> = self.first(&PERSON_BY_LOGIN, keys).await?;
        Ok(found.map(|row| CustomerId::from_stored(&row.public_id)))
    }
}
