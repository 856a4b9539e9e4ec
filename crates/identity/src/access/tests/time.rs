//! When a token is believed, second by second, and that "expired" is said only of what was a token.

use super::*;

fn at(name: &str, value_s: i64, now_ms: i64, leeway_s: i64) -> Result<(), Refused> {
    let token = signed(&header().to_string(), &with(payload(), name, json!(value_s)));
    ring(vec![key()]).read(&token, now_ms, leeway_s).map(|_| ())
}

#[test]
fn a_token_ends_at_its_second_and_the_leeway() {
    let exp = NOW_S + 600;
    let table = [
        (exp - 1, 0, Ok(())),
        (exp, 0, Err(Refused::Expired)),
        (exp + 1, 0, Err(Refused::Expired)),
        (exp + 4, 5, Ok(())),
        (exp + 5, 5, Err(Refused::Expired)),
        (exp + 6, 5, Err(Refused::Expired)),
        // A leeway of a minute is one of five seconds, and one below nothing is none.
        (exp + 4, 60, Ok(())),
        (exp + 5, 60, Err(Refused::Expired)),
        (exp - 1, -60, Ok(())),
        (exp, i64::MIN, Err(Refused::Expired)),
        (exp + 86_400 * 365, 5, Err(Refused::Expired)),
    ];
    for (now_s, leeway_s, expected) in table {
        assert_eq!(at("exp", exp, now_s * 1000, leeway_s), expected, "{} with {leeway_s}", now_s - exp);
    }
    assert_eq!(at("exp", exp, exp * 1000 - 1, 0), Ok(()), "the last millisecond");
}

#[test]
fn a_token_begins_at_its_second_less_the_leeway() {
    for name in ["nbf", "iat"] {
        let table = [
            (1, 0, Err(Refused::Invalid)),
            (0, 0, Ok(())),
            (-1, 0, Ok(())),
            (6, 5, Err(Refused::Invalid)),
            (5, 5, Ok(())),
            (4, 5, Ok(())),
            (6, 60, Err(Refused::Invalid)),
        ];
        for (ahead_s, leeway_s, expected) in table {
            assert_eq!(at(name, NOW_S + ahead_s, NOW_MS, leeway_s), expected, "{name} {ahead_s} with {leeway_s}");
        }
    }
}

#[test]
fn expired_is_said_only_of_what_was_a_token() {
    let over = |name: &str, value: Value| {
        let mut payload = payload();
        payload["exp"] = json!(NOW_S - 600);
        with(payload, name, value)
    };
    let header = header().to_string();
    let read = |token: &str| ring(vec![key()]).read(token, NOW_MS, 5);
    let token = signed(&header, &over("sub", json!("usr_1")));
    assert_eq!(read(&token), Err(Refused::Expired));
    let invalid = [
        signed(&header, &over("iss", json!("https://other.example"))),
        signed(&header, &over("aud", json!("other"))),
        signed(&header, &over("nbf", json!(NOW_S + 60))),
        signed(&with(self::header(), "typ", json!("JWT")), &over("sub", json!("usr_1"))),
        signed_by(&SigningKey::generate(TIMES), &header, &over("sub", json!("usr_1"))),
        token[..=token.rfind('.').unwrap()].to_owned(),
    ];
    for token in invalid {
        assert_eq!(read(&token), Err(Refused::Invalid), "{token}");
    }
}

/// What the client is told has two texts, and neither says what was wrong.
#[test]
fn a_refusal_tells_no_more_than_that() {
    assert_eq!(Refused::Expired.to_string(), "the access token has expired");
    assert_eq!(Refused::Invalid.to_string(), "the access token is not valid");
}
