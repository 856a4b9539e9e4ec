//! What becomes of a login when the provider is away, slow, talks without end, or points elsewhere.

use std::time::Duration;

use identity::provider::oidc::{Settings, Sources};
use identity::provider::{Callback, RedirectProvider as _, Refused};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{
    Liar, PATIENCE, assert_away, assert_invalid, assert_misconfigured, came_back, open_id, parameter, place,
};

const OF_ITSELF: &str = "/.well-known/openid-configuration";

/// Why a login cannot begin.
async fn refused(settings: Settings) -> Refused {
    let begun = timeout(PATIENCE, open_id(settings).begin("/")).await.expect("it is over in time");
    begun.expect_err("it cannot begin")
}

#[tokio::test]
async fn a_provider_that_is_not_itself_is_not_gone_to() {
    let liar = Liar::start().await;
    liar.say_of_itself(|metadata| metadata["issuer"] = json!("https://login.example.test"));
    assert!(matches!(refused(liar.settings()).await, Refused::Misconfigured(_)));
    liar.say_of_itself(|metadata| metadata["authorization_endpoint"] = json!("http://login.example.test/authorize"));
    assert!(matches!(refused(liar.settings()).await, Refused::Invalid(_)));
    for keys in ["http://10.0.0.1/keys", "http://login.example.test/keys", "file:///keys", "keys"] {
        liar.say_of_itself(|metadata| metadata["jwks_uri"] = json!(keys));
        assert!(matches!(refused(liar.settings()).await, Refused::Invalid(_)), "{keys}");
    }
    for tokens in [json!("http://10.0.0.1/token"), json!(null)] {
        liar.say_of_itself(|metadata| metadata["token_endpoint"] = tokens.clone());
        let open_id = open_id(liar.settings());
        assert_invalid(liar.log_in_well(&open_id).await, &tokens.to_string());
    }
    for issuer in ["http://login.example.test", "", "login.example.test", "https://name:word@login.example.test"] {
        let settings = Settings { issuer: issuer.to_owned(), ..liar.settings() };
        let refused = identity::provider::oidc::OpenId::open(settings).err();
        assert!(matches!(refused, Some(Refused::Misconfigured(_))), "{issuer}");
    }
}

/// A provider that is honest but for where it says that its parts are.
#[tokio::test]
async fn it_cannot_send_us_to_what_only_we_can_reach() {
    let (liar, inside) = (Liar::start().await, Liar::start().await);
    inside.show_keys(&[&liar.signer]);
    let answer = json!({ "access_token": "a", "token_type": "Bearer" });
    inside.say("/token", &answer);
    inside.say("/userinfo", &json!({ "sub": "person-17" }));
    let settings = || Settings { claims: Sources::TokenAndUserInfo, ..liar.settings() };
    let secret = "path-word?query-word";
    for (part, path) in [("jwks_uri", "keys"), ("token_endpoint", "token"), ("userinfo_endpoint", "userinfo")] {
        for host in [inside.issuer.as_str(), "https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254"] {
            liar.say_of_itself(|metadata| metadata[part] = json!(format!("{host}/{path}?{secret}")));
            let refused = liar.log_in_well(&open_id(settings())).await.expect_err("it is sent inside");
            let said = refused.to_string();
            let is_told = matches!(refused, Refused::Invalid(_)) && said.contains("names an address that is not asked");
            assert!(is_told && !said.contains("-word"), "{part} {host}: {refused:?}");
        }
        assert_eq!(inside.asked(&format!("/{path}")), Vec::<String>::new(), "{part}");
    }
    // Where the settings name the network, all of it may be there.
    let networks = vec!["127.0.0.1".parse().expect("a network")];
    let open_id = open_id(Settings { networks, ..settings() });
    liar.say_of_itself(|metadata| {
        metadata["jwks_uri"] = json!(format!("{}/keys", inside.issuer));
        metadata["userinfo_endpoint"] = json!(format!("{}/userinfo", inside.issuer));
    });
    liar.log_in_well(&open_id).await.expect("it is open");
    assert_eq!((inside.asked("/keys").len(), inside.asked("/userinfo").len()), (1, 1));
}

#[tokio::test]
async fn an_issuer_that_is_no_machine_is_a_mistake_in_the_settings() {
    let liar = Liar::start().await;
    for issuer in ["https://0.0.0.0:1", "https://[ff02::1]:1"] {
        let refused = identity::provider::oidc::OpenId::open(Settings { issuer: issuer.to_owned(), ..liar.settings() });
        let refused = refused.err();
        assert!(matches!(&refused, Some(Refused::Misconfigured(why)) if why.contains("never called")), "{refused:?}");
    }
}

