//! Owns handing what a statement says to the rules: an engine of this command's own beside those of running servers, which
//! wait for each other in the database as nodes do. What is to be done outside then is found in the outbox by a server.

use std::time::Duration;

use anyhow::{Context as _, bail};
use api::Renderer;
use channels::StatementLine;
use domain::channel::{Fact, Source, Subject};
use domain::text::{ChannelNo, Reference};
use domain::{Action, ApplyChannelFact, Command, PrincipalId, Whose};
use engine::{Answered, Engine, Executor, Failure, Options};
use idempotency::{CommandId, Fingerprints, Key, Target};
use tokio::sync::oneshot;

use super::Side;
use crate::server;

/// How long a command may take.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The rules, over the database.
pub(super) struct Rules {
    engine: Engine,
    ended: oneshot::Receiver<()>,
    side: Side,
    principal: PrincipalId,
}

impl Rules {
    pub(super) async fn start(side: &Side) -> anyhow::Result<Self> {
        let principal = server::actors(&side.store).of(side.tenant).await?;
        let (engine, ended) = Engine::start_thread(side.store.clone(), Executor::new(Renderer), Options::default())
            .context("starting the engine's thread")?;
        let side = Side { store: side.store.clone(), tenant: side.tenant, account: side.account.clone() };
        Ok(Self { engine, ended, side, principal })
    }

    /// Hands lines in, and gives what became of each, in words. `Err` where the database does not do its part: what was not
    /// handed in is found by the next run.
    pub(super) async fn apply(&self, lines: &[&StatementLine]) -> anyhow::Result<Vec<String>> {
        let mut waiting = Vec::with_capacity(lines.len());
        for line in lines {
            let Some(command) = self.command(line) else {
                waiting.push(None);
                continue;
            };
            let ticket = self.engine.submit(command);
            waiting.push(Some(ticket.map_err(|refused| anyhow::anyhow!("the engine takes nothing in: {refused:?}"))?));
        }
        let mut became = Vec::with_capacity(lines.len());
        for ticket in waiting {
            let Some(ticket) = ticket else {
                became.push("nothing: its number cannot be read".to_owned());
                continue;
            };
            became.push(match ticket.wait(ANSWER_WAIT).await {
                Ok(Answered::Executed(answer) | Answered::Replayed(answer)) => word(&answer.body),
                Ok(Answered::KeyReused) => "nothing: its key belongs to another".to_owned(),
                Ok(Answered::Failed(failure @ (Failure::Broken | Failure::Busy))) => format!("nothing: {failure:?}"),
                Ok(Answered::Failed(failure)) => bail!("a fact could not be applied ({failure:?}); run this again"),
                Err(waiting) => bail!("a fact was not applied in time ({waiting:?}); run this again"),
            });
        }
        Ok(became)
    }

    pub(super) async fn stop(self) {
        self.engine.close();
        // Everything was waited for; what has no answer is found under its key by the next run.
        let _ended = tokio::time::timeout(ANSWER_WAIT, self.ended).await;
    }

    /// Said again, by whomever and however often, it has the same digest and the same key.
    fn command(&self, line: &StatementLine) -> Option<Command> {
        let subject = match &line.out_refund_no {
            Some(number) => Subject::Refund(Reference::new(number).ok()?),
            None => Subject::Charge(Reference::new(&line.out_trade_no).ok()?),
        };
        let channel_no = line.channel_no.as_deref().and_then(|text| ChannelNo::new(text).ok());
        let (verdict, amount) = (line.verdict, Some(line.amount));
        let fact = Fact { subject, verdict, amount, channel_no, code: None, stranger: None };
        let account = self.side.account.id;
        let digest = api::digest(account, &fact, None);
        let identity = format!("{:032x}", u128::from_be_bytes(digest.0));
        let target = Target { method: "RECONCILE", route: "statement", ids: &[&identity], query: "", precondition: "" };
        let source = Source::Statement;
        Some(Command {
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            id: CommandId(api::id()),
            tenant: self.side.tenant,
            principal: self.principal,
            key: Key::derived("statement", &identity),
            fingerprints: Fingerprints::of(&target, ""),
            at: api::now(),
            request_id: "reconcile".to_owned(),
            action: Action::ApplyChannelFact(ApplyChannelFact {
                account,
                source,
                fact,
                digest,
                // A line of a statement tells no more than what stands in the fact.
                raw: None,
                action: None,
                is_again: false,
            }),
        })
    }
}

/// What the rules made of a fact.
fn word(body: &[u8]) -> String {
    let noted: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let word = noted.and_then(|noted| noted["became"].as_str().map(str::to_owned));
    word.unwrap_or_else(|| "no".to_owned())
}
