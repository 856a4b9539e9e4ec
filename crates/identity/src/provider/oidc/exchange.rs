//! Owns the two halves of a login by redirection: the address at which it begins, and the code that is exchanged when the
//! browser is back. It does not know what makes a token valid.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AuthType, AuthenticationFlow, AuthorizationCode, Client, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenFields, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse as _, UserInfoClaims, UserInfoError,
};

use super::callback::{Begun, Callback, Kept};
use super::http::{self, HttpError};
use super::known::Metadata;
use super::person::{self, Extra};
use super::{Party, Sources, verify};
use crate::provider::{Identity, Refused};

/// The token that says who somebody is.
pub(super) type Token = IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Answer = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Asker = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
/// What the provider says of somebody beside the token.
pub(super) type Told = UserInfoClaims<Extra, CoreGenderClaim>;

impl Party {
    /// Says where the browser goes.
    pub(super) async fn begin(&self, return_to: String) -> Result<Begun, Refused> {
        let metadata = self.memory.metadata(&self.issuer, &self.http).await?;
        // What the browser brings back along this way is a code; PKCE makes it worthless to others.
        if !http::is_private(metadata.authorization_endpoint().url()) {
            return Err(Refused::invalid("its page for logins is not https"));
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let client = self.client(&metadata);
        let mut request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let kept = Kept {
            issuer: self.issuer.to_string(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            return_to,
        };
        Ok(Begun { url: url.into(), kept })
    }

    /// Takes what the browser came back with.
    pub(super) async fn finish(&self, kept: Kept, callback: Callback) -> Result<Identity, Refused> {
        let metadata = self.memory.metadata(&self.issuer, &self.http).await?;
        let must_name_issuer = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        let code = callback.code(&kept, &self.issuer, must_name_issuer)?;
        let answer = self.exchange(&metadata, code, kept.verifier).await?;
        let token = answer.id_token().ok_or_else(|| Refused::invalid("it gives no token of somebody"))?;
        let nonce = Nonce::new(kept.nonce);
        let claims = self.verified(metadata.clone(), token, (&nonce, answer.access_token())).await?;
        let told = match self.settings.claims {
            Sources::Token => None,
            Sources::TokenAndUserInfo => Some(self.told(&metadata, answer.access_token(), claims.subject()).await?),
        };
        person::claims(claims, told.as_ref(), &self.settings.groups)?.try_into()
    }

    async fn exchange(&self, metadata: &Metadata, code: String, verifier: String) -> Result<Answer, Refused> {
        let client = self.client(metadata);
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| Refused::invalid("it names no place for codes"))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&self.http).await;
        answer.map_err(refused)
    }

    /// The claims of a token, by keys that are asked for anew where one is not among them.
    async fn verified<'t>(
        &self,
        metadata: Arc<Metadata>,
        token: &'t Token,
        of: (&Nonce, &AccessToken),
    ) -> Result<&'t verify::TokenClaims, Refused> {
        match verify::claims(&metadata, &self.client_id, token, of) {
            Err(verify::Flaw::KeyUnknown) => {
                let newer = self.memory.with_new_keys(&metadata, &self.http).await?;
                let metadata = newer.ok_or(verify::Flaw::KeyUnknown)?;
                Ok(verify::claims(&metadata, &self.client_id, token, of)?)
            }
            verified => Ok(verified?),
        }
    }

    /// What it says of the same subject, asked with the token for that.
    async fn told(
        &self,
        metadata: &Metadata,
        token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Told, Refused> {
        // The library panics where it is no text of a header.
        if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refused::invalid("its access token cannot be sent"));
        }
        let client = self.client(metadata);
        let request = client.user_info(token.clone(), Some(subject.clone()));
        let request =
            request.map_err(|_| Refused::misconfigured("it has no user info, and the setting asks for it"))?;
        request.request_async(&self.http).await.map_err(|error| match error {
            UserInfoError::Request(error) => error.into(),
            UserInfoError::ClaimsVerification(_) => Refused::invalid("its user info is of somebody else"),
            _ => Refused::invalid("its user info cannot be read"),
        })
    }

    fn client(&self, metadata: &Metadata) -> Asker {
        let secret = self.client_secret.clone();
        let client = Asker::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret);
        let client = client.set_redirect_uri(self.redirect_url.clone());
        if self.is_secret_in_body { client.set_auth_type(AuthType::RequestBody) } else { client }
    }
}

/// RFC 6749 section 5.2. The library's texts hold the answer, which is not ours to tell.
fn refused(error: RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>) -> Refused {
    match error {
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => Refused::invalid("it does not know the code, or no longer"),
            CoreErrorResponseType::InvalidClient
            | CoreErrorResponseType::UnauthorizedClient
            | CoreErrorResponseType::UnsupportedGrantType => {
                Refused::misconfigured("it does not know us by our id and secret")
            }
            _ => Refused::misconfigured("it does not take a code from us as we are registered there"),
        },
        _ => Refused::invalid("its answer to a code cannot be read"),
    }
}
