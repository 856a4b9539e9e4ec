//! Owns what a provider says of itself, and its keys: asked for when first needed, and again in time. It does not know what is
//! signed with them.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, DiscoveryError, IssuerUrl, ProviderMetadata};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::http::{Http, HttpError};
use crate::provider::Refused;

/// What a provider says of itself, OpenID Connect Discovery 1.0 section 3.
pub(super) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What the library does not read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct More {
    /// RFC 9207 section 3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// What is known of a provider for a while.
pub(super) struct Memory {
    metadata_max: Duration,
    keys_again: Duration,
    known: Mutex<Option<Known>>,
}

struct Known {
    metadata: Arc<Metadata>,
    asked: Instant,
    /// When the keys were asked for because one was not known.
    keys_asked: Option<Instant>,
}

impl Memory {
    pub(super) fn new(metadata_max: Duration, keys_again: Duration) -> Self {
        Self { metadata_max, keys_again, known: Mutex::new(None) }
    }

    /// What the provider says of itself. One asks, the others wait for it; nothing of a failure is kept.
    pub(super) async fn metadata(&self, issuer: &IssuerUrl, http: &Http) -> Result<Arc<Metadata>, Refused> {
        let mut known = self.known.lock().await;
        match &*known {
            Some(known) if known.asked.elapsed() < self.metadata_max => return Ok(Arc::clone(&known.metadata)),
            _ => {}
        }
        let metadata = Metadata::discover_async(issuer.clone(), http).await.map_err(refused)?;
        let metadata = Arc::new(metadata);
        let keys_asked = known.as_ref().and_then(|known| known.keys_asked);
        *known = Some(Known { metadata: Arc::clone(&metadata), asked: Instant::now(), keys_asked });
        Ok(metadata)
    }

    /// The same with keys that may be newer, for a key that is not among these; `None` where they were asked for a short
    /// while ago: who signs with unknown keys must not make us ask at each login.
    pub(super) async fn with_new_keys(
        &self,
        old: &Arc<Metadata>,
        http: &Http,
    ) -> Result<Option<Arc<Metadata>>, Refused> {
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else { return Ok(None) };
        if !Arc::ptr_eq(&known.metadata, old) {
            // Somebody else asked meanwhile.
            return Ok(Some(Arc::clone(&known.metadata)));
        }
        if known.keys_asked.is_some_and(|asked| asked.elapsed() < self.keys_again) {
            return Ok(None);
        }
        known.keys_asked = Some(Instant::now());
        let keys = CoreJsonWebKeySet::fetch_async(old.jwks_uri(), http).await.map_err(refused)?;
        known.metadata = Arc::new(Metadata::clone(old).set_jwks(keys));
        Ok(Some(Arc::clone(&known.metadata)))
    }
}

/// The library's texts hold the answer, which is not ours to tell.
fn refused(error: DiscoveryError<HttpError>) -> Refused {
    match error {
        DiscoveryError::Request(error) => error.into(),
        DiscoveryError::Response(status, ..) => {
            Refused::away(format!("what it says of itself, or its keys, come with status {}", status.as_u16()))
        }
        DiscoveryError::Validation(_) => Refused::misconfigured("it says that it is another issuer"),
        DiscoveryError::UrlParse(_) => Refused::misconfigured("its issuer is no address"),
        _ => Refused::invalid("what it says of itself, or its keys, cannot be read"),
    }
}
