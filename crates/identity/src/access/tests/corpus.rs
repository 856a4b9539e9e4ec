//! Tokens that somebody made to be believed (ASVS 9.1.1 to 9.1.3, 9.2.1 to 9.2.4; RFC 8725), each by its name. None is.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;

type Named = (String, String);

#[test]
fn none_is_believed() {
    let ring = ring(vec![key(), retired()]);
    let all = [algorithms(), kids(), headers(), shapes(), signatures(), payloads(), claims_changed()].concat();
    let mut believed = Vec::new();
    for (name, token) in &all {
        let read = ring.read(token, NOW_MS, 5);
        if read != Err(Refused::Invalid) {
            believed.push(format!("{name}: {read:?}"));
        }
    }
    assert!(all.len() > 150, "{} tokens", all.len());
    assert!(believed.is_empty(), "{believed:#?}");
}

fn named(name: impl Into<String>, token: impl Into<String>) -> Named {
    (name.into(), token.into())
}

fn good() -> String {
    signed(&header().to_string(), &payload().to_string())
}

/// Retired yesterday, with the private key still at hand.
fn retired() -> SigningKey {
    let (mut pkcs8, _) = rfc_8037();
    // RFC 8032, 7.1, test 2.
    let hexadecimal = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    for (at, byte) in pkcs8[16..48].iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hexadecimal[2 * at..2 * at + 2], 16).unwrap();
    }
    let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    for (at, byte) in pkcs8[53..].iter_mut().enumerate() {
        *byte = u8::from_str_radix(&public[2 * at..2 * at + 2], 16).unwrap();
    }
    let times = Times { verifies_until_ms: Some(NOW_MS), ..TIMES };
    SigningKey::of(&pkcs8, times).unwrap()
}

/// One whose base64 has a letter that is written in another way outside of addresses.
fn good_with_both_letters() -> String {
    let tokens = (0..).map(|at| signed(&header().to_string(), &with(payload(), "jti", json!(at))));
    tokens.into_iter().find(|token| token.contains('-') && token.contains('_')).unwrap()
}

