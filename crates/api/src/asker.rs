//! Owns where a request comes from and what it is called, as what people do is counted and written down by it.

use std::convert::Infallible;

use axum::extract::{Extension, FromRequestParts};
use http::request::Parts;
use people::Origin;

use crate::request_id::RequestId;
use crate::state::Peer;

/// Whoever asks.
pub(crate) struct Asker(pub(crate) Origin);

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = Peer::address(parts.extensions.get().copied().map(Extension));
        let request_id = parts.extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        Ok(Self(Origin { address, request_id }))
    }
}
