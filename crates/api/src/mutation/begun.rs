//! Owns that somebody who was a guest and has logged in keeps what they began: a request that was sent before, and a checkout
//! whose number or one-time token was given to the guest, go on in the guest's name. So a retry across a log-in is no second
//! order.

use domain::OrderNo;

use super::Mutation;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::token::{Binding, Purpose};

impl Mutation {
    /// The request in the name in which it was begun.
    pub(super) async fn resumed(self) -> Result<Self, Problem> {
        let guests = self.caller.as_guests();
        Ok(match self.known_of(&guests).await? {
            Some(guest) => self.by(guest),
            None => self,
        })
    }

    /// An order's request in the name in which its number was issued, or its one-time token given.
    pub(crate) async fn resumed_as_issued(self, order_no: Option<OrderNo>) -> Result<Self, Problem> {
        let guests = self.caller.as_guests();
        if guests.is_empty() {
            return Ok(self);
        }
        if let Some(guest) = guests.iter().find(|guest| self.has_token_of(guest)) {
            return Ok(self.by(guest.clone()));
        }
        // What has no key is known by what it asks for.
        if let Some(guest) = self.known_of(&guests).await? {
            return Ok(self.by(guest));
        }
        let Some(order_no) = order_no else { return Ok(self) };
        let tenant = self.caller.tenant;
        let issued_to = self.api.ask(|store| async move { store.order_number_of(tenant, order_no).await }).await?;
        Ok(match guests.into_iter().find(|guest| issued_to == Some(guest.principal)) {
            Some(guest) => self.by(guest),
            None => self,
        })
    }

    /// The first of these of whom a name of the request is known.
    async fn known_of(&self, guests: &[Caller]) -> Result<Option<Caller>, Problem> {
        if guests.is_empty() {
            return Ok(None);
        }
        let principals: Vec<_> = guests.iter().map(|guest| guest.principal).collect();
        Ok(self.known_among(&principals).await?.map(|place| guests[place].clone()))
    }

    fn has_token_of(&self, guest: &Caller) -> bool {
        let Some(token) = &self.one_time_token else { return false };
        guest.customers().first().is_some_and(|customer| {
            let (tenant, principal) = (guest.tenant, guest.principal);
            let subject = customer.as_str();
            let binding = Binding { tenant, principal, purpose: Purpose::Order, subject, content: &self.body };
            self.api.mint().open(token, &binding).is_some()
        })
    }
}