fn algorithms() -> Vec<Named> {
    let payload = encoded(payload().to_string().as_bytes());
    let mut all = Vec::new();
    let others = [
        "none", "None", "NONE", "nOnE", "", " ", "eddsa", "EDDSA", "EdDSA ", "Ed25519", "Ed448", "HS256", "HS384",
        "HS512", "RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "ES256K", "dir", "RSA-OAEP",
    ];
    for other in others {
        let header = with(header(), "alg", json!(other));
        all.push(named(format!("alg {other:?}, our signature"), signed(&header, &self::payload().to_string())));
        let head = encoded(header.as_bytes());
        all.push(named(format!("alg {other:?}, no signature"), format!("{head}.{payload}.")));
    }
    for other in [json!(null), json!(1), json!(["EdDSA"]), json!({ "EdDSA": null })] {
        let header = with(header(), "alg", other.clone());
        all.push(named(format!("alg {other}"), signed(&header, &self::payload().to_string())));
    }
    let (_, public) = rfc_8037();
    let jwk = key().jwk().to_string();
    let secrets: [(&str, &[u8]); 4] = [
        ("the public key", &public),
        ("the public key's text", b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        ("the JWK", jwk.as_bytes()),
        ("nothing", b""),
    ];
    for (name, secret) in secrets {
        let head = encoded(with(header(), "alg", json!("HS256")).as_bytes());
        let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(format!("{head}.{payload}"));
        let mac = encoded(&mac.finalize().into_bytes());
        all.push(named(format!("HS256 with {name} as the secret"), format!("{head}.{payload}.{mac}")));
    }
    all
}

fn kids() -> Vec<Named> {
    let stranger = SigningKey::generate(TIMES);
    let payload = payload().to_string();
    let long = "k".repeat(2_000);
    let padded = format!("{} ", key().kid());
    let upper = key().kid().to_uppercase();
    let texts = [
        stranger.kid(),
        "../../etc/passwd",
        "' or 1=1--",
        "",
        " ",
        "*",
        "%",
        "0",
        "null",
        "\0",
        "k\u{e9}y",
        &long,
        &padded,
        &upper,
        "https://attacker.example/key",
        "${jndi:ldap://attacker.example}",
    ];
    let others = [json!(null), json!(0), json!(true), json!([key().kid()]), json!({ "kid": key().kid() })];
    let mut all = Vec::new();
    for kid in texts.iter().map(|text| json!(text)).chain(others) {
        let header = with(header(), "kid", kid.clone());
        all.push(named(format!("kid {kid}, our signature"), signed(&header, &payload)));
        all.push(named(format!("kid {kid}, a stranger's signature"), signed_by(&stranger, &header, &payload)));
    }
    let mut without = header();
    without.as_object_mut().unwrap().remove("kid");
    all.push(named("no kid", signed(&without.to_string(), &payload)));
    all.push(named("our kid, a stranger's signature", signed_by(&stranger, &header().to_string(), &payload)));
    let header = with(header(), "kid", json!(retired().kid()));
    all.push(named("a retired key", signed_by(&retired(), &header, &payload)));
    all.push(named("a retired key's kid, our signature", signed(&header, &payload)));
    all
}

fn headers() -> Vec<Named> {
    let stranger = SigningKey::generate(TIMES);
    let payload = payload().to_string();
    let members = [
        ("jwk", stranger.jwk()),
        ("jwk", key().jwk()),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("cty", json!("JWT")),
        ("url", json!("https://attacker.example")),
        ("nonce", json!("n")),
        ("iss", json!(ISSUER)),
        ("x", json!("unknown")),
        ("jwk", json!(null)),
        ("crit", json!(null)),
        ("zip", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("jwt")),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!("refresh")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("")),
        ("typ", json!(null)),
        ("typ", json!(1)),
    ];
    let mut all = Vec::new();
    for (name, value) in members {
        let header = with(header(), name, value.clone());
        all.push(named(format!("{name} {value}, our signature"), signed(&header, &payload)));
        all.push(named(format!("{name} {value}, a stranger's"), signed_by(&stranger, &header, &payload)));
    }
    let kid = key().kid().to_owned();
    let texts = [
        format!(r#"{{"typ":"at+jwt","alg":"none","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"JWT","typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"x","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}} "x""#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","kid":"{kid}"}}"#),
        format!("\u{feff}{}", header()),
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        format!("[{}]", header()),
        json!(["at+jwt", "EdDSA", kid]).to_string(),
        "[".repeat(1_000),
    ];
    all.extend(texts.iter().map(|text| named(format!("header {text}"), signed(text, &payload))));
    all
}

/// What is written around the three parts, and in them.
fn shapes() -> Vec<Named> {
    let token = good();
    let [head, body, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let all = [
        ("nothing", String::new()),
        ("one dot", ".".to_owned()),
        ("two dots", "..".to_owned()),
        ("three dots", "...".to_owned()),
        ("one part", head.to_owned()),
        ("two parts", format!("{head}.{body}")),
        ("stripped signature", format!("{head}.{body}.")),
        ("no header", format!(".{body}.{signature}")),
        ("no payload", format!("{head}..{signature}")),
        ("only a signature", format!("..{signature}")),
        ("four parts", format!("{token}.{signature}")),
        ("a part before", format!("{head}.{token}")),
        ("five parts", format!("{head}.{body}.{signature}.{body}.{signature}")),
        ("a dot at the end", format!("{token}.")),
        ("a dot at the beginning", format!(".{token}")),
        ("a full-width dot", token.replace('.', "\u{ff0e}")),
        ("one full-width dot", token.replacen('.', "\u{ff0e}", 1)),
        ("a letter of another script", token.replacen('e', "\u{435}", 1)),
        ("a zero-width blank", format!("{token}\u{200b}")),
        ("a byte-order mark", format!("\u{feff}{token}")),
        ("padding in the header", format!("{head}=.{body}.{signature}")),
        ("padding in the payload", format!("{head}.{body}=.{signature}")),
        ("padding in the signature", format!("{head}.{body}.{signature}==")),
        ("a blank before", format!(" {token}")),
        ("a blank after", format!("{token} ")),
        ("a blank within", format!("{head}. {body}.{signature}")),
        ("a line's end", format!("{token}\n")),
        ("a line's end within", format!("{head}.{body}\r\n.{signature}")),
        ("a NUL", format!("{token}\0")),
        ("Bearer", format!("Bearer {token}")),
        ("quotes", format!("\"{token}\"")),
        ("two tokens", format!("{token},{token}")),
        ("base64 that is not for addresses", good_with_both_letters().replace('-', "+").replace('_', "/")),
        ("percent-encoded", token.replace('.', "%2E")),
        ("JWS as JSON", json!({ "protected": head, "payload": body, "signature": signature }).to_string()),
        ("lower case", token.to_lowercase()),
        ("too long", format!("{head}.{}.{signature}", "A".repeat(TOKEN_BYTES_MAX))),
    ];
    all.into_iter().map(|(name, token)| named(name, token)).collect()
}

fn signatures() -> Vec<Named> {
    let token = good();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let bytes = opaque::decoded(signature).unwrap();
    let other = signed(&header().to_string(), &with(payload(), "sub", json!("usr_2")));
    let (other_message, other_signature) = other.rsplit_once('.').unwrap();
    let mut last = signature.to_owned();
    // The last character has four bits that are no part of the signature.
    let spare = char::from(u8::try_from(last.pop().unwrap()).unwrap() + 1);
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        encoded(&bytes)
    };
    let all = [
        ("of another token", format!("{message}.{other_signature}")),
        ("of this one, under another", format!("{other_message}.{signature}")),
        ("R changed", format!("{message}.{}", changed(0))),
        ("S changed", format!("{message}.{}", changed(40))),
        ("a byte short", format!("{message}.{}", encoded(&bytes[..63]))),
        ("a byte long", format!("{message}.{}", encoded(&[&bytes[..], &[0]].concat()))),
        ("twice", format!("{message}.{signature}{signature}")),
        ("zeros", format!("{message}.{}", encoded(&[0; 64]))),
        ("halves exchanged", format!("{message}.{}", encoded(&[&bytes[32..], &bytes[..32]].concat()))),
        ("S and the order of the group", format!("{message}.{}", encoded(&plus_order(&bytes)))),
        ("spare bits set", format!("{message}.{last}{spare}")),
        ("of the identity", format!("{message}.{}", encoded(&[&[1][..], &[0; 63]].concat()))),
    ];
    all.into_iter().map(|(name, token)| named(format!("signature: {name}"), token)).collect()
}

/// RFC 8032, 5.1.7: S must be below the order of the group, or a second signature is made of each.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    let mut order = [0_u8; 32];
    order[..16].copy_from_slice(&[
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    ]);
    order[31] = 0x10;
    let mut carry = 0;
    let sum = signature[32..].iter().zip(order).map(|(byte, order)| {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    });
    signature[..32].iter().copied().chain(sum).collect()
}

