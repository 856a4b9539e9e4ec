//! Owns logins by redirection to an OpenID provider: where the browser goes, and what its coming back proves. It keeps
//! nothing of a login between the two, and does not know who may do what.
//!
//! OpenID Connect Core 1.0 with the authorization code flow; PKCE with S256, RFC 7636; the issuer in the answer, RFC 9207.

mod callback;
mod exchange;
mod http;
mod known;
mod person;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};

use super::{Identity, RedirectProvider, Refused, Secret, asked};
use http::Http;
use known::Memory;

pub use callback::{Begun, Callback, Kept};
pub use outbound::{Network, NotANetwork};

/// How a provider is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As the provider writes it, letter by letter; what it says of itself stands below it in
    /// `/.well-known/openid-configuration`. Only `https`, and `http` to this machine.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// How we prove it.
    pub client_secret: ClientProof,
    /// Where a browser comes back to us, as it is registered there.
    pub redirect_url: String,
    /// What is asked for beside `openid`: `profile`, `email`, `groups`.
    pub scopes: Vec<String>,
    /// Where claims name the groups, as a JSON pointer: `/groups`, `/realm_access/roles`.
    pub groups: String,
    /// Where claims are looked for.
    pub claims: Sources,
    /// The authorities that may have signed the provider's certificate, as PEM; without any those of this machine.
    pub authority: Option<Vec<u8>>,
    /// Networks in which what the provider names beside its issuer may be: what is at the issuer's own scheme, host and port
    /// may be in a private network as it is, and all else must be public.
    pub networks: Vec<Network>,
    /// How long `begin` and `finish` may take, each with all its questions.
    pub answer_max: Duration,
    /// How long what it says of itself, and its keys, are believed without asking again.
    pub metadata_max: Duration,
    /// How soon, after the keys were asked for because one was not known, they are asked for again.
    pub keys_again: Duration,
}

/// How we prove who we are, OpenID Connect Core 1.0 section 9.
#[derive(Clone, Debug)]
pub enum ClientProof {
    /// `client_secret_basic`.
    Header(Secret),
    /// `client_secret_post`.
    Body(Secret),
    /// `none`: PKCE alone says that who began is who ends.
    None,
}

/// Where claims are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sources {
    /// In the signed token alone.
    #[default]
    Token,
    /// In the signed token, and what is missing there by one more question.
    TokenAndUserInfo,
}

/// An OpenID provider.
#[derive(Clone)]
pub struct OpenId(Arc<Party>);

/// What we are towards the provider: its relying party.
struct Party {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    is_secret_in_body: bool,
    redirect_url: RedirectUrl,
    settings: Settings,
    http: Http,
    memory: Memory,
}

impl OpenId {
    /// Looks at the settings; the provider is not asked yet, and need not be there.
    pub fn open(settings: Settings) -> Result<Self, Refused> {
        let unfit = |what: &'static str| move |_| Refused::misconfigured(format!("{what} is no address"));
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(unfit("its issuer"))?;
        let redirect_url =
            RedirectUrl::new(settings.redirect_url.clone()).map_err(unfit("our address for its answers"))?;
        if !http::is_private(issuer.url()) {
            return Err(Refused::misconfigured(
                "its issuer is not https, where tokens would travel for others to read",
            ));
        }
        if settings.client_id.is_empty() {
            return Err(Refused::misconfigured("we have no client id there"));
        }
        if !settings.groups.starts_with('/') {
            return Err(Refused::misconfigured("the groups are no JSON pointer, as /groups"));
        }
        let (secret, is_secret_in_body) = match &settings.client_secret {
            ClientProof::Header(secret) => (Some(secret), false),
            ClientProof::Body(secret) => (Some(secret), true),
            ClientProof::None => (None, false),
        };
        if secret.is_some_and(|secret| secret.reveal().is_empty()) {
            return Err(Refused::misconfigured("our client secret there is empty"));
        }
        let http = Http::open(issuer.url(), &settings.networks, settings.authority.as_deref())?;
        Ok(Self(Arc::new(Party {
            issuer,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: secret.map(|secret| ClientSecret::new(secret.reveal().to_owned())),
            is_secret_in_body,
            redirect_url,
            memory: Memory::new(settings.metadata_max, settings.keys_again),
            settings,
            http,
        })))
    }
}

#[async_trait]
impl RedirectProvider for OpenId {
    async fn begin(&self, return_to: &str) -> Result<Begun, Refused> {
        let return_to = callback::own_page(return_to)?;
        let party = Arc::clone(&self.0);
        asked::within(self.0.settings.answer_max, async move { party.begin(return_to).await }).await
    }

    async fn finish(&self, kept: &Kept, callback: &Callback) -> Result<Identity, Refused> {
        let (party, kept, callback) = (Arc::clone(&self.0), kept.clone(), callback.clone());
        asked::within(self.0.settings.answer_max, async move { party.finish(kept, callback).await }).await
    }
}
