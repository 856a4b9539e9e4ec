//! Owns the proxy's tests: over real sockets, in front of a "database" that answers each message and keeps it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::{Proxy, Weather};
use crate::clock::Stopwatch;

const BEGIN: &[u8] = b"Q\0\0\0\x0aBEGIN\0";
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const PATIENCE: Duration = Duration::from_secs(10);
/// What does not come in this time is taken not to come.
const A_WHILE: Duration = Duration::from_millis(150);

struct Scene {
    proxy: Proxy,
    /// Each piece that the database got; none behind its end.
    got: Receiver<Vec<u8>>,
}

/// A database that says `ok` to every piece.
fn scene() -> Scene {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = Proxy::start(listener.local_addr().expect("it listens")).expect("the proxy listens");
    let (sender, got) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut buffer = [0; 1_024];
                while let Ok(length) = stream.read(&mut buffer)
                    && length > 0
                {
                    let _kept = (sender.send(buffer[..length].to_vec()), stream.write_all(b"ok"));
                }
            });
        }
    });
    Scene { proxy, got }
}

impl Scene {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.proxy.port())).expect("the proxy listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a good time");
        stream
    }

    fn next(&self) -> Vec<u8> {
        self.got.recv_timeout(PATIENCE).expect("the database gets it")
    }

    fn nothing_comes(&self) {
        assert_eq!(self.got.recv_timeout(A_WHILE), Err(RecvTimeoutError::Timeout));
    }
}

/// The answer; none where the connection was closed.
fn ask(mut stream: &TcpStream, message: &[u8]) -> Option<Vec<u8>> {
    stream.write_all(message).ok()?;
    let mut buffer = [0; 16];
    let length = stream.read(&mut buffer).unwrap_or(0);
    (length > 0).then(|| buffer[..length].to_vec())
}

#[test]
fn in_clear_weather_all_passes_both_ways() {
    let scene = scene();
    let stream = scene.connect();
    for message in [BEGIN, COMMIT] {
        assert_eq!(ask(&stream, message).as_deref(), Some(&b"ok"[..]));
        assert_eq!(scene.next(), message);
    }
    assert_eq!(scene.proxy.hits().commits.load(Ordering::Relaxed), 1);
}

#[test]
fn every_second_commit_is_cut_before_it_arrives() {
    let scene = scene();
    scene.proxy.set(Weather::CommitCut);
    let stream = scene.connect();
    assert!(ask(&stream, BEGIN).is_some());
    assert_eq!(scene.next(), BEGIN);
    assert_eq!(ask(&stream, COMMIT), None);
    scene.nothing_comes();
    assert!(ask(&scene.connect(), COMMIT).is_some());
    assert_eq!(scene.next(), COMMIT);
    assert_eq!(scene.proxy.hits().commits_cut.load(Ordering::Relaxed), 1);
}

#[test]
fn every_second_reply_to_a_commit_is_dropped_after_the_commit_arrived() {
    let scene = scene();
    scene.proxy.set(Weather::ReplyDropped);
    assert_eq!(ask(&scene.connect(), COMMIT), None);
    assert_eq!(scene.next(), COMMIT);
    assert!(ask(&scene.connect(), COMMIT).is_some());
    assert_eq!(scene.proxy.hits().replies_dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn a_late_commit_arrives_when_its_sender_is_long_cut_off() {
    let scene = scene();
    let late = Duration::from_millis(300);
    scene.proxy.set(Weather::CommitLate(late));
    let stopwatch = Stopwatch::start();
    assert_eq!(ask(&scene.connect(), COMMIT), None);
    assert!(stopwatch.elapsed() < late, "the sender waits");
    assert_eq!(scene.next(), COMMIT);
    assert!(stopwatch.elapsed() >= late, "it is not late");
}

#[test]
fn what_is_sent_into_silence_arrives_when_it_is_over() {
    let scene = scene();
    let stream = scene.connect();
    assert!(ask(&stream, BEGIN).is_some());
    scene.next();
    scene.proxy.set(Weather::Silent);
    (&stream).write_all(COMMIT).expect("nobody hears, nobody refuses");
    let newcomer = scene.connect();
    (&newcomer).write_all(BEGIN).expect("nobody hears, nobody refuses");
    scene.nothing_comes();
    // Even that the sender goes away is heard only later.
    drop(stream);
    scene.proxy.set(Weather::Clear);
    let mut both = [scene.next(), scene.next()];
    both.sort();
    assert_eq!(both, [BEGIN.to_vec(), COMMIT.to_vec()]);
}

#[test]
fn cut_ends_what_is_open_and_refused_what_comes() {
    let scene = scene();
    let stream = scene.connect();
    assert!(ask(&stream, BEGIN).is_some());
    scene.proxy.cut();
    assert_eq!(ask(&stream, BEGIN), None);
    let other = scene.connect();
    assert!(ask(&other, BEGIN).is_some(), "others may come");
    scene.proxy.set(Weather::Refused);
    assert_eq!(ask(&other, BEGIN), None);
    assert_eq!(ask(&scene.connect(), BEGIN), None);
    scene.proxy.set(Weather::Clear);
    assert!(ask(&scene.connect(), BEGIN).is_some());
    let hits = scene.proxy.hits();
    assert_eq!((hits.cut.load(Ordering::Relaxed), hits.refused.load(Ordering::Relaxed)), (2, 1));
}

#[test]
fn delay_and_throttle_take_their_time() {
    let scene = scene();
    let stream = scene.connect();
    let pause = Duration::from_millis(100);
    for weather in [Weather::Delayed(pause), Weather::Throttled(100)] {
        scene.proxy.set(weather);
        let stopwatch = Stopwatch::start();
        assert!(ask(&stream, BEGIN).is_some());
        assert!(stopwatch.elapsed() >= pause, "{weather:?} takes {:?}", stopwatch.elapsed());
    }
}
