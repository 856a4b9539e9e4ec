//! Owns bringing an answer back: it becomes a command under a key that names the message, so that an answer that is
//! brought twice is applied once.

use std::time::Duration;

use domain::{Action, Command, Whose};
use engine::{Answered, Failure};
use idempotency::{CommandId, Fingerprints, Key, Target};
use store::Due;

use crate::Relay;

/// How long a command may take.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// Why an answer is not known to be applied.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The message is performed again, and its answer may be taken then.
    Yet(String),
    /// No answer to this message will ever be taken: a person has to look.
    Ever(String),
}

impl Relay {
    /// Hands an answer in.
    pub(crate) async fn hand_in(&self, due: &Due, action: Action) -> Result<(), NotTaken> {
        let message = &due.message;
        let principal = self.actors.of(message.tenant).await.map_err(|error| NotTaken::Yet(error.to_string()))?;
        // Message numbers may be used again on a database that was put back; what they are about may not.
        let (name, subject, number) = (message.task.name(), message.task.subject(), message.task.number());
        let identity = format!("{}:{name}:{subject}:{number}", due.id);
        let target = Target { method: "RELAY", route: name, ids: &[&identity], query: "", precondition: "" };
        let command = Command {
            id: CommandId((self.options.id)()),
            tenant: message.tenant,
            principal,
            key: Key::derived("relay", &identity),
            // Of the message, not of the answer: performed again it may be another, and the first one counts.
            fingerprints: Fingerprints::of(&target, ""),
            at: (self.options.now)(),
            request_id: format!("relay_{name}"),
            aliases: Vec::new(),
            token: domain::Token::None,
            origin: domain::Origin::default(),
            whose: Whose::Anybodys,
            note: None,
            action,
        };
        let ticket = self.engine.submit(command).map_err(|refused| NotTaken::Yet(format!("{refused:?}")))?;
        match ticket.wait(ANSWER_WAIT).await {
            Ok(Answered::Executed(_) | Answered::Replayed(_)) => Ok(()),
            Ok(Answered::KeyReused) => {
                Err(NotTaken::Ever("the key of its answer belongs to another request".to_owned()))
            }
            Ok(Answered::Failed(failure @ Failure::Broken)) => {
                tracing::error!(?failure, identity, "an answer could not be applied: this is a bug");
                Err(NotTaken::Ever("its answer breaks the transaction that would apply it".to_owned()))
            }
            Ok(Answered::Failed(failure)) => Err(NotTaken::Yet(format!("{failure:?}"))),
            Err(waiting) => Err(NotTaken::Yet(format!("{waiting:?}"))),
        }
    }
}