fn payloads() -> Vec<Named> {
    let good = good();
    let (head, signature) = (good.split('.').next().unwrap(), good.rsplit('.').next().unwrap());
    let raised = encoded(with(payload(), "sub", json!("usr_admin")).as_bytes());
    let inside = payload().to_string();
    let inside = &inside[1..inside.len() - 1];
    let texts = [
        String::new(),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "\"text\"".to_owned(),
        "{".to_owned(),
        format!("[{}]", payload()),
        json!([ISSUER, AUDIENCE, "usr_1", "ten_1", "ses_1", "jti", NOW_S, NOW_S, NOW_S + 600, NOW_S, ["pwd"]])
            .to_string(),
        format!("\u{feff}{}", payload()),
        format!("{}{}", payload(), payload()),
        format!("{} x", payload()),
        format!(r#"{{"sub":"usr_admin",{inside}}}"#),
        format!(r#"{{{inside},"sub":"usr_admin"}}"#),
        format!(r#"{{{inside},"sub":"usr_1"}}"#),
        format!(r#"{{{inside},"exp":99999999999}}"#),
        format!(r#"{{{inside},"aud":"mideng"}}"#),
        format!(r#"{{{inside},"s\u0075b":"usr_admin"}}"#),
        "[".repeat(1_000),
        format!("{}{}", "{\"a\":".repeat(400), "}".repeat(400)),
    ];
    let mut all: Vec<_> =
        texts.iter().map(|text| named(format!("payload {text}"), signed(&header().to_string(), text))).collect();
    all.push(named("payload changed", format!("{head}.{raised}.{signature}")));
    all
}

fn claims_changed() -> Vec<Named> {
    let mut all = Vec::new();
    let header = header().to_string();
    let mut put = |name: &str, value: Value| {
        all.push(named(format!("{name} {value}"), signed(&header, &with(payload(), name, value))));
    };
    let names: Vec<String> = payload().as_object().unwrap().keys().cloned().collect();
    for name in &names {
        put(name, json!(null));
        put(name, json!({}));
        put(name, json!([[]]));
    }
    for name in ["iat", "nbf", "exp", "auth_time"] {
        put(name, json!((NOW_S + 60).to_string()));
        put(name, json!(1_800_000_060.5));
        put(name, json!(u64::MAX));
        put(name, json!(1e300));
        put(name, json!(true));
        put(name, json!([NOW_S + 60]));
    }
    for other in ["", "HTTPS://SHOP.EXAMPLE", "https://shop.example/", "https://other.example", " https://shop.example"]
    {
        put("iss", json!(other));
    }
    for other in ["", "Mideng", "mideng ", "other", "mideng,other", "*"] {
        put("aud", json!(other));
    }
    for name in ["iss", "aud"] {
        let right = payload()[name].clone();
        put(name, json!([right]));
        put(name, json!([[right]]));
        put(name, json!([right, "other"]));
        put(name, json!({ "0": right }));
    }
    put("sub", json!(1));
    put("sub", json!(["usr_1"]));
    put("amr", json!("pwd"));
    put("amr", json!([1]));
    put("nbf", json!(NOW_S + 6));
    put("iat", json!(NOW_S + 6));
    for name in names {
        let mut payload = payload();
        payload.as_object_mut().unwrap().remove(&name);
        all.push(named(format!("no {name}"), signed(&header, &payload.to_string())));
    }
    all
}
