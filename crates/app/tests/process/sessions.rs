//! Sessions over several real servers while Redis is well, forgets, dies, falls silent and comes back as of a while ago: who is
//! in stays in, and who was put out is out on every server within the time that is promised.

mod fail_over;
mod money;
mod without_redis;

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::harness::{Answer, Database, Redis, Server, Shopper, Way, until};

const NODES: usize = 3;
const PASSWORD: &str = "three red birds";
/// What decision 36 promises where the news do not arrive: this long a server remembers.
const REMEMBERED: Duration = Duration::from_millis(500);
/// And this long it may stand in Redis, behind a fail-over too.
const SHARED: Duration = Duration::from_secs(2);
/// Between what the database said and what is remembered of it lies what a busy machine takes.
const GRACE: Duration = Duration::from_millis(300);
/// How often each server is asked.
const STEP: Duration = Duration::from_millis(10);

/// Servers on one database, each with a way of its own to Redis.
struct House {
    database: Database,
    nodes: Vec<Server>,
    ways: Vec<Way>,
}

/// Somebody's session.
struct Session {
    id: String,
    token: String,
}

/// Somebody who asks every server again and again who they are.
struct Watch {
    is_over: watch::Sender<bool>,
    nodes: Vec<JoinHandle<Vec<Asked>>>,
    counts: Vec<watch::Receiver<[usize; 2]>>,
}

/// A question, and whether it was answered to somebody who is in.
#[derive(Clone, Copy, Debug)]
struct Asked {
    sent_at: Instant,
    let_in: bool,
}

impl House {
    async fn open(database: Database, redis: &Redis) -> Self {
        let ways = join_all((0..NODES).map(|_| Way::to(redis))).await;
        let flags: Vec<_> = ways.iter().map(|way| ["--redis-url", way.url.as_str()]).collect();
        let nodes = join_all(flags.iter().map(|flags| database.node_with(flags))).await;
        Self { database, nodes, ways }
    }

    /// A new member.
    async fn add(&self, login: &str) {
        let body = json!({"login": login, "name": login, "password": PASSWORD});
        send(&self.nodes[0].admin, Method::POST, "members", login, &body).await.expect(201);
    }

    /// Logs in at the first server; every server has let them in since.
    async fn log_in(&self, login: &str) -> Session {
        let tokens = log_in(&self.nodes[0], login).await;
        let session = Session { id: tokens.text("/session_id"), token: tokens.text("/access_token") };
        for node in &self.nodes {
            session.at(node).get("/api/v1/me").await.expect(200);
        }
        session
    }

    /// Ends the session at the first server; when that had answered.
    async fn end(&self, session: &Session) -> Instant {
        let path = format!("sessions/{}", session.id);
        send(&session.at(&self.nodes[0]), Method::DELETE, &path, "ignored", &json!({})).await.expect(204);
        Instant::now()
    }

    async fn close(self) {
        self.database.close(self.nodes).await;
    }
}

impl Session {
    fn at(&self, node: &Server) -> Shopper {
        Shopper { address: node.admin.address, secret: self.token.clone() }
    }
}

impl Watch {
    fn begin(house: &House, session: &Session) -> Self {
        let (is_over, over) = watch::channel(false);
        let (mut nodes, mut counts) = (Vec::new(), Vec::new());
        for node in &house.nodes {
            let (told, count) = watch::channel([0, 0]);
            nodes.push(tokio::spawn(ask(session.at(node), over.clone(), told)));
            counts.push(count);
        }
        Self { is_over, nodes, counts }
    }

    /// Waits until every server has let them in so many more times.
    async fn goes_on(&self, times: usize) {
        self.counted(1, times).await;
    }

    /// Waits until every server has refused them so many more times.
    async fn is_refused(&self, times: usize) {
        self.counted(0, times).await;
    }

    async fn counted(&self, what: usize, times: usize) {
        let wanted: Vec<_> = self.counts.iter().map(|count| count.borrow()[what] + times).collect();
        until("every server has answered", async || {
            self.counts.iter().zip(&wanted).all(|(count, wanted)| count.borrow()[what] >= *wanted)
        })
        .await;
    }

    /// What each server said, in order.
    async fn end(self) -> Vec<Vec<Asked>> {
        self.is_over.send_replace(true);
        join_all(self.nodes).await.into_iter().map(|asked| asked.expect("nobody panics")).collect()
    }
}

async fn ask(person: Shopper, over: watch::Receiver<bool>, told: watch::Sender<[usize; 2]>) -> Vec<Asked> {
    let mut asked = Vec::new();
    while !*over.borrow() {
        let sent_at = Instant::now();
        let answer = person.get("/api/v1/me").await;
        let let_in = answer.status == 200;
        assert!(let_in || answer.text("/code") == "session_ended", "{answer:?}");
        asked.push(Asked { sent_at, let_in });
        told.send_modify(|counts| counts[usize::from(let_in)] += 1);
        tokio::time::sleep(STEP).await;
    }
    asked
}

/// Nobody was let in who asked later than so long behind the end, and everybody who asked before it was.
#[track_caller]
fn out_within(bound: Duration, said: &[Vec<Asked>], (ended_before, ended_at): (Instant, Instant)) {
    for (node, asked) in said.iter().enumerate() {
        let early = asked.iter().filter(|it| it.sent_at < ended_before && !it.let_in).count();
        // One that was on its way may have met the end.
        assert!(early <= 1, "server {node} refused {early} who were in");
        let last = asked.iter().filter(|it| it.let_in).map(|it| it.sent_at).max().expect("they were in");
        let late = last.saturating_duration_since(ended_at);
        assert!(late <= bound + GRACE, "server {node} let them in {late:?} behind the end");
    }
}

async fn log_in(node: &Server, login: &str) -> Answer {
    let body = json!({"login": login, "password": PASSWORD, "device": {"type": "app"}});
    let nobody = Shopper { address: node.admin.address, secret: "none".to_owned() };
    send(&nobody, Method::POST, "sessions", "ignored", &body).await.expect(201)
}

async fn send(by: &Shopper, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    by.send(method, &format!("/api/v1/{path}"), key, &body.to_string()).await.expect("the server is there")
}
