//! Names that lead elsewhere when they are asked for again, and names that lead to several places.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use outbound::{Client, Failure, Limits, Names, Policy, Purpose, Refusal, SystemNames};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Place, Told, client, get, limits, open_to, tls};

async fn here(mut stream: TcpStream) {
    let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nhere").await;
}

fn closed(failure: Failure) -> (String, String, Purpose) {
    match failure {
        Failure::Refused(
            Refusal::Closed { host, address, purpose } | Refusal::NoMachine { host, address, purpose },
        ) => (host, address.to_string(), purpose),
        other => panic!("{other:?}"),
    }
}

/// The first address is open, and is where the connection goes; the second is this machine.
#[tokio::test]
async fn a_name_that_rebinds_gains_nothing() {
    let good = Place::open("127.0.0.2:0", here).await;
    let port = good.at.port();
    let inside = Place::open(&format!("127.0.0.1:{port}"), here).await;
    let names = Told::leading(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let client = client(open_to(&["127.0.0.2"]), &names);
    let url = format!("http://rebind.example:{port}/");
    let answer = get(&client, &url).await.expect("it is open");
    assert_eq!((&answer.body[..], names.asked()), (&b"here"[..], 1), "what was looked at is what was connected to");
    let refused = closed(get(&client, &url).await.expect_err("it leads elsewhere now"));
    assert_eq!(refused, ("rebind.example".to_owned(), "127.0.0.1".to_owned(), Purpose::Loopback));
    assert_eq!((good.came(), inside.came(), names.asked()), (1, 0, 2));
}

#[tokio::test]
async fn one_closed_address_closes_the_name() {
    let inside = Place::open("127.0.0.1:0", here).await;
    let url = format!("http://mixed.example:{}/", inside.at.port());
    for (answers, bad, purpose) in [
        (&["127.0.0.1", "93.184.215.14"][..], "127.0.0.1", Purpose::Loopback),
        (&["93.184.215.14", "127.0.0.1"], "127.0.0.1", Purpose::Loopback),
        (&["93.184.215.14", "2606:2800:21f:cb07::1", "::1"], "::1", Purpose::Loopback),
        (&["93.184.215.14", "::ffff:10.0.0.1"], "::ffff:10.0.0.1", Purpose::Private),
        (&["169.254.169.254"], "169.254.169.254", Purpose::LinkLocal),
        (&["0.0.0.0"], "0.0.0.0", Purpose::Unspecified),
        (&["::"], "::", Purpose::Unspecified),
        (&["64:ff9b::7f00:1"], "64:ff9b::7f00:1", Purpose::Translated),
        (&["2002:7f00:1::"], "2002:7f00:1::", Purpose::Carried),
    ] {
        let client = client(open_to(&[]), &Told::leading(&[answers]));
        let (_, address, found) = closed(get(&client, &url).await.expect_err("it is closed"));
        assert_eq!((&address[..], found), (bad, purpose), "{answers:?}");
    }
    // A closed one behind more good ones than are tried closes it, too.
    let many: Vec<String> = (1..=40).map(|it| format!("93.184.215.{it}")).chain(["10.0.0.1".to_owned()]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let client = client(open_to(&[]), &Told::leading(&[&many]));
    assert_eq!(closed(get(&client, &url).await.expect_err("it is closed")).2, Purpose::Private);
    assert_eq!(inside.came(), 0);
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_is_answered_for_it() {
    let inside = Place::open("127.0.0.1:0", here).await;
    let names = Told::leading(&[&["93.184.215.14"]]);
    let (shut, open) = (client(open_to(&[]), &names), client(open_to(&["127.0.0.0/8", "::1"]), &names));
    for host in ["localhost", "localhost.", "LOCALHOST", "a.localhost"] {
        let url = format!("http://{host}:{}/", inside.at.port());
        assert_eq!(closed(get(&shut, &url).await.expect_err("it is closed")).2, Purpose::Loopback, "{host}");
        get(&open, &url).await.expect("it is open");
    }
    assert_eq!(names.asked(), 0);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_unreachable() {
    for names in [Told::default(), Told::leading(&[&[]])] {
        let failure = get(&client(open_to(&[]), &names), "http://nowhere.example/a?secret").await.expect_err("no name");
        assert!(matches!(&failure, Failure::Unreachable { host, .. } if host == "nowhere.example"), "{failure}");
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

/// Knows nothing, and never says so.
struct Silent;

#[async_trait]
impl Names for Silent {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_name_server_that_is_silent_holds_nobody() {
    let limits = Limits { connect_max: Duration::from_millis(50), answer_max: PATIENCE, ..limits() };
    let client = Client::with_names(open_to(&[]), limits, tls(), Arc::new(Silent)).expect("a client");
    let failure = get(&client, "https://silent.example/").await.expect_err("nobody knows the name");
    assert!(matches!(&failure, Failure::Unreachable { host, .. } if host == "silent.example"), "{failure:?}");
}

#[tokio::test]
async fn this_machine_is_asked_for_names() {
    let names = SystemNames::default();
    let found = names.addresses("localhost").await.expect("every machine knows itself");
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    names.addresses("no-such-name.invalid").await.expect_err("nobody has it");
}

#[tokio::test]
async fn a_configured_place_may_be_in_ones_own_network_and_nothing_else() {
    let inside = Place::open("127.0.0.1:0", here).await;
    let port = inside.at.port();
    let of = |text: &str| Policy::configured(&text.parse().unwrap());
    for (written, called, leads_to, expected) in [
        ("http://127.0.0.1", "http://127.0.0.1", "93.184.215.14", "here"),
        ("http://localhost", "http://localhost", "93.184.215.14", "here"),
        ("http://127.0.0.1", "http://127.0.0.2", "93.184.215.14", "which alone is called here"),
        ("http://127.0.0.1", "http://localhost", "93.184.215.14", "which alone is called here"),
        ("http://id.corp", "https://id.corp", "93.184.215.14", "which alone is called here"),
        ("http://id.corp", "http://other.corp", "93.184.215.14", "which alone is called here"),
        ("http://id.corp", "http://id.corp", "127.0.0.1", "this machine itself"),
        ("http://id.corp", "http://id.corp", "169.254.169.254", "where clouds keep secrets"),
        ("http://id.corp", "http://id.corp", "0.0.0.0", "never called"),
        ("http://0.0.0.0", "http://0.0.0.0", "93.184.215.14", "never called"),
    ] {
        let client = client(of(&format!("{written}:{port}/realm?a=b")), &Told::leading(&[&[leads_to]]));
        let said = match get(&client, &format!("{called}:{port}/token")).await {
            Ok(answer) => String::from_utf8(answer.body).unwrap(),
            Err(failure) => failure.to_string(),
        };
        assert!(said.contains(expected), "{written} {called} {leads_to}: {said}");
    }
    let policy = of("https://id.corp/realm");
    for own in ["10.1.2.3", "172.18.0.2", "192.168.1.1", "100.64.0.1", "fd00::1", "93.184.215.14", "::ffff:10.0.0.1"] {
        assert_eq!(policy.admit("id.corp", own.parse().unwrap()), Ok(()), "{own}");
    }
    assert!(Policy::configured(&"https://169.254.10.1/".parse().unwrap()).read("https://169.254.10.1/a").is_ok());
}
