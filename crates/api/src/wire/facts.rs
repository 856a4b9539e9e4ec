//! Owns the JSON of what providers said of a payment.

use domain::channel::{ChannelEvent, Way};
use serde::Serialize;
use utoipa::ToSchema;

use super::Money;
use super::answers::time;

/// One statement of a provider's, as it first came by this way: what is said again in the same sense is counted nowhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Fact {
    /// Of what: `charge` or `refund`.
    subject: &'static str,
    /// Our number of it: the attempt's id or the refund's. A dispute has the provider's.
    #[schema(example = "att_01JD8Q7V0EFXXR6D2J1Q5Z9K3M")]
    reference: String,
    /// How it came: `answer` when it was asked for, `closing` when it was to be closed, `query` when it was asked about,
    /// `callback` by itself, or on a `statement`; null for what came before that was written down.
    source: Option<&'static str>,
    /// What it says: `not_found`, `pending`, `succeeded`, `failed`, `closed`, `reversed`, `refunded` or `disputed`.
    verdict: &'static str,
    /// How much it speaks of.
    amount: Option<Money>,
    /// The provider's own number.
    channel_no: Option<String>,
    /// The provider's own word for why.
    code: Option<String>,
    /// What shows that it speaks of somebody else's account.
    stranger: Option<String>,
    /// What became of it: `applied`, `duplicate` where all of it was known, `stale` where the truth had moved on, `unmatched` where
    /// nobody knew its number, or `quarantined` where it does not fit and a person has to look.
    state: &'static str,
    /// Through which account.
    channel_account_id: String,
    /// The shop's name for that account.
    account_name: Option<String>,
    /// When it first came.
    #[schema(format = DateTime)]
    received_at: String,
    /// In which words: JSON as it came, or a form's members as JSON, with `…` where something is secret or personal; 4 KiB at most,
    /// and where it is cut it ends in `… (cut)`. Null where they are not there.
    raw: Option<String>,
}

impl Fact {
    pub(crate) fn of(event: &ChannelEvent, account_name: Option<String>) -> Self {
        let fact = &event.fact;
        Self {
            subject: fact.subject.name(),
            reference: fact.subject.reference().to_string(),
            source: event.source.map(Way::name),
            verdict: fact.verdict.name(),
            amount: fact.amount.map(Money::of),
            channel_no: fact.channel_no.as_ref().map(ToString::to_string),
            code: fact.code.as_ref().map(ToString::to_string),
            stranger: fact.stranger.as_ref().map(ToString::to_string),
            state: event.state.name(),
            channel_account_id: event.account.to_string(),
            account_name,
            received_at: time(event.received_at),
            raw: event.raw.as_ref().map(|raw| raw.as_str().to_owned()),
        }
    }
}
