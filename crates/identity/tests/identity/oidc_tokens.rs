//! Tokens that prove nothing, from a provider that gives them: each is refused, and only the right one is taken.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::provider::oidc::Settings;
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::{CLIENT, Liar, Signer, assert_invalid, now, open_id, unsigned};

/// How a token is made of the right key and the right claims.
type Make<'a> = Box<dyn Fn(&Signer, &Value) -> String + 'a>;

/// A change of claims that are right.
type Change = fn(&mut Value);

/// What was wrong with the claims, and the change.
const WRONG_CLAIMS: &[(&str, Change)] = &[
    ("another issuer", |claims| claims["iss"] = json!("https://login.example.test")),
    ("its issuer with a slash", |claims| claims["iss"] = json!(format!("{}/", claims["iss"].as_str().expect("text")))),
    ("no issuer", |claims| remove(claims, "iss")),
    ("for somebody else", |claims| claims["aud"] = json!("another")),
    ("for nobody", |claims| claims["aud"] = json!([])),
    ("for us and others", |claims| claims["aud"] = json!([CLIENT, "another"])),
    ("made for another", |claims| claims["azp"] = json!("another")),
    ("no audience", |claims| remove(claims, "aud")),
    ("expired", |claims| claims["exp"] = json!(now() - 1)),
    ("never expires", |claims| remove(claims, "exp")),
    ("expires at a text", |claims| claims["exp"] = json!("tomorrow")),
    ("made long ago", |claims| claims["iat"] = json!(now() - 3600)),
    ("made tomorrow", |claims| claims["iat"] = json!(now() + 86400)),
    ("made at no time", |claims| remove(claims, "iat")),
    ("made at the end of time", |claims| claims["iat"] = json!(i64::MAX)),
    ("of another login", |claims| claims["nonce"] = json!("another")),
    ("of no login", |claims| remove(claims, "nonce")),
    ("of an empty login", |claims| claims["nonce"] = json!("")),
    ("of another access token", |claims| claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ("nobody", |claims| remove(claims, "sub")),
    ("an empty somebody", |claims| claims["sub"] = json!("")),
    ("somebody with a line break", |claims| claims["sub"] = json!("person\n17")),
    ("somebody with a long name", |claims| claims["sub"] = json!("x".repeat(300))),
    ("a number", |claims| claims["sub"] = json!(17)),
    ("groups that are none", |claims| claims["groups"] = json!({ "staff": true })),
    ("too many groups", |claims| claims["groups"] = json!(vec!["x"; 1001])),
];

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().expect("an object").remove(name);
}

#[tokio::test]
async fn a_token_is_for_one_login_of_one_person_at_one_place() {
    let liar = Liar::start().await;
    let open_id = open_id(liar.settings());
    for (what, change) in WRONG_CLAIMS {
        let login = liar.log_in(&open_id, |nonce| {
            let mut claims = liar.claims(nonce);
            change(&mut claims);
            liar.signer.token(&claims)
        });
        assert_invalid(login.await, what);
        liar.log_in_well(&open_id).await.expect("without the change it is right");
    }
}

#[tokio::test]
async fn what_is_right_is_taken() {
    let liar = Liar::start().await;
    let open_id = open_id(liar.settings());
    let right: &[Change] = &[
        |_| {},
        |claims| claims["aud"] = json!([CLIENT]),
        |claims| claims["azp"] = json!(CLIENT),
        |claims| claims["iat"] = json!(now() - 60),
        |claims| claims["iat"] = json!(now() + 60),
    ];
    for change in right {
        let login = liar.log_in(&open_id, |nonce| {
            let mut claims = liar.claims(nonce);
            change(&mut claims);
            liar.signer.token(&claims)
        });
        let identity = login.await.expect("it is right");
        assert_eq!((identity.subject(), identity.login(), identity.name()), ("person-17", "ada", "Ada"));
        assert_eq!((identity.email(), identity.groups()), (Some("ada@example.test"), &["staff".to_owned()][..]));
    }
    // RFC 6749 section 2.3.1: both are encoded, and no secret stands in the body.
    let asked = liar.asked("/token");
    assert!(asked.iter().all(|body| body.contains("code_verifier=") && !body.contains("client-secret")), "{asked:?}");
}

