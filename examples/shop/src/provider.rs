//! Owns what is asked of the payment provider. It knows nothing of orders.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::json;

/// The provider knows a number again for so long.
pub const REMEMBERS: Duration = Duration::from_hours(24);
/// For so long, not to know it proves that it was never asked: clocks differ, and who finds nothing asks a moment later.
pub const PROVES: Duration = Duration::from_hours(23);
/// A call may take so long; less than a payment may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// What came of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Charged,
    Declined,
}

/// The provider, under its address.
#[derive(Clone)]
pub struct Provider {
    client: Client,
    url: String,
}

impl Provider {
    /// The provider at this address, such as `http://localhost:4001`. An error where there is no TLS to be had.
    pub fn at(url: &str) -> reqwest::Result<Self> {
        // The client must be told how to speak TLS. Somebody may have told already.
        let _known = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(CALL_TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// Charges under this number. After an error it may have been done.
    pub async fn charge(&self, number: &str, amount_cents: i64) -> reqwest::Result<Outcome> {
        let request = self.client.post(format!("{}/charges", self.url)).header("Idempotency-Key", number);
        outcome(request.json(&json!({"amount_cents": amount_cents})).send().await?)
    }

    /// What came of the charge with this number; nothing where the provider never heard of it.
    pub async fn find(&self, number: &str) -> reqwest::Result<Option<Outcome>> {
        let response = self.client.get(format!("{}/charges/{number}", self.url)).send().await?;
        if response.status() == StatusCode::NOT_FOUND { Ok(None) } else { outcome(response).map(Some) }
    }
}

fn outcome(response: Response) -> reqwest::Result<Outcome> {
    if response.status() == StatusCode::PAYMENT_REQUIRED {
        return Ok(Outcome::Declined);
    }
    response.error_for_status().map(|_| Outcome::Charged)
}
