//! Owns what the API lets through and how long it waits.

use std::time::Duration;

/// What the API lets through and how long it waits.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The longest body, in bytes.
    pub body_bytes_max: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request waits for its answer.
    pub answer_wait: Duration,
    /// How long an order may wait for payment.
    pub payment_timeout: Duration,
    /// How long an issued order number is good.
    pub order_number_validity: Duration,
    /// How long a one-time token is good. Less than the records of keys are kept.
    pub token_validity: Duration,
    /// How many requests are worked on at once; beyond, 503.
    pub concurrent_requests_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            body_timeout: Duration::from_secs(30),
            answer_wait: Duration::from_secs(10),
            payment_timeout: Duration::from_mins(30),
            order_number_validity: Duration::from_hours(24),
            token_validity: Duration::from_mins(30),
            concurrent_requests_max: 4_096,
        }
    }
}
