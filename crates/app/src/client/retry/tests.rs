//! The retry rules against a small real server that answers by a script.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::net::TcpListener;

use super::{GaveUp, Policy, Settled, pause};
use crate::client::{Connection, Cut, Request, Target};

/// What the server does with one request.
#[derive(Clone, Copy)]
enum Step {
    Answer(u16, &'static str),
    AnswerLater(u16, &'static str),
    HangUp,
    Sleep,
}

struct Script {
    address: SocketAddr,
    keys: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// Plays the steps one after the other, whatever connection the requests come over; the last one for ever.
    async fn play(steps: &'static [Step]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let keys = Arc::new(Mutex::new(Vec::new()));
        let (seen, count) = (keys.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, count) = (seen.clone(), count.clone());
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
                    seen.lock().expect("no panic").push(key.unwrap_or_default().to_owned());
                    let step = steps[count.fetch_add(1, Ordering::SeqCst).min(steps.len() - 1)];
                    async move { take(step).await }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, keys }
    }

    fn connection(&self) -> Connection {
        let url = format!("http://{}", self.address);
        Connection::new(Arc::new(Target::new(&url, Some("mk_1")).expect("a good URL")))
    }
}

async fn take(step: Step) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (status, code, wait) = match step {
        Step::Answer(status, code) => (status, code, None),
        Step::AnswerLater(status, code) => (status, code, Some("1")),
        Step::HangUp => return Err(std::io::Error::other("hang up")),
        Step::Sleep => std::future::pending().await,
    };
    let mut response = Response::new(Full::from(format!(r#"{{"code":"{code}"}}"#)));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some(wait) = wait {
        response.headers_mut().insert("retry-after", wait.parse().expect("a header"));
    }
    Ok::<_, Infallible>(response).map_err(|never| match never {})
}

async fn settle(steps: &'static [Step], patience: Duration) -> (Result<Settled, GaveUp>, Vec<String>) {
    let script = Script::play(steps).await;
    let policy = Policy { timeout: Duration::from_millis(100), patience };
    let mut random = StdRng::seed_from_u64(1);
    let settled = policy.settle(&mut script.connection(), &Request::post("/x", "k1", &1), &mut random).await;
    let keys = script.keys.lock().expect("no panic").clone();
    (settled, keys)
}

#[tokio::test]
async fn what_is_not_final_is_sent_again_under_the_same_key() {
    let steps = &[
        Step::HangUp,
        Step::Sleep,
        Step::Answer(409, "request_in_flight"),
        Step::Answer(429, "rate_limited"),
        Step::Answer(500, "internal"),
        Step::Answer(503, "outcome_pending"),
        Step::Answer(201, ""),
    ];
    let (settled, keys) = settle(steps, Duration::from_secs(30)).await;
    let settled = settled.expect("a final answer");
    assert_eq!((settled.answer.status.as_u16(), settled.retries), (201, 6));
    assert_eq!(keys, vec!["k1"; 7]);
}

/// The table of problems and this client may not part: what it says about the same key is what is done.
#[tokio::test]
async fn every_problem_is_retried_as_its_table_says() {
    for kind in api::problem::kinds() {
        let steps = vec![Step::Answer(kind.status, kind.code), Step::Answer(201, "")].leak();
        let (settled, _) = settle(steps, Duration::from_secs(30)).await;
        let expected = usize::from(kind.retry == api::problem::Retry::SameKey);
        let retries = settled.expect("a final answer").retries;
        assert_eq!(usize::try_from(retries).ok(), Some(expected), "{}", kind.code);
    }
}

#[tokio::test]
async fn every_other_answer_is_final() {
    const FINAL: &[&[Step]] = &[
        &[Step::Answer(200, "")],
        &[Step::Answer(400, "idempotency_key_invalid")],
        &[Step::Answer(401, "unauthenticated")],
        &[Step::Answer(404, "order_not_found")],
        &[Step::Answer(409, "stock_insufficient")],
        &[Step::Answer(412, "version_mismatch")],
        &[Step::Answer(422, "idempotency_key_reused")],
    ];
    for steps in FINAL {
        let (settled, keys) = settle(steps, Duration::from_secs(30)).await;
        assert_eq!((settled.expect("a final answer").retries, keys.len()), (0, 1));
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let begin = crate::client::clock::now();
    let (settled, _) =
        settle(&[Step::AnswerLater(503, "overloaded"), Step::Answer(201, "")], Duration::from_secs(9)).await;
    assert_eq!(settled.expect("a final answer").retries, 1);
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn patience_ends_and_says_why() {
    let (settled, keys) = settle(&[Step::Answer(503, "overloaded")], Duration::from_millis(200)).await;
    let error = settled.expect_err("no final answer").to_string();
    assert!(error.contains("the last try: 503 overloaded"), "{error}");
    assert!((2..20).contains(&keys.len()), "{}", keys.len());

    let target = Arc::new(Target::new("http://127.0.0.1:1", None).expect("a good URL"));
    let policy = Policy { timeout: Duration::from_secs(1), patience: Duration::from_millis(100) };
    let mut random = StdRng::seed_from_u64(1);
    let error = policy.settle(&mut Connection::new(target), &Request::get("/"), &mut random).await;
    let error = error.expect_err("nobody listens there").to_string();
    assert!(error.contains("no connection to http://127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn a_connection_is_kept_and_a_lost_one_is_opened_again() {
    let script =
        Script::play(&[Step::Answer(200, ""), Step::Answer(200, ""), Step::HangUp, Step::Answer(200, "")]).await;
    let mut connection = script.connection();
    let timeout = Duration::from_secs(5);
    for good in [true, true, false, true] {
        assert_eq!(connection.send(&Request::get("/"), timeout).await.is_ok(), good);
    }
}

/// The server goes away while the connection is idle: the next request must not wait for its time-out.
#[tokio::test]
async fn a_connection_that_ended_while_idle_is_noticed_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut connection = Connection::new(Arc::new(Target::new(&url, None).expect("a good URL")));
    let patient = Duration::from_mins(1);
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let service = service_fn(|_| take(Step::Answer(200, "")));
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
    });
    connection.send(&Request::get("/"), patient).await.expect("the first answer");
    server.abort();
    server.await.expect_err("aborted");
    let begin = crate::client::clock::now();
    connection.send(&Request::get("/"), patient).await.expect_err("nobody is there");
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_cut_sends_what_it_says() {
    let timeout = Duration::from_secs(5);
    for (cut, arrives) in
        [(Cut::InHead, false), (Cut::InBody, true), (Cut::AfterSending, true), (Cut::BeforeReading, true)]
    {
        let script = Script::play(&[Step::Answer(201, "")]).await;
        let target = script.connection().target().clone();
        cut.send(&target, &Request::post("/x", "k1", &[1, 2, 3]), timeout).await.expect("a server that listens");
        // A whole request behind the cut one: when it is answered, the server has seen both.
        script.connection().send(&Request::get("/"), timeout).await.expect("an answer");
        let keys = script.keys.lock().expect("no panic").clone();
        if cut == Cut::BeforeReading {
            assert_eq!(keys, ["k1", ""]);
        }
        assert!(arrives || keys == [""], "{cut:?}: {keys:?}");
    }
}

#[test]
fn pauses_grow_and_are_bounded() {
    let mut random = StdRng::seed_from_u64(1);
    let mut within = |retries, low, high| {
        let pause = pause(retries, &mut random).as_millis();
        assert!((low..=high).contains(&pause), "{retries}: {pause}");
    };
    within(0, 10, 20);
    within(1, 20, 40);
    within(4, 160, 320);
    within(10, 500, 1_000);
    within(u32::MAX, 500, 1_000);
}
