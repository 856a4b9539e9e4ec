//! Owns what makes a token of a provider's valid for one login. It does not know how the token came, or what is done with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openidconnect::core::{CoreGenderClaim, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenClaims, IdTokenVerifier, Nonce,
    SignatureVerificationError,
};

use super::exchange::Token;
use super::known::Metadata;
use super::person::Extra;
use crate::provider::Refused;

/// What a verified token says.
pub(super) type TokenClaims = IdTokenClaims<Extra, CoreGenderClaim>;

/// What may have signed. No secret that both sides know is among it: whoever has that of ours could sign for anybody.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How far apart the clocks may be. A token that was made long ago or is yet to be made is not of this login.
const AGE_MAX: Duration = Duration::from_mins(10);

/// Why a token is not valid.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The key may be newer than those that are known.
    KeyUnknown,
    /// It is not.
    Other(&'static str),
}

impl From<Flaw> for Refused {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::KeyUnknown => Self::invalid("the token is signed with a key that the provider does not name"),
            Flaw::Other(why) => Self::invalid(why),
        }
    }
}

/// OpenID Connect Core 1.0, section 3.1.3.7, and 3.1.3.8 where the token names the access token it came with.
pub(super) fn claims<'t>(
    metadata: &Metadata,
    client_id: &ClientId,
    token: &'t Token,
    (nonce, access_token): (&Nonce, &AccessToken),
) -> Result<&'t TokenClaims, Flaw> {
    // As a client without a secret: then the library takes no signature made with one, whatever is allowed.
    let keys = metadata.jwks().clone();
    let verifier = IdTokenVerifier::new_public_client(client_id.clone(), metadata.issuer().clone(), keys)
        .set_allowed_algs(ALGORITHMS)
        .set_issue_time_verifier_fn(|made| {
            let age = now().saturating_sub(made.timestamp()).unsigned_abs();
            if age > AGE_MAX.as_secs() { Err("not of now".to_owned()) } else { Ok(()) }
        });
    let claims = token.claims(&verifier, nonce).map_err(|error| flaw(&error))?;
    // For whom it was made, where several may read it. The library leaves this to us.
    if claims.authorized_party().is_some_and(|party| party != client_id) {
        return Err(Flaw::Other("the token was made for another client"));
    }
    if let Some(expected) = claims.access_token_hash()
        && access_token_hash(token, &verifier, access_token).as_ref() != Some(expected)
    {
        return Err(Flaw::Other("the token came with another access token"));
    }
    Ok(claims)
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a token says when it was made, and is judged as it comes in")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn access_token_hash(
    token: &Token,
    verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    access_token: &AccessToken,
) -> Option<AccessTokenHash> {
    let (algorithm, key) = (token.signing_alg().ok()?, token.signing_key(verifier).ok()?);
    AccessTokenHash::from_token(access_token, algorithm, key).ok()
}

/// The library's texts hold words of the token, which anybody may have written.
fn flaw(error: &ClaimsVerificationError) -> Flaw {
    use SignatureVerificationError as Signature;
    Flaw::Other(match error {
        ClaimsVerificationError::SignatureVerification(Signature::NoMatchingKey) => return Flaw::KeyUnknown,
        ClaimsVerificationError::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) | Signature::NoSignature,
        ) => "the token is signed in a way that is not taken",
        ClaimsVerificationError::SignatureVerification(_) => "the token's signature is wrong",
        ClaimsVerificationError::Expired(_) => "the token is not of now",
        ClaimsVerificationError::InvalidAudience(_) => "the token is for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "the token is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "the token is of another login",
        _ => "the token is not one of somebody",
    })
}
