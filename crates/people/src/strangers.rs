//! Owns letting in who is nobody yet: guests, who buy without a name, and those who become members by themselves. Who they
//! become is written by a command; what is here is who may knock, and a guest's session.

use std::net::IpAddr;

use domain::person::{Kind, Status};
use domain::text::TenantName;
use domain::{PersonId, TenantId, tenant};

use crate::login::Arrival;
use crate::sessions::LoggedIn;
use crate::{Denied, People};

impl People {
    /// Counts somebody who comes with no name, and finds the tenant they want into.
    pub async fn knock(&self, name: &str, address: IpAddr) -> Result<TenantId, Denied> {
        self.0.limits.stranger(address).await?;
        let name = TenantName::new(name).map_err(|_| Denied::NoTenant)?;
        let tenant = self.0.store.tenant_named(name.as_str()).await?.ok_or(Denied::NoTenant)?;
        match tenant.status {
            tenant::Status::Active => Ok(tenant.id),
            tenant::Status::Suspended => Err(Denied::Suspended),
            tenant::Status::Prepared => Err(Denied::NoTenant),
        }
    }

    /// Opens a session for a guest who was added just now.
    pub async fn let_guest_in(&self, tenant: TenantId, id: PersonId, arrival: Arrival) -> Result<LoggedIn, Denied> {
        self.run(move |people| async move {
            let person = people.0.store.person(tenant, id).await?;
            let guest = person.filter(|person| person.kind == Kind::Guest && person.status == Status::Active);
            people.open(&guest.ok_or(Denied::Invalid)?, &arrival, false, None).await
        })
        .await
    }
}
