//! Owns how Stripe is asked and what its errors mean. It does not know what is asked for.
//! Rules: <https://docs.stripe.com/api/errors>, <https://docs.stripe.com/error-low-level>.

use domain::channel::RawAnswer;
use outbound::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Stripe;
use crate::ask::{Answer, Question, behind};
use crate::fact::Unreadable;
use crate::{Failure, fact, form, raw};

/// The version whose shapes are read, whatever the account's own is.
const VERSION: &str = "2024-06-20";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Errors {
    error: Error,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Error {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

impl Stripe {
    /// Asks for something to be done; what was answered, and in which words.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        wish: &[(&str, &str)],
        key: Option<&str>,
    ) -> Result<(T, RawAnswer), Failure> {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        headers.extend(key.map(|key| ("idempotency-key", key.to_owned())));
        self.call(Method::POST, path, headers, form::encode(wish.iter().copied())).await
    }

    /// Asks about something; what was answered, and in which words.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<(T, RawAnswer), Failure> {
        self.call(Method::GET, path, Vec::new(), String::new()).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        mut headers: Vec<(&'static str, String)>,
        body: String,
    ) -> Result<(T, RawAnswer), Failure> {
        headers.push(("authorization", format!("Bearer {}", self.secret_key.reveal())));
        headers.push(("stripe-version", VERSION.to_owned()));
        let question = Question { method, url: behind(&self.gateway, path)?, headers, body: body.into_bytes() };
        let answer = self.ask.send(question).await?;
        match answer.status {
            200 => {
                let said = serde_json::from_slice(&answer.body).map_err(Unreadable::json)?;
                Ok((said, raw::of(&answer.body)))
            }
            status => Err(failed(status, &answer)),
        }
    }
}

fn failed(status: u16, answer: &Answer) -> Failure {
    let Ok(Errors { error }) = serde_json::from_slice(&answer.body) else {
        return answer.unknown("Stripe's answer cannot be read");
    };
    let code = [error.decline_code, error.code].into_iter().flatten().find(|code| !code.is_empty());
    let code = code.unwrap_or_else(|| error.kind.clone());
    let message = error.message.unwrap_or_default();
    let said = fact::brief(&format!("Stripe says {status} {code}: {message}"));
    match status {
        // Not counted, not begun. <https://docs.stripe.com/rate-limits>
        429 => Failure::TooOften { said, pause: answer.retry_after() },
        // The key is not one of Stripe's, or may not do this. Nothing was looked at.
        401 | 403 => fact::denied(&code, &message, raw::of(&answer.body)),
        // The same key is at work, or was used for something else: what it did is not told.
        409 => Failure::Unknown(said),
        400 if error.kind == "idempotency_error" => Failure::Unknown(said),
        400 | 402 | 404 if !error.kind.is_empty() => fact::refused(&code, &message, raw::of(&answer.body)),
        _ => answer.unknown("Stripe does not tell what it did"),
    }
}
