//! Owns what an answer, or the want of one, means: for the message, and for how the provider is taken to do.

use std::time::Duration;

use channels::{Entry, Failure, Health, Heard};
use domain::channel::{Digest, Fact, NextAction, Source, Subject, Verdict};
use domain::outbox::Task;
use domain::text::Code;
use domain::{Action, ApplyChannelFact, NoteSilence};

use crate::courier::Performed;

/// The pause behind a call too many, where the channel did not say how long; and the bounds of what it may say.
const TOO_OFTEN_PAUSE: Duration = Duration::from_secs(5);
const TOO_OFTEN_PAUSE_MIN: Duration = Duration::from_secs(1);
const TOO_OFTEN_PAUSE_MAX: Duration = Duration::from_mins(5);

/// What came of a call.
type Outcome = Result<(Heard, Option<NextAction>), Failure>;

/// What it means. `refused` is what a refusal is about, where it says that nothing was done.
pub(crate) fn said(
    (entry, health): (&Entry, &Health),
    task: Task,
    (outcome, source): (Outcome, Source),
    refused: Option<Subject>,
) -> Performed {
    note(health, &outcome);
    let account = entry.account.id;
    let apply = |Heard { fact, raw }, action| {
        let digest = Digest::of_answer(account, source, &fact);
        let apply = ApplyChannelFact { account, source, fact, digest, raw, action, is_again: false };
        Performed::Answer(Box::new(Action::ApplyChannelFact(apply)))
    };
    let failure = match outcome {
        Ok((heard, action)) => return apply(heard, action),
        Err(failure) => failure,
    };
    let raw = failure.raw().cloned();
    let (channel, name, about) = (&entry.account.name, task.name(), task.subject());
    match failure {
        Failure::NotSent(why) => {
            tracing::warn!(channel, why, "a channel cannot be reached; it is tried again");
            Performed::NotSent(why)
        }
        Failure::Unknown(why) | Failure::Unclear(why) => {
            tracing::warn!(channel, task = name, subject = about, why, "no answer");
            silence(task, "no_answer")
        }
        Failure::TooOften { said, pause } => {
            tracing::info!(channel, subject = about, said, "a channel was asked too often");
            Performed::Later(pause_ms(pause), said)
        }
        // Nothing was done, so whoever pays is told, and may choose another way. All else waits for a person: a charge that
        // may not be asked about is there all the same, and a refund is owed.
        Failure::Denied { .. } if !matches!(task, Task::Charge(_)) => Performed::Stuck(failure.to_string()),
        Failure::Refused { code, message, .. }
        | Failure::Unfit { code, message }
        | Failure::Denied { code, message, .. } => {
            tracing::info!(channel, subject = about, code, message, "a channel refused");
            let Some(subject) = refused else { return silence(task, &code) };
            let code = Some(cut(&code).unwrap_or_else(|| Code::from_stored("refused")));
            let verdict = Verdict::Failed;
            let fact = Fact { subject, verdict, amount: None, channel_no: None, code, stranger: None };
            apply(Heard { fact, raw }, None)
        }
        Failure::Misconfigured(why) => Performed::Stuck(why),
    }
}

/// What it says of how the provider does.
fn note(health: &Health, outcome: &Outcome) {
    match outcome {
        // Whoever says that it takes no more now, or nothing of this message, is there.
        Ok(_) | Err(Failure::TooOften { .. } | Failure::Refused { .. }) => health.answered(),
        Err(Failure::Denied { .. }) => health.denied(),
        Err(Failure::Unknown(_)) => health.silent(),
        // Where no request can be put together, others are to be tried first.
        Err(Failure::NotSent(_) | Failure::Misconfigured(_)) => health.away(),
        // Nobody was asked, or what was answered is not what this is about.
        Err(Failure::Unclear(_) | Failure::Unfit { .. }) => {}
    }
}

fn silence(task: Task, code: &str) -> Performed {
    Performed::Answer(Box::new(Action::NoteSilence(NoteSilence { task, code: cut(code) })))
}

/// A code as it may be written down; none where nothing is left.
fn cut(code: &str) -> Option<Code> {
    let code: String = code.chars().filter(|letter| !letter.is_control()).take(128).collect();
    (!code.is_empty()).then(|| Code::from_stored(&code))
}

/// How long a channel is left alone that was asked too often: as long as it said, within bounds.
fn pause_ms(said: Option<Duration>) -> i64 {
    let pause = said.unwrap_or(TOO_OFTEN_PAUSE).clamp(TOO_OFTEN_PAUSE_MIN, TOO_OFTEN_PAUSE_MAX);
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
