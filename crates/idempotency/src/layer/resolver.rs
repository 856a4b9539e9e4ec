//! Owns how a doubt is ended with proof, by whoever knows where the effect would stand.

use std::sync::Arc;

use async_trait::async_trait;

use crate::protocol::{Doubt, Name};
use crate::{Answer, derive_named};

/// Asks what became of a request whose executor is gone: a provider, under the number that it was asked under, or a table.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// What became of it. [`Resolution::NotExecuted`] is only said where it can not be executed any more either: a
    /// request that is still on its way to a provider is [`Resolution::StillUnknown`].
    ///
    /// That a provider does not know a number proves nothing once it may have forgotten it. A doubt has no end, so keep the
    /// time at which the effect was begun where the resolver finds it, and say `StillUnknown` of what is older than the
    /// provider's memory.
    async fn resolve(&self, doubt: &Doubt, numbers: &Numbers) -> Resolution;
}

/// What a resolver found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It was executed; this is its answer.
    Executed(Answer),
    /// It was not executed: whoever asked is executed now.
    NotExecuted,
    /// Nobody can say yet.
    StillUnknown,
}

/// Numbers that a request asks others under: the same whenever it is sent, and on a database put back from a backup.
#[derive(Clone)]
pub struct Numbers {
    installation: Arc<[u8]>,
    name: Name,
}

impl Numbers {
    pub(super) fn new(installation: &Arc<[u8]>, name: &Name) -> Self {
        Self { installation: Arc::clone(installation), name: name.clone() }
    }

    /// 128 bits for one purpose, as 32 hexadecimal characters: a provider's idempotency key.
    pub fn derive(&self, purpose: &str) -> String {
        let number = derive_named(&self.installation, purpose, self.name.scope(), self.name.key());
        format!("{number:032x}")
    }
}