#[tokio::test]
async fn a_signature_is_made_with_a_key_that_the_provider_shows() {
    let liar = Liar::start().await;
    let open_id = open_id(liar.settings());
    let stranger = Signer::new("first");
    let of = |header: Value| move |signer: &Signer, claims: &Value| signer.token_with(&header, claims);
    let kid = json!("first");
    let with_secret = |secret: Vec<u8>| {
        move |_: &Signer, claims: &Value| {
            let signed = unsigned(&json!({ "alg": "HS256", "kid": "first" }), claims);
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
        }
    };
    let none = |header: Value, end: &'static str| {
        move |_: &Signer, claims: &Value| format!("{}{end}", unsigned(&header, claims))
    };
    let own_key = json!({ "alg": "EdDSA", "kid": kid, "jwk": stranger.public() });
    let own_place = json!({ "alg": "EdDSA", "kid": kid, "jku": format!("{}/other-keys", liar.issuer) });
    liar.say("/other-keys", &json!({ "keys": [stranger.public()] }));
    let stranger_signs = |header: Value| {
        let stranger = &stranger;
        move |_: &Signer, claims: &Value| stranger.token_with(&header, claims)
    };
    let makes: Vec<(&str, Make<'_>)> = vec![
        ("unsigned", Box::new(none(json!({ "alg": "none" }), "."))),
        ("unsigned, in capitals", Box::new(none(json!({ "alg": "None" }), "."))),
        ("unsigned, with something", Box::new(none(json!({ "alg": "none", "kid": kid }), ".AAAA"))),
        ("stripped", Box::new(none(json!({ "alg": "EdDSA", "kid": kid }), "."))),
        ("two parts", Box::new(none(json!({ "alg": "EdDSA", "kid": kid }), ""))),
        ("with the public key as a secret", Box::new(with_secret(liar.signer.public_bytes().to_vec()))),
        ("with the client's secret", Box::new(with_secret(b"client-secret-1".to_vec()))),
        ("with a foreign key", Box::new(stranger_signs(json!({ "alg": "EdDSA", "kid": kid })))),
        ("with a key that it brings", Box::new(stranger_signs(own_key))),
        ("with a key that it points to", Box::new(stranger_signs(own_place))),
        ("as another way", Box::new(of(json!({ "alg": "ES256", "kid": kid })))),
        ("as RSA", Box::new(of(json!({ "alg": "RS256", "kid": kid })))),
        ("as nothing known", Box::new(of(json!({ "alg": "XS1", "kid": kid })))),
        ("with an unknown key", Box::new(of(json!({ "alg": "EdDSA", "kid": "../../first" })))),
        ("with a key of SQL", Box::new(of(json!({ "alg": "EdDSA", "kid": "' or 1=1 --" })))),
        ("with demands", Box::new(of(json!({ "alg": "EdDSA", "kid": kid, "crit": ["exp"] })))),
        ("of another kind", Box::new(of(json!({ "alg": "EdDSA", "kid": kid, "typ": "at+jwt" })))),
        ("one letter changed", Box::new(|signer: &Signer, claims: &Value| changed(&signer.token(claims)))),
        ("other claims under the signature", Box::new(|signer: &Signer, claims: &Value| swapped(signer, claims))),
    ];
    for (what, make) in makes {
        let token = |nonce: &str| make(&liar.signer, &liar.claims(nonce));
        assert_invalid(liar.log_in(&open_id, token).await, what);
        liar.log_in_well(&open_id).await.expect("signed as it should be it is right");
    }
    assert_eq!(liar.asked("/other-keys"), Vec::<String>::new());
}

/// The first letter of the signature is another: the last has bits that mean nothing.
fn changed(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

fn swapped(signer: &Signer, claims: &Value) -> String {
    let mut other = claims.clone();
    other["sub"] = json!("somebody-else");
    let token = signer.token(claims);
    let (_, signature) = token.rsplit_once('.').expect("three parts");
    format!("{}.{signature}", unsigned(&signer.header(), &other))
}

#[tokio::test]
async fn a_new_key_is_asked_for_once_in_a_while() {
    let liar = Liar::start().await;
    let open = open_id(liar.settings());
    liar.log_in_well(&open).await.expect("it is right");
    assert_eq!(liar.asked("/keys").len(), 1);
    let (second, third) = (Signer::new("second"), Signer::new("third"));
    liar.show_keys(&[&liar.signer, &second]);
    let login = liar.log_in(&open, |nonce| second.token(&liar.claims(nonce))).await;
    login.expect("the key is shown since a moment ago");
    assert_eq!(liar.asked("/keys").len(), 2);
    // Whoever signs with unknown keys does not make us ask each time.
    for _ in 0..3 {
        assert_invalid(liar.log_in(&open, |nonce| third.token(&liar.claims(nonce))).await, "it is not shown");
    }
    liar.show_keys(&[&third]);
    assert_invalid(liar.log_in(&open, |nonce| third.token(&liar.claims(nonce))).await, "it is too soon");
    assert_eq!(liar.asked("/keys").len(), 2);
    // The keys that are known serve on.
    liar.log_in(&open, |nonce| second.token(&liar.claims(nonce))).await.expect("it is known");
    let eager = open_id(Settings { keys_again: Duration::ZERO, ..liar.settings() });
    liar.log_in(&eager, |nonce| third.token(&liar.claims(nonce))).await.expect("it is shown");
    liar.show_keys(&[&second]);
    liar.log_in(&eager, |nonce| second.token(&liar.claims(nonce))).await.expect("it is shown");
    assert_invalid(liar.log_in(&eager, |nonce| third.token(&liar.claims(nonce))).await, "it was withdrawn");
}

/// Keys that the library cannot use are passed over, and cannot be used.
#[tokio::test]
async fn odd_keys_let_nobody_in() {
    let liar = Liar::start().await;
    let mut encrypting = liar.signer.public();
    encrypting["use"] = json!("enc");
    let mut short = liar.signer.public();
    short["x"] = json!("AAAA");
    let mut keyless = liar.signer.public();
    keyless.as_object_mut().expect("an object").remove("x");
    let secret = json!({ "kty": "oct", "kid": "first", "k": "AAAA" });
    for keys in [
        json!({ "keys": [] }),
        json!({ "keys": [encrypting] }),
        json!({ "keys": [short] }),
        json!({ "keys": [keyless] }),
        json!({ "keys": [secret] }),
        json!({ "keys": [17, null, "key"] }),
        json!({ "keys": [liar.signer.public(), liar.signer.public()] }),
        json!([]),
        json!({}),
    ] {
        liar.say("/keys", &keys);
        let open_id = open_id(liar.settings());
        assert_invalid(liar.log_in_well(&open_id).await, &keys.to_string());
    }
}
