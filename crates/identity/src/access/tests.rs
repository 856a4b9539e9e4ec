//! What a ring signs and believes. Tokens that must not be believed are made by hand here, member by member.

mod corpus;
mod time;

use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::opaque::encoded;

/// A key that signs since the beginning of time, and is not retired.
pub(super) const TIMES: Times = Times { made_at_ms: 0, signs_from_ms: 0, verifies_until_ms: None };

const NOW_S: i64 = 1_800_000_000;
const NOW_MS: i64 = NOW_S * 1000;
const ISSUER: &str = "https://shop.example";
const AUDIENCE: &str = "mideng";

/// The key pair of RFC 8037, appendix A.1: as PKCS#8 (RFC 8410 7, with the public key), and the public key.
pub(super) fn rfc_8037() -> (Vec<u8>, [u8; 32]) {
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let private = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let public = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let pkcs8 = [bytes("3053020101300506032b657004220420"), private, bytes("a123032100"), public.clone()].concat();
    (pkcs8, public.try_into().unwrap())
}

fn key() -> SigningKey {
    let (pkcs8, _) = rfc_8037();
    SigningKey::restore("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", &pkcs8, TIMES).unwrap()
}

fn ring(keys: Vec<SigningKey>) -> Ring {
    Ring::new(ISSUER, AUDIENCE, keys)
}

fn claims() -> Claims {
    Claims {
        subject: "usr_1".to_owned(),
        tenant: "ten_1".to_owned(),
        session: "ses_1".to_owned(),
        token_id: new_token_id(),
        issued_at_s: NOW_S,
        not_before_s: NOW_S,
        expires_at_s: NOW_S + 600,
        authenticated_at_s: NOW_S - 60,
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
    }
}

fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": key().kid() })
}

fn payload() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "usr_1", "tenant": "ten_1", "sid": "ses_1", "jti": "jti_1",
        "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 600, "auth_time": NOW_S - 60, "amr": ["pwd"],
    })
}

/// A token of these texts, with our own good signature.
fn signed(header: &str, payload: &str) -> String {
    signed_by(&key(), header, payload)
}

