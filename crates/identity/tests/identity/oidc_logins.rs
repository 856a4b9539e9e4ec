//! Logins at a real OpenID provider, by a browser that goes there and comes back.

use std::time::Duration;

use identity::provider::oidc::{ClientProof, OpenId, Settings, Sources};
use identity::provider::{RedirectProvider as _, Secret};

use crate::harness::{
    Browser, PATIENCE, assert_invalid, assert_misconfigured, assert_wrong, open_id, parameter, variable,
};

/// Where the provider sends browsers back to.
const HOME: &str = "http://127.0.0.1/login/back";
const SECRET: &str = "only on this machine: and+with%letters";

fn settings(client: &str, client_secret: ClientProof) -> Settings {
    Settings {
        issuer: variable("TEST_OIDC_URL"),
        client_id: client.to_owned(),
        client_secret,
        redirect_url: HOME.to_owned(),
        scopes: ["profile", "email", "groups"].map(str::to_owned).into(),
        groups: "/groups".to_owned(),
        claims: Sources::TokenAndUserInfo,
        authority: None,
        networks: Vec::new(),
        answer_max: PATIENCE,
        metadata_max: Duration::from_hours(1),
        keys_again: Duration::from_mins(1),
    }
}

/// The one that is used where it does not matter which.
fn usual() -> OpenId {
    open_id(settings("rs256", ClientProof::Header(Secret::new(SECRET))))
}

#[tokio::test]
async fn a_person_comes_back_as_who_they_are() {
    for (client, proof) in [
        ("rs256", ClientProof::Header(Secret::new(SECRET))),
        ("es256", ClientProof::Body(Secret::new(SECRET))),
        ("eddsa", ClientProof::None),
    ] {
        let open_id = open_id(settings(client, proof));
        let begun = open_id.begin("/orders?tab=open").await.expect("it can begin");
        assert_eq!(parameter(&begun.url, "code_challenge_method"), "S256");
        assert_eq!(parameter(&begun.url, "scope"), "openid profile email groups");
        let callback = Browser::new(HOME).log_in(&begun.url, "ada").await;
        let identity = open_id.finish(&begun.kept, &callback).await.unwrap_or_else(|error| panic!("{client}: {error}"));
        assert_eq!((identity.subject(), identity.login(), identity.name()), ("ada", "ada", "Person ada"));
        assert_eq!(identity.email(), Some("ada@example.test"));
        assert_eq!(identity.groups(), ["staff", "night shift"]);
        assert_eq!(begun.kept.return_to(), "/orders?tab=open");
    }
}

/// It stays somebody, under what the token alone says.
#[tokio::test]
async fn nothing_is_believed_that_is_not_vouched_for_or_not_asked_for() {
    let open = usual();
    let begun = open.begin("/").await.expect("it can begin");
    let callback = Browser::new(HOME).log_in(&begun.url, "unverified").await;
    let identity = open.finish(&begun.kept, &callback).await.expect("the login is right");
    assert_eq!((identity.login(), identity.email()), ("unverified", None));
    let proof = ClientProof::Header(Secret::new(SECRET));
    let token_alone = open_id(Settings { claims: Sources::Token, ..settings("rs256", proof) });
    let begun = token_alone.begin("/").await.expect("it can begin");
    let callback = Browser::new(HOME).log_in(&begun.url, "ada").await;
    let identity = token_alone.finish(&begun.kept, &callback).await.expect("the login is right");
    assert_eq!((identity.subject(), identity.login(), identity.groups().len()), ("ada", "ada", 0));
}

#[tokio::test]
async fn what_one_browser_brings_is_worth_nothing_in_another() {
    let open_id = usual();
    let mine = open_id.begin("/").await.expect("it can begin");
    let theirs = open_id.begin("/").await.expect("it can begin");
    let of_mine = Browser::new(HOME).log_in(&mine.url, "ada").await;
    let of_theirs = Browser::new(HOME).log_in(&theirs.url, "bob").await;
    // Somebody is made to come back with the login of another.
    assert_invalid(open_id.finish(&mine.kept, &of_theirs).await, "the state is another");
    // Also where it was found out what state we wait for: the code was begun with another verifier.
    let stolen = identity::provider::Callback { state: of_mine.state.clone(), ..of_theirs.clone() };
    assert_invalid(open_id.finish(&mine.kept, &stolen).await, "the code is of another login");
    let elsewhere = identity::provider::Callback { iss: Some("https://evil.test".to_owned()), ..of_mine.clone() };
    assert_invalid(open_id.finish(&mine.kept, &elsewhere).await, "another provider answers");
    let unnamed = identity::provider::Callback { iss: None, ..of_mine.clone() };
    assert_invalid(open_id.finish(&mine.kept, &unnamed).await, "the provider always says who it is");
    // None of that spent the code of the first.
    let identity = open_id.finish(&mine.kept, &of_mine).await.expect("it is the right browser");
    assert_eq!(identity.login(), "ada");
    assert_invalid(open_id.finish(&mine.kept, &of_mine).await, "a code serves once");
}

#[tokio::test]
async fn whoever_declines_is_not_let_in() {
    let open_id = usual();
    let begun = open_id.begin("/").await.expect("it can begin");
    let callback = Browser::new(HOME).decline(&begun.url).await;
    assert_eq!(callback.error.as_deref(), Some("access_denied"));
    assert_wrong(open_id.finish(&begun.kept, &callback).await, "the person declined");
}

#[tokio::test]
async fn what_is_registered_otherwise_there_is_told_as_our_mistake() {
    let open = open_id(settings("rs256", ClientProof::Header(Secret::new("wrong"))));
    let begun = open.begin("/").await.expect("it can begin");
    let callback = Browser::new(HOME).log_in(&begun.url, "ada").await;
    assert_misconfigured(open.finish(&begun.kept, &callback).await, "the secret is wrong");
    // It signs in a way that we do not take.
    let open = open_id(settings("ps256", ClientProof::Header(Secret::new(SECRET))));
    let begun = open.begin("/").await.expect("it can begin");
    let callback = Browser::new(HOME).log_in(&begun.url, "ada").await;
    assert_invalid(open.finish(&begun.kept, &callback).await, "PS256");
}
