//! What becomes of a call when the other side means harm with its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use outbound::{Call, Client, Failure, Limits, Method, SystemNames, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Place, Told, client, get, limits, open_to, tls};

const HERE: &str = "127.0.0.0/8";

async fn say(text: impl Into<Vec<u8>>) -> (Place, Client) {
    let text = Arc::new(text.into());
    let place = Place::open("127.0.0.1:0", move |mut stream: TcpStream| {
        let text = Arc::clone(&text);
        async move {
            let _sent = stream.write_all(&text).await;
        }
    })
    .await;
    (place, client(open_to(&[HERE]), &Told::default()))
}

/// What a place answers that says this.
async fn answered(text: impl Into<Vec<u8>>) -> Result<outbound::Answer, Failure> {
    let (place, client) = say(text).await;
    let answer = get(&client, &format!("http://{}/path-word?query-word", place.at)).await;
    if let Err(failure) = &answer {
        let said = failure.to_string();
        assert!(!said.contains("-word") && said.contains("127.0.0.1") && said.len() < 500, "{said}");
    }
    answer
}

#[tokio::test]
async fn an_answer_is_handed_over_as_it_came() {
    let answer = answered("HTTP/1.1 418 X\r\nx-a: 1\r\ncontent-length: 2\r\n\r\nhi").await.expect("it is whole");
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (418, &b"hi"[..]));
    assert_eq!(answer.headers["x-a"], "1");
    let bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let answer = answered([head.as_bytes(), bomb].concat()).await.expect("it is whole");
    assert_eq!(answer.body, bomb, "compression is not undone");
}

#[tokio::test]
async fn a_redirection_is_an_answer_and_is_not_followed() {
    let (inside, _) = say("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://{}/\r\nrefresh: 0;url=http://{}/\r\ncontent-length: 0\r\n\r\n",
            inside.at, inside.at
        );
        let answer = answered(to).await.expect("it is an answer");
        assert_eq!((answer.status.as_u16(), answer.body.len()), (status, 0));
    }
    assert_eq!(inside.came(), 0);
}

#[tokio::test]
async fn a_body_without_end_is_left_in_its_middle() {
    let sent = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&sent);
    let endless = Place::open("127.0.0.1:0", move |mut stream: TcpStream| {
        let counted = Arc::clone(&counted);
        async move {
            let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
            while written.is_ok() {
                counted.fetch_add(chunk.len(), Ordering::SeqCst);
                written = stream.write_all(&chunk).await;
            }
        }
    })
    .await;
    let client = client(open_to(&[HERE]), &Told::default());
    let failure = get(&client, &format!("http://{}/", endless.at)).await.expect_err("it has no end");
    assert_eq!(failure, Failure::TooLong { host: "127.0.0.1".to_owned(), bytes_max: limits().answer_bytes_max });
    // What the system keeps between the two comes on top of what is read.
    assert!(sent.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{sent:?}");
}

#[tokio::test]
async fn the_limit_is_the_last_byte_that_is_taken() {
    let max = limits().answer_bytes_max;
    let body = |length: usize| [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b'x'; length]].concat();
    assert_eq!(answered(body(max)).await.expect("it fits").body.len(), max);
    let failure = answered(body(max + 1)).await.expect_err("it does not");
    assert!(matches!(failure, Failure::TooLong { .. }), "{failure}");
    // What is announced is believed before it comes.
    let failure = answered(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", max + 1)).await.expect_err("long");
    assert!(matches!(failure, Failure::TooLong { .. }), "{failure}");
}

#[tokio::test]
async fn what_comes_too_slowly_is_given_up() {
    let dripping = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        while written.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            written = stream.write_all(b"x").await;
        }
    })
    .await;
    let head = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        while written.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
            written = stream.write_all(b"x").await;
        }
    })
    .await;
    let interim = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let silent = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        let _end = stream.read_u8().await;
    })
    .await;
    let client = client(open_to(&[HERE]), &Told::default());
    for (name, place) in [("dripping", dripping), ("head", head), ("interim", interim), ("silent", silent)] {
        let failure = get(&client, &format!("http://{}/", place.at)).await.expect_err("it takes too long");
        assert_eq!(failure, Failure::Late { host: "127.0.0.1".to_owned() }, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_answer_says_so() {
    let many = "x-a: 1\r\n".repeat(65);
    let long = "x".repeat(1024 * 1024);
    for broken in [
        String::new(),
        "HTTP/1.1 200 OK\r\n".to_owned(),
        "220 mail.example ESMTP\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nx".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{many}\r\n"),
        format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"),
        "HTTP/1.1 200 OK\r\na b: c\r\n\r\n".to_owned(),
        "HTTP/9.9 200 OK\r\n\r\n".to_owned(),
    ] {
        let start = broken.chars().take(60).collect::<String>();
        let failure = answered(broken).await.map(|answer| answer.status).expect_err(&start);
        assert!(matches!(failure, Failure::Broken { .. }), "{start}: {failure:?}");
    }
}

#[tokio::test]
async fn where_no_connection_stands_nothing_was_sent() {
    let (plain, client) = say("HTTP/1.1 200 OK\r\n\r\n").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let gone = free.local_addr().expect("it has one");
    drop(free);
    for url in [format!("http://{gone}/a?b"), format!("https://{}/a?b", plain.at)] {
        let failure = get(&client, &url).await.expect_err("there is nobody");
        assert!(matches!(failure, Failure::Unreachable { .. }), "{url}: {failure:?}");
    }
}

#[tokio::test]
async fn a_call_is_sent_as_it_is_and_names_this_software() {
    let place = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        let mut body = [0; 5];
        let _read = stream.read_exact(&mut body).await;
        let _sent = stream.write_all(&[b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", &body[..]].concat()).await;
    })
    .await;
    let names = Arc::new(SystemNames::default());
    let limits = Limits { answer_max: PATIENCE, ..Limits::default() };
    let client = Client::with_names(open_to(&[HERE]), limits, tls(), names).expect("a client");
    let url = client.policy().read(&format!("http://{}/a?b", place.at)).expect("it is open");
    let headers = header::HeaderMap::from_iter([(header::ACCEPT, header::HeaderValue::from_static("text/plain"))]);
    let answer = client.send(Call { method: Method::POST, url, headers, body: b"hello".to_vec() }).await;
    assert_eq!(answer.expect("it answers").body, b"hello");
}

/// A proxy would be told addresses and look names up by itself. What stands in the environment is another process's.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_asked() {
    let proxy = Place::open("127.0.0.1:0", |mut stream: TcpStream| async move {
        let _sent = stream.write_all(b"HTTP/1.1 418 X\r\ncontent-length: 0\r\n\r\n").await;
    })
    .await;
    let tests = std::env::current_exe().expect("it runs");
    let mut child = tokio::process::Command::new(tests);
    child.args(["--exact", "answers::an_answer_is_handed_over_as_it_came"]).kill_on_drop(true);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://{}", proxy.at));
    }
    let child = child.env("NO_PROXY", "").env("no_proxy", "").output();
    let ended = tokio::time::timeout(PATIENCE, child).await.expect("it ends").expect("it starts");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.came(), 0);
}
