//! Owns how a request came in, as it is kept beside its answer. Nothing is decided by it.

use std::sync::Arc;

/// See the module. What the server made for its own work has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Method and route, as `POST /api/v1/orders`.
    pub request: Option<Arc<str>>,
    /// The client's address, where it is known; of IPv6 45 characters at most.
    pub from: Option<Arc<str>>,
}
