use std::net::TcpListener;
use std::time::Duration;

use super::*;
use crate::tests::desk::{Desk, Reply, json};

fn ask(url: &str) -> Ask {
    Ask::open(&url.parse().unwrap()).unwrap()
}

fn question(url: &str) -> Question {
    let headers = vec![("x-test", "1".to_owned())];
    Question { method: Method::POST, url: url.parse().unwrap(), headers, body: b"hello".to_vec() }
}

async fn said(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<Answer, Failure> {
    let desk = Desk::open(move |_| reply()).await;
    let url = format!("http://{}/a?b=c", desk.address);
    ask(&url).send(question(&url)).await
}

#[tokio::test]
async fn an_answer_is_given_whatever_its_status() {
    for status in [200, 302, 404, 500] {
        let answer =
            said(move || Reply::Say(status, vec![("location".into(), "/b".into())], "text".into())).await.unwrap();
        assert_eq!((answer.status, answer.text().unwrap(), answer.header("location")), (status, "text", Some("/b")));
        assert_eq!(format!("{answer:?}"), format!("an answer {status} of 4 bytes"), "not what stands in it");
    }
    let twice = said(|| Reply::Say(200, vec![("x".into(), "1".into()), ("x".into(), "2".into())], String::new())).await;
    assert_eq!(twice.unwrap().header("x"), None);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let desk = Desk::open(|_| json(200, "{}")).await;
    let no_tls = format!("https://{}/", desk.address);
    for url in [&refused[..], "http://name.invalid/", &no_tls] {
        let failure = ask(url).send(question(url)).await.unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{url}: {failure}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_put_together_is_not_mended_by_waiting() {
    let header = Question { headers: vec![("x-test", "a\nb".to_owned())], ..question("http://127.0.0.1:1/") };
    for unfit in [header, question("ftp://127.0.0.1:1/")] {
        let url = unfit.url.clone();
        let failure = ask("http://127.0.0.1:1").send(unfit).await.unwrap_err();
        assert!(matches!(failure, Failure::Misconfigured(_)), "{url}: {failure}");
    }
}

#[tokio::test]
async fn behind_a_connection_nobody_knows() {
    let cut = |text: &'static str| move || Reply::Raw(text.as_bytes().to_vec());
    for reply in [
        cut(""),
        cut("HTTP/1.1 200 OK\r\n"),
        cut("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
        cut("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf"),
        cut("no HTTP at all\r\n\r\n"),
    ] {
        let failure = said(reply).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown(_)), "{failure}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let announced = || Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec());
    let sent = || Reply::Say(200, Vec::new(), "x".repeat(LIMITS.answer_bytes_max + 1));
    let unannounced = || {
        let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        bytes.resize(LIMITS.answer_bytes_max + 100, b'x');
        Reply::Raw(bytes)
    };
    for failure in [said(announced).await, said(sent).await, said(unannounced).await] {
        assert!(matches!(&failure, Err(Failure::Unknown(text)) if text.contains("longer")), "{failure:?}");
    }
    assert_eq!(
        said(|| Reply::Say(200, Vec::new(), "x".repeat(LIMITS.answer_bytes_max))).await.unwrap().body.len(),
        LIMITS.answer_bytes_max
    );
}

#[tokio::test]
async fn silence_ends() {
    let desk = Desk::open(|_| Reply::Hang(Duration::from_mins(1))).await;
    let ask = Ask::patient(&format!("http://{}", desk.address).parse().unwrap(), Duration::from_millis(50)).unwrap();
    let hang = ask.send(question(&format!("http://{}/", desk.address))).await;
    assert!(matches!(hang, Err(Failure::Unknown(_))), "{hang:?}");
    assert_eq!(desk.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_is_used_again_and_the_request_is_whole() {
    let desk = Desk::open(|_| json(200, "{}")).await;
    let ask = ask(&format!("http://{}", desk.address));
    for _ in 0..3 {
        ask.send(question(&format!("http://{}/a?b=c%20d", desk.address))).await.unwrap();
    }
    let seen = desk.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!((&seen[0].method[..], &seen[0].target[..], &seen[0].body[..]), ("POST", "/a?b=c%20d", "hello"));
    assert_eq!((seen[0].header("x-test"), seen[0].header("user-agent")), ("1", "mideng"));
}

#[test]
fn addresses() {
    let gateway: Url = "http://x.example/wechat".parse().unwrap();
    let url = behind(&gateway, "/v3/pay?mchid=1").unwrap();
    assert_eq!((url.as_str(), &target(&url)[..]), ("http://x.example/wechat/v3/pay?mchid=1", "/wechat/v3/pay?mchid=1"));
    assert_eq!(behind(&"http://x.example".parse().unwrap(), "/v1").unwrap().as_str(), "http://x.example/v1");
}

/// A file is where an answer says; the answer's word does not open what only we can reach.
#[tokio::test]
async fn a_file_is_fetched_from_the_gateway_or_from_a_public_place() {
    let desk = Desk::open(|_| json(200, "{}")).await;
    let inside = Desk::open(|_| json(200, "{}")).await;
    let ask = ask(&format!("http://{}", desk.address));
    ask.fetch(question(&format!("http://{}/file", desk.address))).await.unwrap();
    let port = inside.address.rsplit_once(':').unwrap().1;
    for url in [
        format!("http://{}/my-word", inside.address),
        format!("http://localhost:{port}/my-word"),
        "http://127.0.0.1/my-word?my-word".to_owned(),
        "http://2130706433/my-word".to_owned(),
        "http://169.254.169.254/my-word".to_owned(),
        "https://[::ffff:10.0.0.1]/my-word".to_owned(),
        "https://my-word:my-word@8.8.8.8/".to_owned(),
        "file:///my-word".to_owned(),
    ] {
        let failure = ask.fetch(question(&url)).await.unwrap_err();
        let said = failure.to_string();
        assert!(matches!(failure, Failure::Unknown(_)) && !said.contains("my-word"), "{url}: {said}");
    }
    // A name is looked at when it is known where it leads.
    let failure = ask.fetch(question("http://localhost/my-word")).await.unwrap_err();
    assert!(matches!(&failure, Failure::NotSent(said) if said.contains("this machine itself")), "{failure}");
    assert_eq!(inside.seen().len(), 0);
}

#[tokio::test]
async fn a_gateway_is_one_place() {
    let desk = Desk::open(|_| json(200, "{}")).await;
    let ask = ask("http://127.0.0.1:1/pay");
    let failure = ask.send(question(&format!("http://{}/", desk.address))).await.unwrap_err();
    assert!(matches!(failure, Failure::Misconfigured(_)), "{failure}");
    assert_eq!(desk.seen().len(), 0);
    let nobody = Ask::open(&"http://0.0.0.0/".parse().unwrap()).map(|_| ()).unwrap_err();
    assert!(matches!(&nobody, Failure::Misconfigured(said) if said.contains("never called")), "{nobody}");
}
