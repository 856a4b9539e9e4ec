//! Owns how a token is written: the members of its header and of its claims. It does not know who signs.

use jsonwebtoken::{Algorithm, Header};
use serde::{Deserialize, Serialize};

use super::Claims;
use crate::opaque;

/// RFC 9068, 2.1: no token of another kind is taken for an access token (RFC 8725, 3.11; ASVS 9.2.2).
const TYPE: &str = "at+jwt";

/// All claims are required, each is there once, and each has one form: `aud` is one text, and moments are whole seconds.
/// Claims that are not known are passed over, as RFC 7519 (4) wants it, so that a newer node may write them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wire {
    iss: String,
    aud: String,
    sub: String,
    tenant: String,
    sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    auth_time: i64,
    amr: Vec<String>,
}

impl Wire {
    pub(super) fn new(issuer: &str, audience: &str, claims: &Claims) -> Self {
        let claims = claims.clone();
        Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: claims.subject,
            tenant: claims.tenant,
            sid: claims.session,
            jti: claims.token_id,
            iat: claims.issued_at_s,
            nbf: claims.not_before_s,
            exp: claims.expires_at_s,
            auth_time: claims.authenticated_at_s,
            amr: claims.amr,
        }
    }

    pub(super) fn claims(self) -> Claims {
        Claims {
            subject: self.sub,
            tenant: self.tenant,
            session: self.sid,
            token_id: self.jti,
            issued_at_s: self.iat,
            not_before_s: self.nbf,
            expires_at_s: self.exp,
            authenticated_at_s: self.auth_time,
            amr: self.amr,
        }
    }
}

/// The header of a token that this key signs: `typ`, `alg`, `kid`.
pub(super) fn header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// The members of a header, each there once and each a text. The library reads more than we write: members that are
/// `null`, an algorithm as an object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    typ: String,
    alg: String,
    kid: String,
}

/// The key that a token's header names, if the header has what we write and no more: nothing in it may bring a key, a
/// certificate, or an address of one, and nothing may ask to be understood (RFC 8725, 3.10; ASVS 9.1.3).
pub(super) fn kid(token: &str) -> Option<String> {
    let (header, _) = token.split_once('.')?;
    let head: Head = serde_json::from_slice(&opaque::decoded(header)?).ok()?;
    (head.typ == TYPE && head.alg == "EdDSA").then_some(head.kid)
}
