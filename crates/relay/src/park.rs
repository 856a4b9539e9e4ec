//! Owns calling a person: for messages that cannot be performed, and are tried from time to time, and for accounts whose
//! charges are denied.

use channels::Failure;
use domain::channel::Account;
use domain::review::{self, Review};
use domain::{ReviewId, TenantId};
use sha2::{Digest as _, Sha256};
use store::{Due, Illegible, Later};

use crate::Relay;
use crate::order::Ending;

#[cfg(test)]
mod tests;

/// How often a message is tried that cannot be performed as things are set up, until a person is called; and the pause
/// before the next try.
const TRIES_MAX: u32 = 10;
const STUCK_PAUSE_MS: i64 = 60_000;
const PARKED_PAUSE_MS: i64 = 60 * 60_000;
/// For so long a message that a channel does not take now, or that does not reach it, is tried before a person is called.
const LATE_MS: i64 = 60 * 60_000;
/// The pause before a row that cannot be read is looked at again, perhaps by a node of the version that wrote it; and how
/// old it may be before a person is called.
const ILLEGIBLE_PAUSE_MS: i64 = 30_000;
const ILLEGIBLE_MS: i64 = 15 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;

impl Relay {
    /// Puts a message off that could not be performed; the last times before a person.
    pub(crate) async fn stuck(&self, due: &Due, why: &str) -> Ending {
        let tries = due.tries.saturating_add(1);
        if tries >= TRIES_MAX {
            self.call_for(due, ("stuck", format!("cannot be performed: {why}"))).await;
        }
        let pause = if tries < TRIES_MAX { STUCK_PAUSE_MS } else { PARKED_PAUSE_MS };
        Ending::Later(self.put_off(due.id, pause, tries, why.to_owned()))
    }

    /// Puts a message before a person that is put off once more, and has been for long. It is tried all the same.
    pub(crate) async fn late(&self, due: &Due, why: &str) {
        if (self.options.now)() > due.wanted_at.plus_ms(LATE_MS) {
            self.call_for(due, ("late", format!("is put off again and again: {why}"))).await;
        }
    }

    /// Puts an account before a person whose provider does not let it ask for charges: payers are told, and nothing waits in
    /// the outbox that would tell an operator. Once a day for each of the provider's codes, whatever the number of charges and
    /// of nodes.
    pub(crate) async fn denied(&self, account: &Account, (code, why): (&str, &Failure)) {
        let day = (self.options.now)().0.div_euclid(DAY_MS);
        let identity = format!("{}:denied:{code}:{day}", account.id);
        let detail = format!(
            "a charge failed, and so may all of this account: {why}. Nothing was charged; look at what the account may do at \
             its provider, and at its settings here"
        );
        self.park(account.tenant, &identity, (account.name.clone(), detail)).await;
    }

    /// Once for each reason: who was told that a provider was away has not been told that it says no.
    async fn call_for(&self, due: &Due, (reason, what): (&str, String)) {
        let task = due.message.task;
        let identity = format!("{}:{}:{}:{}:{reason}", due.id, task.name(), task.subject(), task.number());
        let detail = format!("{} {what}", task.name());
        self.park(due.message.tenant, &identity, (task.subject(), detail)).await;
    }

    /// Puts a row off that this version cannot read. A newer one that is on its way can, so a person is called only where it
    /// is old; and it has not been tried.
    pub(crate) async fn illegible(&self, row: &Illegible) -> Later {
        tracing::warn!(id = row.id, error = %row.error, "a message of the outbox cannot be read; it is put off");
        if (self.options.now)() > row.wanted_at.plus_ms(ILLEGIBLE_MS) {
            let detail = format!("a message cannot be read: {}", row.error);
            self.park(row.tenant, &format!("{}:illegible", row.id), (format!("outbox {}", row.id), detail)).await;
        }
        self.put_off(row.id, ILLEGIBLE_PAUSE_MS, row.tries, row.error.to_string())
    }

    fn put_off(&self, id: i64, pause_ms: i64, tries: u32, error: String) -> Later {
        Later { id, due_at: (self.options.now)().plus_ms(pause_ms), tries, error }
    }

    /// Calls a person, once for each identity: its review has the same id each time, so that it can be raised as often as
    /// the message is tried, and a node that dies in between loses none.
    async fn park(&self, tenant: TenantId, identity: &str, (subject, detail): (String, String)) {
        let digest = Sha256::digest(format!("parked:{}:{identity}", tenant.0));
        let bits = digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        let review = Review {
            id: ReviewId::new(bits),
            tenant,
            kind: review::Kind::Parked,
            subject,
            detail: detail.chars().take(500).collect(),
            at: (self.options.now)(),
            resolved: None,
        };
        if let Err(error) = self.store.review_raise(&review).await {
            tracing::warn!(%error, "what cannot be performed could not be put before a person; tried again");
        }
    }
}
