//! Owns what may be relied on of numbers and keys: what stands in for a key that Stripe has forgotten, and that it knows a
//! number that it gave. It does not know what is done with what is found.
//!
//! Rules: <https://docs.stripe.com/api/refunds/list>, <https://docs.stripe.com/api/idempotent_requests>.

use domain::Timestamp;
use domain::channel::RawAnswer;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Stripe;
use super::answer::{NO_CHARGE_NO, NOT_FOUND, Refund};
use crate::fact::Unreadable;
use crate::{Charge, Failure, Reversal, fact, form, raw};

/// The most refunds that Stripe lists at once, and the most lists that are read: twice as many as the rules let a charge
/// have, for others may give back in Stripe's own pages.
const PAGE: usize = 100;
const PAGES_MAX: usize = 20;
/// For so long behind its deadline a charge may be asked for under its key. Stripe keeps a key for at least 24 hours; so this
/// holds where an order waits for its payment at most twelve hours, which is 24 times as long as it does by default.
const BEHIND_DEADLINE_MS: i64 = 12 * 60 * 60 * 1_000;

/// Refunds, the latest first, each as it was written.
#[derive(Deserialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    has_more: bool,
}

impl Stripe {
    /// The refund of our number, if there is one, and in which words; without one, the words of the last list. Where there are
    /// several, one that failed is not the one.
    pub(super) async fn find_refund(
        &self,
        reversal: &Reversal,
        charge_no: &str,
    ) -> Result<(Option<Refund>, RawAnswer), Failure> {
        let first = format!("/v1/refunds?payment_intent={}&limit={PAGE}", form::escape(charge_no));
        let (mut path, mut failed) = (first.clone(), None);
        for _ in 0..PAGES_MAX {
            let (page, words): (Page, _) = self.get(&path).await.map_err(|failure| match foreign(failure) {
                // A list that is not given says nothing of what would be on it.
                Failure::Refused { code, message, .. } => {
                    Failure::Unclear(format!("no list of refunds: {code} {message}"))
                }
                failure => failure,
            })?;
            let mut last = None;
            for text in page.data {
                let refund: Refund = serde_json::from_str(text.get()).map_err(Unreadable::json)?;
                last = Some(refund.id.clone());
                let its = || raw::of(text.get().as_bytes());
                match refund.out_refund_no() {
                    Some(number) if number != reversal.out_refund_no => (),
                    None => (),
                    Some(_) if refund.has_failed() => failed = failed.or_else(|| Some((refund, its()))),
                    Some(_) => return Ok((Some(refund), its())),
                }
            }
            match last {
                _ if !page.has_more => {
                    return Ok(failed.map_or((None, words), |(refund, words)| (Some(refund), words)));
                }
                Some(last) => path = format!("{first}&starting_after={}", form::escape(&last)),
                None => return Err(Unreadable::new("Stripe lists nothing, and says that there is more").into()),
            }
        }
        Err(Failure::Unknown("the list of the charge's refunds is too long".to_owned()))
    }
}

/// Stripe knows each number that it gave. One that it does not know is another account's, or of its other mode: settings or
/// a secret point elsewhere now. What became of it there is not told here, and nothing may be concluded from that.
pub(super) fn foreign(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { code, message, raw } if code == NOT_FOUND => {
            let why = "Stripe does not know a number that it gave: is this another account's key?";
            fact::denied(&code, &format!("{why} {message}"), raw)
        }
        failure => failure,
    }
}

/// Stripe's number of the charge that a refund is of.
pub(super) fn charge_no(reversal: &Reversal) -> Result<&str, Failure> {
    let number = reversal.charge_no.as_deref();
    number.ok_or_else(|| fact::unfit(NO_CHARGE_NO, "Stripe gives back by the number of its payment intent"))
}

/// Behind its day a key makes another intent, which would be asked about and closed in the place of the one that may be
/// paid. Intents cannot be looked for by our number: their list has no such filter, and the search is behind the truth by
/// a minute or more (<https://docs.stripe.com/search#data-freshness>). So none is made then, and a person is called. What
/// protects the payer meanwhile: an intent whose answer was lost is paid by nobody, for nobody was told its secret.
pub(super) fn may_create(charge: &Charge, now: Timestamp) -> Result<(), Failure> {
    if now > charge.expires_at.plus_ms(BEHIND_DEADLINE_MS) {
        return Err(Failure::Unclear(
            "Stripe may have forgotten the key of this charge; it is not made anew".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::channel::Method;

    use super::*;
    use crate::tests::example;

    #[test]
    fn no_intent_is_made_behind_the_day_of_its_key() {
        let charge = example::charge(Method::Card);
        for (hours, may) in [(-1, true), (0, true), (12, true), (13, false), (25, false), (24 * 400, false)] {
            let now = charge.expires_at.plus_ms(hours * 3_600_000);
            let outcome = may_create(&charge, now);
            assert_eq!(outcome.is_ok(), may, "{hours} h");
            // Nobody was asked, so nobody was silent.
            assert!(outcome.is_ok() || matches!(outcome, Err(Failure::Unclear(_))), "{hours} h");
        }
    }
}
