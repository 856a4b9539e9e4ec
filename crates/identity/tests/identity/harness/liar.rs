//! Owns an OpenID provider that answers what a test tells it to; left alone it is honest but for letting everybody in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use identity::provider::oidc::{ClientProof, OpenId, Settings, Sources};
use identity::provider::{Callback, Identity, Kept, RedirectProvider as _, Refused, Secret};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{PATIENCE, Signer};

/// What we are called there.
pub const CLIENT: &str = "mideng";

/// It runs until this is dropped.
pub struct Liar {
    pub issuer: String,
    pub signer: Signer,
    state: Arc<Mutex<Answers>>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Answers {
    said: HashMap<String, (u16, String, Vec<u8>)>,
    asked: HashMap<String, Vec<String>>,
}

impl Liar {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("there is a port");
        let issuer = format!("http://{}", listener.local_addr().expect("it has an address"));
        let state = Arc::<Mutex<Answers>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let liar = Self { issuer, signer: Signer::new("first"), state, _server: server };
        liar.say_of_itself(|_| {});
        liar.show_keys(&[&liar.signer]);
        liar
    }

    /// Says so, as JSON.
    pub fn say(&self, path: &str, value: &Value) {
        self.say_bytes(path, (200, "application/json", value.to_string().as_bytes()));
    }

    /// Says so, whatever it is: a status, a kind, a body; with a status of 3xx the kind is the place to go to.
    pub fn say_bytes(&self, path: &str, (status, kind, body): (u16, &str, &[u8])) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.said.insert(path.to_owned(), (status, kind.to_owned(), body.to_vec()));
    }

    /// Says of itself what is right, changed by the test.
    pub fn say_of_itself(&self, change: impl Fn(&mut Value)) {
        let issuer = &self.issuer;
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        });
        change(&mut metadata);
        self.say("/.well-known/openid-configuration", &metadata);
    }

    /// Shows the keys of these.
    pub fn show_keys(&self, signers: &[&Signer]) {
        let keys: Vec<_> = signers.iter().map(|signer| signer.public()).collect();
        self.say("/keys", &json!({ "keys": keys }));
    }

    /// Gives this token for whatever code.
    pub fn give(&self, token: &str) {
        self.say("/token", &json!({ "access_token": "access-1", "token_type": "Bearer", "id_token": token }));
    }

    /// Claims that are right for a login.
    pub fn claims(&self, nonce: &str) -> Value {
        let now = now();
        json!({
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person-17",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "preferred_username": "ada",
            "name": "Ada",
            "email": "ada@example.test",
            "email_verified": true,
            "groups": ["staff"],
        })
    }

    /// What was asked at a path: the bodies.
    pub fn asked(&self, path: &str) -> Vec<String> {
        self.state.lock().expect("nobody panics with it").asked.get(path).cloned().unwrap_or_default()
    }

    /// Settings to ask it.
    pub fn settings(&self) -> Settings {
        Settings {
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: ClientProof::Header(Secret::new("client-secret-1")),
            redirect_url: "https://shop.example.test/login/back".to_owned(),
            scopes: vec!["profile".to_owned()],
            groups: "/groups".to_owned(),
            claims: Sources::Token,
            authority: None,
            networks: Vec::new(),
            answer_max: PATIENCE,
            metadata_max: Duration::from_hours(1),
            keys_again: Duration::from_mins(5),
        }
    }

    /// A login from its beginning to its end, with a token that the test makes for its nonce.
    pub async fn log_in(&self, open_id: &OpenId, token: impl FnOnce(&str) -> String) -> Result<Identity, Refused> {
        let begun = open_id.begin("/").await?;
        self.give(&token(&parameter(&begun.url, "nonce")));
        open_id.finish(&begun.kept, &came_back(&begun.url)).await
    }

    /// A login that is right.
    pub async fn log_in_well(&self, open_id: &OpenId) -> Result<Identity, Refused> {
        self.log_in(open_id, |nonce| self.signer.token(&self.claims(nonce))).await
    }

    /// What is kept of a login that is right up to its last step, and what the browser brings.
    pub async fn begin_well(&self, open_id: &OpenId) -> (Kept, Callback) {
        let begun = open_id.begin("/").await.expect("it can begin");
        self.give(&self.signer.token(&self.claims(&parameter(&begun.url, "nonce"))));
        let callback = came_back(&begun.url);
        (begun.kept, callback)
    }
}

/// Somebody who asks a provider.
pub fn open_id(settings: Settings) -> OpenId {
    OpenId::open(settings).expect("the settings are right")
}

/// As a browser comes back from an honest provider.
pub fn came_back(url: &str) -> Callback {
    Callback { code: Some("code-1".to_owned()), state: Some(parameter(url, "state")), ..Callback::default() }
}

/// What an address says under a name.
pub fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("an address");
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    values.next().unwrap_or_else(|| panic!("{name} is missing in {url}"))
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a provider says when it made a token")]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_secs()
}

async fn answer(State(state): State<Arc<Mutex<Answers>>>, uri: Uri, body: Bytes) -> Response {
    let mut state = state.lock().expect("nobody panics with it");
    let body = String::from_utf8_lossy(&body).into_owned();
    state.asked.entry(uri.path().to_owned()).or_default().push(body);
    match state.said.get(uri.path()) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((status, kind, body)) => {
            let status = StatusCode::from_u16(*status).expect("a status");
            let name = if status.is_redirection() { header::LOCATION } else { header::CONTENT_TYPE };
            (status, [(name, kind.clone())], body.clone()).into_response()
        }
    }
}
