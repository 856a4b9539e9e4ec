//! What any holder of an idempotency key must do, asked of a service over HTTP, case by case. It knows nothing of how the
//! service is made: it depends on no other crate of ours, so that it cannot share a mistake with them.
//!
//! A [`Profile`] says where the service is and what may be asked of it; [`run`] asks every row whose means the profile
//! has, one after the other, and tells of each how it went. What each row asks stands in the README of this crate.

mod answer;
mod basics;
mod call;
mod case;
mod client;
mod concurrency;
mod effects;
mod failure;
mod fingerprint;
mod header;
mod junit;
mod need;
mod process;
mod profile;
mod raw;
mod report;
mod secrecy;
mod spelling;
mod storm;
mod subject;
mod wish;

use thiserror::Error;

pub use profile::{Mode, Profile};
pub use report::{Outcome, Report, Verdict};

use subject::Subject;

/// Why nothing can be asked at all.
#[derive(Debug, Error)]
pub enum Error {
    /// A member of the profile is missing or means nothing.
    #[error("{member}: {why}")]
    Profile {
        /// Which member.
        member: String,
        /// What is wrong with it.
        why: String,
    },
    /// The profile is not a JSON object of the members it may have.
    #[error("the profile cannot be read")]
    Json(#[source] serde_json::Error),
    /// There is no client to ask with.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
    /// The service could not be started.
    #[error("the command that starts the service: {0}")]
    Start(String),
    /// Nobody answers at the address.
    #[error("nobody answers at {url}: {why}")]
    NotThere {
        /// The address.
        url: String,
        /// What was seen instead of an answer.
        why: String,
    },
}

/// Asks every row of the profile, and tells of each as soon as it is known.
///
/// The rows come one after the other: each counts effects, and would count those of another.
pub async fn run(profile: &Profile, tell: &(dyn Fn(&Outcome) + Send + Sync)) -> Result<Report, Error> {
    let rows = profile.rows()?;
    let subject = Subject::new(profile).await?;
    let mut outcomes = Vec::with_capacity(rows.len());
    for case in rows {
        let outcome = case.judge(&subject).await;
        tell(&outcome);
        outcomes.push(outcome);
    }
    subject.close().await;
    Ok(Report { url: profile.url.clone(), outcomes })
}
