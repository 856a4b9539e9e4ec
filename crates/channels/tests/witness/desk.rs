//! A provider's gateway that keeps what was sent to it and gives each question the same answer.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub authorization: String,
    pub body: String,
}

#[derive(Clone)]
pub struct Desk {
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: String,
}

impl Desk {
    pub async fn open(answer: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/gateway", listener.local_addr().unwrap());
        let desk = Self { address, seen: Arc::default(), answer: answer.to_owned() };
        let router = Router::new().fallback(take).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        desk
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn take(State(desk): State<Desk>, request: Request) -> String {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    let authorization = head.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let seen = Seen {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        authorization: authorization.to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    desk.seen.lock().unwrap().push(seen);
    desk.answer
}
