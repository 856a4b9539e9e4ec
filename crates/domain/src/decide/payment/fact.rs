//! Owns `ApplyChannelFact`: the one way in for what channels say. What does not fit is kept for a person, and moves nothing.

use super::Till;
use super::strange::charge_of;
use crate::channel::{ChannelEvent, Source, State as Became, Subject};
use crate::review::{self, Review};
use crate::{ApplyChannelFact, Change, Command, Outcome, Refusal, Reply, ReviewId, State, payment::Payment};

/// What a fact came to.
pub(super) enum Came {
    To(Became),
    /// It does not fit: what is wrong with it.
    Strange(String),
}

pub(in crate::decide) fn apply(
    state: &State,
    command: &Command,
    wanted: &ApplyChannelFact,
) -> Result<Outcome, Refusal> {
    let known = state.event(command.tenant, wanted.digest).filter(|_| wanted.is_kept());
    let is_from_outside = wanted.source.is_from_outside();
    // An answer belongs to its question, whatever was said before: only what came by itself is done with where it is known.
    if is_from_outside && known.is_some_and(|event| event.state != Became::Unmatched) {
        return Ok(Outcome::accepted(Reply::Noted(Became::Duplicate), Vec::new()));
    }
    let first_at = known.map_or(command.at, |event| event.received_at);
    let inbox = |became| ChannelEvent {
        tenant: command.tenant,
        account: wanted.account,
        digest: wanted.digest,
        fact: wanted.fact.clone(),
        source: known.map_or(Some(wanted.source.way()), |event| event.source),
        raw: known.map_or(&wanted.raw, |event| &event.raw).clone(),
        state: became,
        received_at: first_at,
        updated_at: command.at,
    };
    let Some(payment) = find(state, command, wanted) else {
        // Tried again in vain, it stays as it was.
        let new = known.is_none() && is_from_outside;
        let changes = if new { vec![Change::EventSet(inbox(Became::Unmatched))] } else { Vec::new() };
        return Ok(Outcome::accepted(Reply::Noted(Became::Unmatched), changes));
    };
    let mut till = Till::open(state, command, payment);
    let came = match &wanted.fact.stranger {
        Some(stranger) => Came::Strange(format!("the message is for another account: {stranger}")),
        None => match &wanted.fact.subject {
            Subject::Charge(_) => till.charged(wanted)?,
            Subject::Refund(_) => till.returned(wanted)?,
        },
    };
    let became = match came {
        Came::To(became) => became,
        Came::Strange(detail) => {
            till.quarantine(wanted, &detail);
            till.ask_after(wanted);
            Became::Quarantined
        }
    };
    till.close_if_over()?;
    if is_from_outside || (wanted.is_kept() && known.is_none()) {
        till.changes.push(Change::EventSet(inbox(became)));
    }
    Ok(till.finish(|_| Reply::Noted(became)))
}

fn find<'a>(state: &'a State, command: &Command, wanted: &ApplyChannelFact) -> Option<&'a Payment> {
    let payment = match &wanted.fact.subject {
        Subject::Charge(_) => state.payment_of_attempt(command.tenant, charge_of(state, command, wanted)?),
        Subject::Refund(reference) => state.payment_of_refund(command.tenant, reference.as_str().parse().ok()?),
    };
    payment.map(|payment| &**payment)
}

impl Till<'_> {
    /// An answer that does not fit is no answer: it is asked, or asked again, as behind a silence. What came by itself answers
    /// nothing.
    fn ask_after(&mut self, wanted: &ApplyChannelFact) {
        let reference = wanted.fact.subject.reference().as_str();
        match &wanted.fact.subject {
            Subject::Charge(_) => {
                let Ok(id) = reference.parse() else { return };
                match wanted.source {
                    Source::Answer => self.charge_silent(id, wanted.fact.code.as_ref()),
                    Source::Closing => self.close_silent(id),
                    Source::Query(number) => self.query_silent(id, number),
                    Source::Callback | Source::Statement => {}
                }
            }
            Subject::Refund(_) => {
                let Ok(id) = reference.parse() else { return };
                match wanted.source {
                    Source::Answer => self.refund_silent(id),
                    Source::Query(number) => self.refund_query_silent(id, number),
                    Source::Closing | Source::Callback | Source::Statement => {}
                }
            }
        }
    }

    /// Puts what does not fit before a person.
    fn quarantine(&mut self, wanted: &ApplyChannelFact, detail: &str) {
        let subject = wanted.fact.subject.reference().to_string();
        let said = wanted.fact.verdict.name();
        let detail = format!("{} by {}: {detail}", said, wanted.source.name());
        self.changes.push(Change::ReviewRaised(Review {
            id: ReviewId::new(self.command.id.0),
            tenant: self.command.tenant,
            kind: review::Kind::Quarantined,
            subject,
            detail,
            at: self.command.at,
            resolved: None,
        }));
    }
}
