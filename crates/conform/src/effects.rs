//! Owns counting what was really done: by asking the service, or by the names of what was made.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::report::Finding;
use crate::subject::Subject;
use crate::wish::Wish;

/// So long a count may lag behind an answer.
const LAG_MAX: Duration = Duration::from_secs(2);
const LAG_STEP: Duration = Duration::from_millis(20);

/// How many effects there were when a row began.
pub(crate) struct Effects {
    before: Option<i64>,
}

impl Effects {
    /// Counts them now.
    pub(crate) async fn now(subject: &Subject) -> Result<Self, Finding> {
        Ok(Self { before: count(subject).await? })
    }

    /// So many have come since. Where the service does not count, they are judged by what these answers say was made.
    pub(crate) async fn grew_by(&self, subject: &Subject, expected: usize, told: &[&Answer]) -> Result<(), Finding> {
        self.grew_between(subject, [expected, expected], told).await
    }

    /// The same where it is not known how many.
    pub(crate) async fn grew_between(
        &self,
        subject: &Subject,
        [least, most]: [usize; 2],
        told: &[&Answer],
    ) -> Result<(), Finding> {
        let made: BTreeSet<_> =
            told.iter().filter(|answer| answer.is_success()).map(|it| subject.identity(it)).collect();
        if made.len() > most {
            let seen = format!("{} answers that tell of different things", made.len());
            return Err(Finding::failed(format!("{most} effects"), seen));
        }
        let Some(before) = self.before else { return Ok(()) };
        let bounds = [least, most].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
        let deadline = Instant::now() + LAG_MAX;
        loop {
            let grown = count(subject).await?.map_or(0, |now| now - before);
            if (bounds[0]..=bounds[1]).contains(&grown) {
                return Ok(());
            }
            if grown > bounds[1] || Instant::now() >= deadline {
                let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
                return Err(Finding::failed(format!("{expected} effects"), format!("{grown}, as the service counts")));
            }
            tokio::time::sleep(LAG_STEP).await;
        }
    }
}

/// What the service counts; nothing where it does not.
async fn count(subject: &Subject) -> Result<Option<i64>, Finding> {
    let profile = subject.profile();
    let Some(path) = &profile.effects else { return Ok(None) };
    let call = Call::new(subject, Caller::First, path, &Wish::nothing()).method("GET");
    let answer = subject.settled(&call).await?;
    let body = answer.json().unwrap_or_default();
    let counted = match body.pointer(&profile.effects_pointer) {
        Some(Value::Array(items)) => i64::try_from(items.len()).ok(),
        Some(value) => value.as_i64(),
        None => None,
    };
    match counted {
        Some(counted) => Ok(Some(counted)),
        None => Err(Finding::failed(
            format!("a count of effects at {path}, {}", profile.effects_pointer),
            format!("{} without it", answer.shown()),
        )),
    }
}
