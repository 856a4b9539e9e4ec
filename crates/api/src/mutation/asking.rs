//! Owns who asks for a refund, or decides on one, as others name them, and what they may ask for alone.

use domain::Asking;
use domain::text::ActorId;

use super::Mutation;
use crate::problem::Problem;

impl Mutation {
    /// Who sent the request, as others name them: a person by their session, an API key by its account.
    pub(crate) async fn actor(&self) -> Result<ActorId, Problem> {
        self.caller.actor(&self.api).await
    }

    /// The same, with what the shop lets them give back alone, as it was read a moment ago.
    pub(crate) async fn asking(&self) -> Result<Asking, Problem> {
        Ok(Asking { by: self.actor().await?, limits: self.api.refund_limits(self.caller.tenant).await? })
    }
}
