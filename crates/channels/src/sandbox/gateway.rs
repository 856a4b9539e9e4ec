//! Owns how the sandbox is asked, and how its answers and callbacks are verified. It does not know what is asked for.

use outbound::Method;
use serde_json::Value;

use super::Sandbox;
use super::message::Said;
use crate::ask::{Question, STATEMENT_BYTES_MAX, behind};
use crate::{Callback, Failure, Rejected, clock};

/// Where statements lie; they may be long.
pub(super) const STATEMENTS: &str = "/v1/statements/";
const ACCOUNT: &str = "x-sandbox-account";
const TIMESTAMP: &str = "x-sandbox-timestamp";
const SIGNATURE: &str = "x-sandbox-signature";

impl Sandbox {
    /// Asks, and believes the answer only where it is signed and of now. Behind 5xx nobody knows what was done.
    pub(super) async fn call(&self, method: Method, path: &str, wish: Option<(&Value, &str)>) -> Result<Said, Failure> {
        let url = behind(&self.gateway, path)?;
        let body = wish.map(|(wish, _)| wish.to_string()).unwrap_or_default().into_bytes();
        let mut question = Question { method, url, headers: Vec::new(), body };
        let asked = format!("{} {}", question.method, question.target());
        let timestamp = clock::seconds(clock::now()).to_string();
        let signature = self.keys[0].stamp(&signed(&asked, &timestamp, &question.body));
        question.headers = vec![(ACCOUNT, self.account.clone()), (TIMESTAMP, timestamp), (SIGNATURE, signature)];
        if let Some((_, key)) = wish {
            question.headers.push(("content-type", "application/json".to_owned()));
            question.headers.push(("idempotency-key", key.to_owned()));
        }
        let answer = if path.starts_with(STATEMENTS) {
            self.ask.send_within(question, STATEMENT_BYTES_MAX).await?
        } else {
            self.ask.send(question).await?
        };
        let timestamp = answer.header(TIMESTAMP).unwrap_or_default();
        let text = signed(&format!("{} {asked}", answer.status), timestamp, &answer.body);
        if !self.holds(&text, answer.header(SIGNATURE).unwrap_or_default()) {
            return Err(answer.unknown("the answer's signature does not hold"));
        }
        clock::near(timestamp, clock::now()).map_err(|what| answer.unknown(&what))?;
        Said::read(&answer)
    }

    /// Whether a callback is the sandbox's, and of now.
    pub(super) fn verify_callback(&self, callback: &Callback<'_>) -> Result<(), Rejected> {
        let header = |wanted: &str| {
            let found = callback.headers.iter().find(|(name, _)| name == wanted);
            let missing = || Rejected::Signature(format!("the header {wanted} is missing"));
            found.map(|(_, value)| &value[..]).ok_or_else(missing)
        };
        let (timestamp, signature) = (header(TIMESTAMP)?, header(SIGNATURE)?);
        if !self.holds(&signed("CALLBACK", timestamp, callback.body), signature) {
            return Err(Rejected::Signature("it is no secret's of this account".to_owned()));
        }
        clock::near(timestamp, callback.at).map_err(Rejected::Stale)
    }

    fn holds(&self, text: &[u8], signature: &str) -> bool {
        self.keys.iter().any(|key| key.holds(text, signature))
    }
}

/// The text that a signature covers.
pub(super) fn signed(first: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    let mut text = format!("{first}\n{timestamp}\n").into_bytes();
    text.extend_from_slice(body);
    text
}