#[tokio::test]
async fn what_it_says_of_itself_must_be_readable() {
    let liar = Liar::start().await;
    let long = format!("{{\"issuer\":\"{}\",\"more\":\"{}\"}}", liar.issuer, "x".repeat(300 * 1024));
    for (status, kind, body) in [
        (200, "text/html", "<html>"),
        (200, "application/json", "<html>"),
        (200, "application/json", "{}"),
        (200, "application/json", "[]"),
        (200, "application/json", ""),
        (200, "application/json", long.as_str()),
        (204, "application/json", ""),
        (404, "application/json", "{}"),
        (500, "application/json", "{}"),
        (503, "text/html", ""),
        (302, "/moved", ""),
    ] {
        liar.say_bytes(OF_ITSELF, (status, kind, body.as_bytes()));
        let refused = refused(liar.settings()).await;
        let is_away = matches!(refused, Refused::Away(_));
        let is_invalid = matches!(refused, Refused::Invalid(_)) && status == 200;
        assert!(is_away || is_invalid, "{status} {kind}: {refused:?}");
        assert!(!refused.to_string().contains("html"), "{refused}");
    }
    assert_eq!(liar.asked("/moved"), Vec::<String>::new());
    // Nothing of a failure is kept.
    let open_id = open_id(liar.settings());
    open_id.begin("/").await.expect_err("it still says that it moved");
    liar.say_of_itself(|_| {});
    liar.log_in_well(&open_id).await.expect("now it is right");
    let asked = liar.asked(OF_ITSELF).len();
    liar.log_in_well(&open_id).await.expect("it is right");
    assert_eq!(liar.asked(OF_ITSELF).len(), asked, "it is known for a while");
    // Once the while is over, what it no longer says is no longer believed.
    let forgetful = self::open_id(Settings { metadata_max: Duration::ZERO, ..liar.settings() });
    let (kept, callback) = liar.begin_well(&forgetful).await;
    liar.say_bytes(OF_ITSELF, (503, "text/html", b""));
    assert_away(forgetful.finish(&kept, &callback).await, "nobody knows its keys now");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_away_in_time() {
    let liar = Liar::start().await;
    let (silent, _silent) = place(|stream: TcpStream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let (leaving, _leaving) = place(|mut stream: TcpStream| async move {
        let _request = stream.read(&mut [0; 1024]).await;
    })
    .await;
    let (dripping, _dripping) = place(|mut stream: TcpStream| async move {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        let mut written = stream.write_all(head).await;
        while written.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            written = stream.write_all(b" ").await;
        }
    })
    .await;
    for port in [silent, leaving, dripping] {
        let issuer = format!("http://127.0.0.1:{port}");
        let settings = Settings { issuer, answer_max: Duration::from_millis(700), ..liar.settings() };
        assert!(matches!(refused(settings).await, Refused::Away(_)), "{port}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_left_in_its_middle() {
    let liar = Liar::start().await;
    let (endless, _endless) = place(|mut stream: TcpStream| async move {
        let _request = stream.read(&mut [0; 4096]).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut written = stream.write_all(head).await;
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
        while written.is_ok() {
            written = stream.write_all(&chunk).await;
        }
    })
    .await;
    let settings = Settings { issuer: format!("http://127.0.0.1:{endless}"), ..liar.settings() };
    assert!(matches!(refused(settings).await, Refused::Invalid(_)));
}

#[tokio::test]
async fn a_code_that_it_does_not_take_lets_nobody_in() {
    let liar = Liar::start().await;
    let open_id = open_id(liar.settings());
    let error = |name: &str| json!({ "error": name, "error_description": "client-secret-1" }).to_string();
    let unnamed = json!({ "access_token": "a", "token_type": "Bearer" }).to_string();
    let broken = json!({ "access_token": "a", "token_type": "Bearer", "id_token": "a.b.c" }).to_string();
    let number = json!({ "access_token": "a", "token_type": "Bearer", "id_token": 17 }).to_string();
    let long = " ".repeat(300 * 1024);
    for (status, body, expected) in [
        (400, error("invalid_grant"), "Invalid"),
        (401, error("invalid_client"), "Misconfigured"),
        (400, error("unauthorized_client"), "Misconfigured"),
        (400, error("something_else"), "Misconfigured"),
        (400, "{}".to_owned(), "Invalid"),
        (400, String::new(), "Invalid"),
        (500, error("server_error"), "Away"),
        (503, String::new(), "Away"),
        (200, String::new(), "Invalid"),
        (200, "{}".to_owned(), "Invalid"),
        (200, unnamed, "Invalid"),
        (200, broken, "Invalid"),
        (200, number, "Invalid"),
        (200, long, "Invalid"),
    ] {
        let (kept, callback) = liar.begin_well(&open_id).await;
        liar.say_bytes("/token", (status, "application/json", body.as_bytes()));
        let refused = open_id.finish(&kept, &callback).await.expect_err("nobody is named");
        let name = format!("{refused:?}");
        assert!(name.starts_with(expected) && !name.contains("client-secret"), "{status} {refused:?}");
    }
    // It does not go where it is sent with our secret and somebody's code.
    let (kept, callback) = liar.begin_well(&open_id).await;
    liar.say("/moved", &json!({ "access_token": "a", "token_type": "Bearer" }));
    for status in [302, 307, 308] {
        liar.say_bytes("/token", (status, "/moved", b""));
        assert_invalid(open_id.finish(&kept, &callback).await, "it moved");
    }
    assert_eq!(liar.asked("/moved"), Vec::<String>::new());
    // Without a code that is ours it is not asked at all.
    let asked = liar.asked("/token").len();
    let forged = Callback { state: Some("forged".to_owned()), ..callback };
    assert_invalid(open_id.finish(&kept, &forged).await, "the state is forged");
    assert_eq!(liar.asked("/token").len(), asked);
}

#[tokio::test]
async fn what_is_told_beside_the_token_is_of_the_same_person() {
    let liar = Liar::start().await;
    let open = open_id(Settings { claims: Sources::TokenAndUserInfo, ..liar.settings() });
    let bare = |nonce: &str| {
        let mut claims = liar.claims(nonce);
        for name in ["preferred_username", "name", "email", "email_verified", "groups"] {
            claims.as_object_mut().expect("an object").remove(name);
        }
        liar.signer.token(&claims)
    };
    let told = json!({ "sub": "person-17", "preferred_username": "ada2", "groups": ["desk"], "email": "a@b.test" });
    liar.say("/userinfo", &told);
    let identity = liar.log_in(&open, bare).await.expect("it is right");
    assert_eq!((identity.login(), identity.groups(), identity.email()), ("ada2", &["desk".to_owned()][..], None));
    // What is signed counts more.
    let identity = liar.log_in_well(&open).await.expect("it is right");
    assert_eq!((identity.login(), identity.groups()), ("ada", &["staff".to_owned()][..]));
    for wrong in [json!({ "sub": "person-18" }), json!({}), json!([])] {
        liar.say("/userinfo", &wrong);
        assert_invalid(liar.log_in(&open, bare).await, &wrong.to_string());
    }
    liar.say_bytes("/userinfo", (503, "text/html", b""));
    assert_away(liar.log_in(&open, bare).await, "it says that it is away");
    // The library panics over an access token that is no text of a header.
    let begun = open.begin("/").await.expect("it can begin");
    let token = liar.signer.token(&liar.claims(&parameter(&begun.url, "nonce")));
    liar.say("/token", &json!({ "access_token": "a\r\nb", "token_type": "Bearer", "id_token": token }));
    let refused = open.finish(&begun.kept, &came_back(&begun.url)).await.expect_err("a line break");
    assert!(refused.to_string().contains("access token"), "it came to the panic: {refused}");
    liar.say_of_itself(|metadata| {
        metadata.as_object_mut().expect("an object").remove("userinfo_endpoint");
    });
    let open = open_id(Settings { claims: Sources::TokenAndUserInfo, ..liar.settings() });
    assert_misconfigured(liar.log_in(&open, bare).await, "there is nothing to ask");
}

#[tokio::test]
async fn no_login_is_like_another_and_none_shows_its_secrets() {
    let liar = Liar::start().await;
    let open_id = open_id(liar.settings());
    let (first, second) = (open_id.begin("/").await.expect("it begins"), open_id.begin("/").await.expect("it begins"));
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(parameter(&first.url, name), parameter(&second.url, name), "{name}");
        assert!(parameter(&first.url, name).len() >= 22, "{name} can be guessed");
    }
    let kept = serde_json::to_value(&first.kept).expect("it can be written");
    let verifier = kept["verifier"].as_str().expect("it is kept");
    assert!(!first.url.contains(verifier) && verifier.len() >= 43);
    let shown = format!("{first:?} {:?}", liar.settings());
    assert!(!shown.contains(verifier) && !shown.contains("client-secret-1"), "{shown}");
    assert!(open_id.begin("//evil.test").await.is_err());
}