fn signed_by(key: &SigningKey, header: &str, payload: &str) -> String {
    crypto::install();
    let message = format!("{}.{}", encoded(header.as_bytes()), encoded(payload.as_bytes()));
    let signature = sign(message.as_bytes(), &EncodingKey::from_ed_der(key.pkcs8()), Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn with(mut object: Value, name: &str, value: Value) -> String {
    object[name] = value;
    object.to_string()
}

/// That the forge is right is shown here: all that is refused elsewhere differs from this in the one point it names.
#[test]
fn a_token_made_by_hand_is_believed() {
    let ring = ring(vec![key()]);
    let claims = ring.read(&signed(&header().to_string(), &payload().to_string()), NOW_MS, 0).unwrap();
    assert_eq!((claims.subject.as_str(), claims.token_id.as_str()), ("usr_1", "jti_1"));
    // What is not known is passed over.
    let token = signed(&header().to_string(), &with(payload(), "scope", json!(["all"])));
    assert!(ring.read(&token, NOW_MS, 0).is_ok());
}

#[test]
fn what_is_signed_is_read() {
    let ring = ring(vec![key()]);
    let claims = claims();
    let token = ring.sign(&claims).unwrap();
    assert_eq!(ring.read(&token, NOW_MS, 0), Ok(claims));
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(serde_json::to_value(header).unwrap(), self::header());
    assert_ne!(new_token_id(), new_token_id());
    assert_eq!(new_token_id().len(), 22);
}

#[test]
fn the_newest_key_signs_and_each_verifies_until_it_is_retired() {
    let at = |signs_from_ms, verifies_until_ms| {
        SigningKey::generate(Times { made_at_ms: 0, signs_from_ms, verifies_until_ms })
    };
    let old = at(1_000, None);
    let new = at(NOW_MS - 1_000, None);
    let next = at(NOW_MS + 60_000, None);
    let kid =
        |ring: &Ring, claims: &Claims| jsonwebtoken::decode_header(ring.sign(claims).unwrap()).unwrap().kid.unwrap();
    let now = claims();
    let later = Claims { issued_at_s: NOW_S + 60, ..now.clone() };
    for keys in [vec![old.clone(), new.clone(), next.clone()], vec![next.clone(), new.clone(), old.clone()]] {
        let ring = ring(keys);
        assert_eq!(kid(&ring, &now), new.kid());
        assert_eq!(kid(&ring, &later), next.kid(), "from that moment on");
    }

    // The old one is retired as soon as its last token is over.
    let token = ring(vec![old.clone()]).sign(&now).unwrap();
    let until_ms = (NOW_S + 600) * 1000;
    let retiring = old.clone().at(Times { verifies_until_ms: Some(until_ms), ..old.times() });
    let ring = ring(vec![retiring, new.clone()]);
    assert!(ring.read(&token, NOW_MS, 0).is_ok());
    assert!(ring.read(&token, until_ms - 1, 5).is_ok());
    assert_eq!(ring.read(&token, until_ms, 5), Err(Refused::Invalid), "within the leeway, but retired");
    assert!(ring.jwks(until_ms - 1).contains(old.kid()) && !ring.jwks(until_ms).contains(old.kid()));

    // A node whose clock is ahead signs with a key that does not sign here yet.
    let token = self::ring(vec![next.clone()]).sign(&Claims { issued_at_s: NOW_S + 61, ..now }).unwrap();
    let ring = self::ring(vec![new, next]);
    assert!(ring.read(&token, NOW_MS + 58_000, 5).is_ok());
}

#[test]
fn without_a_key_that_lasts_nothing_is_signed() {
    let at = |times| ring(vec![key().at(times)]).sign(&claims()).map(|_| ());
    assert_eq!(ring(Vec::new()).sign(&claims()), Err(NotSigned::NoKey));
    assert_eq!(at(Times { signs_from_ms: NOW_MS + 1, ..TIMES }), Err(NotSigned::NoKey));
    let until_ms = (NOW_S + 600) * 1000;
    assert_eq!(at(Times { verifies_until_ms: Some(until_ms - 1), ..TIMES }), Err(NotSigned::NoKey));
    assert_eq!(at(Times { verifies_until_ms: Some(until_ms), ..TIMES }), Ok(()));
}

#[test]
fn a_token_has_an_end() {
    let ring = ring(vec![key()]);
    let long = |length| Claims { subject: "s".repeat(length), ..claims() };
    assert_eq!(ring.sign(&long(TOKEN_BYTES_MAX)), Err(NotSigned::TooLong));
    let token = ring.sign(&long(2_400)).unwrap();
    assert!(ring.read(&token, NOW_MS, 0).is_ok());
    // Signed by us, and still too long.
    let token = signed(&header().to_string(), &with(payload(), "sub", json!("s".repeat(3_000))));
    assert!(token.len() > TOKEN_BYTES_MAX);
    assert_eq!(ring.read(&token, NOW_MS, 0), Err(Refused::Invalid));
    assert_eq!(ring.read(&"a.".repeat(1 << 20), NOW_MS, 0), Err(Refused::Invalid));
}

#[test]
fn public_keys_are_published_and_private_ones_are_not() {
    let shown = ring(vec![key()]).jwks(NOW_MS);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let expected = json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }] });
    assert_eq!(shown, expected);
}

proptest! {
    #[test]
    fn any_text_is_refused(text in any::<String>()) {
        prop_assert_eq!(ring(vec![key()]).read(&text, NOW_MS, 5), Err(Refused::Invalid));
    }

    #[test]
    fn any_text_of_that_form_is_refused(text in "[A-Za-z0-9_-]{0,90}\\.[A-Za-z0-9_-]{0,90}\\.[A-Za-z0-9_-]{0,90}") {
        prop_assert_eq!(ring(vec![key()]).read(&text, NOW_MS, 5), Err(Refused::Invalid));
    }

    #[test]
    fn any_header_and_claims_are_refused_without_a_panic(header in any::<String>(), payload in any::<String>()) {
        prop_assert_eq!(ring(vec![key()]).read(&signed(&header, &payload), NOW_MS, 5), Err(Refused::Invalid));
    }

    #[test]
    fn one_changed_byte_is_refused(at in any::<proptest::sample::Index>(), byte in 0..=127_u8) {
        let token = signed(&header().to_string(), &payload().to_string());
        let mut changed = token.into_bytes();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(ring(vec![key()]).read(&changed, NOW_MS, 5), Err(Refused::Invalid));
    }

    #[test]
    fn any_moment_is_answered(now_ms in any::<i64>(), expires_at_s in any::<i64>(), leeway_s in any::<i64>()) {
        let token = signed(&header().to_string(), &with(payload(), "exp", json!(expires_at_s)));
        let _ = ring(vec![key()]).read(&token, now_ms, leeway_s);
        let _ = ring(vec![key()]).sign(&Claims { expires_at_s, issued_at_s: now_ms, ..claims() });
    }
}
