//! Owns what is said of a charge and does not fit our books: another charge's word, and money that went back behind our back.

use super::Till;
use super::fact::Came;
use crate::channel::{State as Became, Subject, Verdict};
use crate::payment::{AttemptStatus, Event, GIVEN_BACK};
use crate::text::Code;
use crate::{ApplyChannelFact, AttemptId, Command, Money, State, review};

/// The attempt that is spoken of: by our number, or, of a dispute, by the channel's.
pub(super) fn charge_of(state: &State, command: &Command, wanted: &ApplyChannelFact) -> Option<AttemptId> {
    let Subject::Charge(reference) = &wanted.fact.subject else { return None };
    match (reference.as_str().parse(), &wanted.fact.channel_no) {
        (Ok(id), _) => Some(id),
        (Err(_), Some(number)) if wanted.fact.verdict == Verdict::Disputed => {
            state.attempt_numbered(command.tenant, wanted.account, number)
        }
        (Err(_), _) => None,
    }
}

impl Till<'_> {
    /// Why it cannot be about this attempt: the amount is another one, or the channel's number is of another attempt.
    pub(super) fn misfit(&mut self, id: AttemptId, wanted: &ApplyChannelFact) -> Option<String> {
        let asked = Money::new(self.attempt(id).amount, self.payment.amount.currency);
        // A part may be disputed.
        let said = wanted.fact.amount.filter(|_| wanted.fact.verdict != Verdict::Disputed);
        if said.map_or(wanted.fact.verdict == Verdict::Succeeded, |said| said != asked) {
            let said = said.map_or("no amount".to_owned(), |money| money.to_string());
            return Some(format!("{asked} were asked for, and it says {said}"));
        }
        let number = wanted.fact.channel_no.as_ref()?;
        let other = self.state.attempt_numbered(self.command.tenant, wanted.account, number)?;
        (other != id).then(|| format!("it says {number}, and that is {other}'s"))
    }

    /// It was paid and given back. Known, if we did that; else somebody did it behind our back.
    pub(super) fn given_back_there(&mut self, id: AttemptId, verdict: Verdict) -> Came {
        let attempt = self.attempt(id).clone();
        let is_whole = verdict == Verdict::Reversed;
        if attempt.status != AttemptStatus::Succeeded {
            // That is its end, so nobody asks on; and no goods are owed for it.
            self.step_attempt(id, Event::Close);
            self.attempt(id).code = Some(Code::from_stored(GIVEN_BACK));
            // Nor is the payer to pay another one meanwhile.
            self.close_live();
            let part = if is_whole { "wholly" } else { "wholly or in part" };
            return Came::Strange(format!("it was paid and {part} given back, and we saw neither"));
        }
        match self.payment.refundable(&attempt) {
            left if left == 0 || !is_whole => Came::To(Became::Stale),
            left => Came::Strange(format!(
                "it was wholly given back, and {} of that not by us",
                Money::new(left, self.payment.amount.currency)
            )),
        }
    }

    /// A payer's bank takes it back, or wants to: what comes of that is between it, the provider and a person.
    pub(super) fn disputed(&mut self, id: AttemptId, wanted: &ApplyChannelFact) -> Came {
        if !wanted.source.is_from_outside() {
            return Came::Strange("a dispute is no answer".to_owned());
        }
        let amount = wanted.fact.amount.map_or(String::new(), |money| format!(" {money}"));
        let code = wanted.fact.code.as_ref().map_or("no reason", Code::as_str);
        let text = format!(
            "the payer's bank disputes{amount} of it: {code}. It is answered at the provider; nothing was booked"
        );
        self.review(review::Kind::Disputed, id.to_string(), text);
        Came::To(Became::Applied)
    }
}
