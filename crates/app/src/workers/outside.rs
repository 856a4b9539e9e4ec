//! Owns what this node knows of the outside: accounts with providers as they stand in the database, how these do as other
//! nodes found, and words about numbers that nobody knew and that are known by now.

use std::time::Duration;

use channels::{Directory, Listed};
use domain::channel::{ChannelEvent, Source};
use domain::{Action, ApplyChannelFact, Command, Timestamp, Whose};
use engine::Engine;
use idempotency::{CommandId, Fingerprints, Key, Target};
use store::{Actors, Store};
use tokio_util::sync::CancellationToken;

use super::{every, tick};

/// How long a word about an unknown number is tried again: longer than any provider repeats it.
const RETRY_FOR_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// So long behind its coming a success under an unknown number is put before a person; a callback may come before the
/// command that made its number is committed, but not so long.
const WAIT_MS: i64 = 5 * 60_000;
/// So far back a node looks each time, for the clocks of others.
const OVERLAP_MS: i64 = 10 * 60_000;
/// How many are tried in one step.
const STEP: u64 = 200;
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// Keeps the directory as the database has it.
#[derive(Clone)]
pub(crate) struct Outside {
    store: Store,
    directory: Directory,
}

/// Tries again what came before its time.
pub(super) struct Strays {
    store: Store,
    /// What came before that was put before a person.
    from: Option<Timestamp>,
    engine: Engine,
    actors: Actors,
}

impl Outside {
    pub(crate) fn new(store: &Store, directory: &Directory) -> Self {
        Self { store: store.clone(), directory: directory.clone() }
    }

    /// Reads the accounts anew. What changed is opened anew, and told if it cannot be.
    pub(crate) async fn refresh(&self) -> Result<(), store::Error> {
        let rows = self.store.channel_accounts().await?;
        let listed = rows.into_iter().map(|row| Listed {
            account: row.account,
            settings: row.settings,
            priority: row.priority,
            version: row.version,
        });
        for (name, failure) in self.directory.replace(listed.collect()) {
            tracing::error!(channel = name, %failure, "an account with a payment provider cannot be used");
        }
        // Whoever holds the lanes asks the providers; this node may know of them only what it is told.
        for (told, age_ms) in self.store.channel_health().await? {
            if let Some(entry) = self.directory.find(told.account) {
                entry.health.hear(told.is_well, Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)));
            }
        }
        Ok(())
    }

    /// Each second: a switch is seen at once where a payment is begun, and here soon after.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut timer = every(Duration::from_secs(1));
        while tick(&mut timer, &stop).await {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the accounts with payment providers could not be read; those known are kept");
            }
        }
    }
}

impl Strays {
    pub(super) fn new(store: &Store, engine: &Engine, actors: &Actors) -> Self {
        Self { store: store.clone(), from: None, engine: engine.clone(), actors: actors.clone() }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut timer = every(Duration::from_secs(2));
        let mut ticks: u32 = 0;
        while tick(&mut timer, &stop).await {
            // What has waited for minutes can wait for half of one.
            let told = if ticks.is_multiple_of(15) { self.tell().await } else { Ok(()) };
            if let Err(error) = told.and(self.step().await) {
                tracing::warn!(error = format!("{error:#}"), "words about unknown numbers could not be tried again");
            }
            ticks = ticks.wrapping_add(1);
        }
    }

    async fn step(&self) -> anyhow::Result<()> {
        let since = api::now().plus_ms(-RETRY_FOR_MS);
        for event in self.store.events_to_retry(since, STEP).await? {
            let principal = self.actors.of(event.tenant).await?;
            if let Ok(ticket) = self.engine.submit(again(event, principal)) {
                let _applied = ticket.wait(ANSWER_WAIT).await;
            }
        }
        Ok(())
    }

    /// Puts before a person what has waited for long.
    async fn tell(&mut self) -> anyhow::Result<()> {
        let now = api::now();
        let until = now.plus_ms(-WAIT_MS);
        let from = self.from.unwrap_or(now.plus_ms(-RETRY_FOR_MS));
        let mut limit = STEP;
        self.from = loop {
            match self.store.strays_review(from, until, limit).await? {
                // All of one moment, as behind a backup that was put back: so many more are looked at together.
                Some(last) if last == from => limit *= 4,
                // What came in the last moment may be told in part; the rest of it comes in the next step.
                Some(last) => break Some(last),
                None => break Some(until.plus_ms(-OVERLAP_MS)),
            }
        };
        Ok(())
    }
}

/// The command that applies a word that was kept. The key that it came under has its answer already.
fn again(event: ChannelEvent, principal: domain::PrincipalId) -> Command {
    let identity = format!("{:032x}", u128::from_be_bytes(event.digest.0));
    let target = Target { method: "RETRY", route: "callback", ids: &[&identity], query: "", precondition: "" };
    Command {
        aliases: Vec::new(),
        token: domain::Token::None,
        origin: domain::Origin::default(),
        whose: Whose::Anybodys,
        note: None,
        id: CommandId(api::id()),
        tenant: event.tenant,
        principal,
        key: Key::derived("callback-again", &identity),
        fingerprints: Fingerprints::of(&target, ""),
        at: api::now(),
        request_id: "retry_callback".to_owned(),
        action: Action::ApplyChannelFact(ApplyChannelFact {
            account: event.account,
            source: Source::Callback,
            fact: event.fact,
            digest: event.digest,
            raw: event.raw,
            action: None,
            is_again: true,
        }),
    }
}
