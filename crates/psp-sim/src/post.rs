//! Owns the callbacks that wait, and the client that sends them. It does not know what stands in one, nor what an answer to
//! it means.

mod tray;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::book::Letter;
use crate::{Error, clock};
pub(crate) use tray::Told;
use tray::{Delivery, Tray};

/// How long a merchant may take: WeChat Pay waits five seconds, and so do all here.
const ANSWER_MAX: Duration = Duration::from_secs(5);
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// So many callbacks are on their way at once.
pub(crate) const AT_ONCE: usize = 64;
/// So much of an answer is read; an acknowledgement has a few bytes.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// A callback as it is sent.
pub(crate) struct Parcel {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Status and body, or why there is none.
pub(crate) type Answered = Result<(u16, Vec<u8>), String>;

/// The callbacks that are on their way.
pub(crate) struct Post {
    tray: Mutex<Tray>,
    earlier: Notify,
    client: reqwest::Client,
    /// How much faster than the provider a callback is sent again.
    time_scale: f64,
}

impl Post {
    pub(crate) fn new(time_scale: f64) -> Result<Self, Error> {
        // Callbacks go over plain HTTP; but where the client can speak TLS it wants to know how. Somebody may have said so.
        let _known = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .pool_max_idle_per_host(AT_ONCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| Error::Client)?;
        let time_scale = if time_scale.is_finite() { time_scale.clamp(0.001, 1e9) } else { 1.0 };
        Ok(Self { tray: Mutex::default(), earlier: Notify::new(), client, time_scale })
    }

    pub(crate) fn take(&self, letters: Vec<Letter>) {
        if letters.is_empty() {
            return;
        }
        let mut tray = self.lock();
        for letter in letters {
            tray.put(letter);
        }
        drop(tray);
        self.earlier.notify_one();
    }

    /// What waits, and what was sent and answered, as JSON; of both the latest.
    pub(crate) fn shown(&self) -> Value {
        let tray = self.lock();
        json!({"waiting": tray.waiting(), "deliveries": tray.deliveries()})
    }

    /// What was told of a charge, the first word first.
    pub(crate) fn told(&self, charge_no: &str) -> Vec<Told> {
        self.lock().told(charge_no)
    }

    /// Whether a callback of this charge has been tried.
    pub(crate) fn has_tried(&self, charge_no: &str) -> bool {
        self.lock().has_tried(charge_no)
    }

    /// What is due by now, or how long nothing is.
    pub(crate) fn due(&self) -> Result<Vec<Letter>, Duration> {
        self.lock().take_due(clock::now())
    }

    /// Until something is due earlier than before, but no longer than this.
    pub(crate) async fn rest(&self, wait: Duration) {
        let _ = tokio::time::timeout(wait, self.earlier.notified()).await;
    }

    /// A callback was sent at that time, and was taken or not; it leaves again so many of the provider's seconds later, or is
    /// done with.
    pub(crate) fn tried(&self, letter: Letter, at: i64, answer: Answered, (taken, again): (bool, Option<u64>)) {
        let now = clock::now();
        let next = again.map(|seconds| now + wait(seconds, self.time_scale));
        let mut tray = self.lock();
        tray.log(Delivery::of(&letter, at, now - at, taken, answer));
        tray.tried(letter, next, now);
        drop(tray);
        self.earlier.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn send(&self, url: &str, parcel: Parcel) -> Answered {
        let mut request = self.client.post(url).body(parcel.body);
        for (name, value) in parcel.headers {
            request = request.header(name, value);
        }
        // Only the kind of an error is shown: its text may hold the URL, and that a secret.
        let told = |error: &reqwest::Error| match () {
            () if error.is_timeout() => "no answer in time".to_owned(),
            () if error.is_connect() => "no connection".to_owned(),
            () => "the connection broke".to_owned(),
        };
        let mut response = request.send().await.map_err(|error| told(&error))?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| told(&error))? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_BYTES_MAX {
                return Err("the answer is too long".to_owned());
            }
        }
        Ok((response.status().as_u16(), body))
    }
}

fn wait(seconds: u64, time_scale: f64) -> i64 {
    let wait = Duration::from_secs(seconds).div_f64(time_scale);
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_run_as_much_faster_as_is_wished() {
        assert_eq!(wait(15, 1.0), 15_000);
        assert_eq!(wait(15, 1_000.0), 15);
        assert_eq!(wait(86_400, 0.001), 86_400_000_000);
    }
}
