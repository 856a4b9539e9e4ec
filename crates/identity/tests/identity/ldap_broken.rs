//! What becomes of a login when the directory is away, silent, broken, or points elsewhere.

use std::time::Duration;

use identity::provider::ldap::{Directory, Encryption, Settings};
use identity::provider::{PasswordProvider as _, Refused};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::{Organisation, PATIENCE, assert_away, assert_wrong, password, place, plain_port};

/// How long a login may take in these tests, which wait for it to be over.
const ANSWER_MAX: Duration = Duration::from_millis(700);

async fn never_answers(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

async fn hangs_up(mut stream: TcpStream) {
    let _request = stream.read(&mut [0; 1024]).await;
}

#[tokio::test]
async fn a_directory_that_does_not_answer_is_away_in_time() {
    let organisation = Organisation::found().await;
    let (silent, _silent) = place(never_answers).await;
    let (leaving, _leaving) = place(hangs_up).await;
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a port");
    let closed = nobody.local_addr().expect("it has an address").port();
    drop(nobody);
    for port in [silent, leaving, closed] {
        for (scheme, encryption) in
            [("ldap", Encryption::OffOnThisMachine), ("ldap", Encryption::Required), ("ldaps", Encryption::Required)]
        {
            let url = format!("{scheme}://127.0.0.1:{port}");
            let settings = Settings { url: url.clone(), encryption, answer_max: ANSWER_MAX, ..organisation.settings() };
            let directory = Directory::open(settings).expect("the settings are right");
            let login = timeout(PATIENCE, directory.authenticate("ada", "word")).await;
            assert_away(login.expect("it is over in time"), &format!("{url} {encryption:?}"));
        }
    }
}

#[tokio::test]
async fn whoever_waits_for_a_turn_does_not_wait_for_ever() {
    let organisation = Organisation::found().await;
    let (silent, _silent) = place(never_answers).await;
    let settings = Settings { logins_max: 1, answer_max: ANSWER_MAX, ..organisation.plain_settings(silent) };
    let directory = Directory::open(settings).expect("the settings are right");
    let both = async { tokio::join!(directory.authenticate("ada", "word"), directory.authenticate("bob", "word")) };
    let (first, second) = timeout(PATIENCE, both).await.expect("they are over in time");
    assert_away(first, "it waits for an answer");
    assert_away(second, "it waits for the first");
}

/// Whatever bytes come as an answer, nobody is let in and nothing else breaks; some of these make the library panic.
#[tokio::test]
async fn an_answer_that_is_none_lets_nobody_in() {
    let organisation = Organisation::found().await;
    let (mut places, mut logins) = (Vec::new(), JoinSet::new());
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\x30\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x05\x02\x01\x01\x61\x00",
        b"\x30\x0c\x04\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"\x30\x06\x02\x01\x01\x65\x01\x00",
        b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01",
        b"\xff\xff\xff\xff",
        &[0; 64],
        // A success of another question.
        b"\x30\x0c\x02\x01\x63\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
    ] {
        let (port, place) = place(move |mut stream: TcpStream| async move {
            while let Ok(1..) = stream.read(&mut [0; 1024]).await {
                if stream.write_all(answer).await.is_err() {
                    break;
                }
            }
        })
        .await;
        for find in [organisation.search(), organisation.direct()] {
            let settings = Settings { find, answer_max: ANSWER_MAX, ..organisation.plain_settings(port) };
            let directory = Directory::open(settings).expect("the settings are right");
            // Some of them look as if more would come, and are waited for: all at the same time.
            logins.spawn(async move {
                let login = timeout(PATIENCE, directory.authenticate("ada", "word")).await.expect("it is over in time");
                (answer, login)
            });
        }
        places.push(place);
    }
    while let Some(login) = logins.join_next().await {
        let (answer, login) = login.expect("nobody panics but the library");
        let refused = login.expect_err("nobody said yes");
        assert!(!matches!(refused, Refused::Misconfigured(_)), "{answer:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_directory_that_comes_back_is_asked_again() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let (port, first) = place(hangs_up).await;
    let directory = Directory::open(organisation.plain_settings(port)).expect("the settings are right");
    assert_away(directory.authenticate("ada", &password("ada")).await, "it hangs up");
    drop(first);
    let listener = loop {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => break listener,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(("127.0.0.1", plain_port())).await.expect("the directory is there");
            let _over = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        }
    });
    directory.authenticate("ada", &password("ada")).await.expect("the password is right");
}

/// A password goes where the settings say, and nowhere else.
#[tokio::test]
async fn a_referral_is_not_followed() {
    let mut organisation = Organisation::found().await;
    organisation.hire("ada").await;
    let elsewhere = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a port");
    let port = elsewhere.local_addr().expect("it has an address").port();
    let name = format!("uid=bob,{}", organisation.base);
    let target = format!("ldap://127.0.0.1:{port}/uid=bob,dc=elsewhere,dc=test");
    organisation
        .add(&name, &[("objectClass", &["referral", "extensibleObject"]), ("uid", &["bob"]), ("ref", &[&target])])
        .await;
    for find in [organisation.search(), organisation.direct()] {
        let directory = Directory::open(Settings { find, ..organisation.settings() }).expect("the settings are right");
        assert_wrong(directory.authenticate("bob", "word").await, "bob is kept elsewhere");
        // The referral stands among what a search finds, and is not in the way of others.
        directory.authenticate("ada", &password("ada")).await.expect("the password is right");
    }
    assert!(timeout(Duration::from_millis(200), elsewhere.accept()).await.is_err(), "it was asked");
}
