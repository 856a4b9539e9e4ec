//! Owns putting a provider's words into facts: numbers and codes from outside are checked here. It does not know
//! what any provider's words mean.

use domain::Money;
use domain::channel::{Fact, RawAnswer, Subject, Verdict};
use domain::text::{ChannelNo, Code, Reference};

use crate::{Charge, Failure, Heard, Rejected, Reversal};

/// The most characters of a code.
const CODE_MAX: usize = 128;
/// The most characters of a provider's words in a failure.
const WORDS_MAX: usize = 300;

/// What a provider wrote cannot be read: in an answer that makes the outcome unknown, in a callback it is rejected.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// For `serde_json`, without a word of the text itself.
    #[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self(format!("the JSON is not as it should be, see line {}, column {}", error.line(), error.column()))
    }
}

impl From<Unreadable> for Failure {
    fn from(Unreadable(what): Unreadable) -> Self {
        Self::Unknown(what)
    }
}

impl From<Unreadable> for Rejected {
    fn from(Unreadable(what): Unreadable) -> Self {
        Self::Malformed(what)
    }
}

/// What a provider wrote of a charge or a refund, before it is a fact.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    /// The provider's own number.
    pub(crate) channel_no: Option<&'a str>,
    /// How much.
    pub(crate) amount: Option<Money>,
    /// The provider's word for why.
    pub(crate) code: Option<&'a str>,
    /// What shows that it is about another account.
    pub(crate) stranger: Option<String>,
}

impl Said<'_> {
    /// Of a charge, by our number.
    pub(crate) fn of_charge(self, out_trade_no: &str, verdict: Verdict) -> Result<Fact, Unreadable> {
        let subject = Subject::Charge(reference(out_trade_no)?);
        self.of(subject, verdict)
    }

    /// Of a refund, by our number.
    pub(crate) fn of_refund(self, out_refund_no: &str, verdict: Verdict) -> Result<Fact, Unreadable> {
        let subject = Subject::Refund(reference(out_refund_no)?);
        self.of(subject, verdict)
    }

    fn of(self, subject: Subject, verdict: Verdict) -> Result<Fact, Unreadable> {
        let channel_no = self.channel_no.filter(|text| !text.is_empty()).map(ChannelNo::new).transpose();
        let channel_no = channel_no.map_err(|error| Unreadable::new(error.to_string()))?;
        let (code, stranger) = (self.code.and_then(code), self.stranger.as_deref().and_then(code));
        Ok(Fact { subject, verdict, amount: self.amount, channel_no, code, stranger })
    }
}

/// What was said, in these words.
pub(crate) fn heard(fact: Fact, raw: RawAnswer) -> Heard {
    Heard { fact, raw: Some(raw) }
}

/// Nothing but a verdict, of the charge that was asked about.
pub(crate) fn bare(charge: &Charge, verdict: Verdict, raw: RawAnswer) -> Result<Heard, Failure> {
    Ok(heard(Said::default().of_charge(&charge.out_trade_no, verdict)?, raw))
}

/// Nothing but a verdict, of the refund that was asked about.
pub(crate) fn bare_refund(reversal: &Reversal, verdict: Verdict, raw: RawAnswer) -> Result<Heard, Failure> {
    Ok(heard(Said::default().of_refund(&reversal.out_refund_no, verdict)?, raw))
}

/// An answer that speaks of another number than was asked about is no answer.
pub(crate) fn same(name: &str, said: &str, asked: &str) -> Result<(), Unreadable> {
    if said == asked { Ok(()) } else { Err(Unreadable::new(format!("the answer is about another {name}"))) }
}

/// The channel's refusal.
pub(crate) fn refused(code: &str, message: &str, raw: RawAnswer) -> Failure {
    Failure::Refused { code: brief(code), message: brief(message), raw }
}

/// A refusal before anything was sent.
pub(crate) fn unfit(code: &str, message: &str) -> Failure {
    Failure::Unfit { code: brief(code), message: brief(message) }
}

/// The channel does not let the account ask.
pub(crate) fn denied(code: &str, message: &str, raw: RawAnswer) -> Failure {
    Failure::Denied { code: brief(code), message: brief(message), raw }
}

/// The outcome of a second question, where the first one was answered: that nothing of it was sent, or that it was
/// refused, says nothing about what both are about. Where it was one too many, both come again.
pub(crate) fn afterwards<T>(outcome: Result<T, Failure>) -> Result<T, Failure> {
    outcome.map_err(|failure| match failure {
        Failure::Unknown(_) | Failure::Unclear(_) | Failure::TooOften { .. } => failure,
        Failure::NotSent(_) => Failure::Unknown(format!("the second question failed: {failure}")),
        failure => Failure::Unclear(format!("the second question failed: {failure}")),
    })
}

/// Words from outside, as short and clean as a log wants them.
pub(crate) fn brief(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(WORDS_MAX).collect()
}

/// What differs, where a message speaks of another account.
pub(crate) fn stranger(pairs: &[(&str, Option<&str>, &str)]) -> Option<String> {
    let differs = |(name, said, ours): &(&str, Option<&str>, &str)| {
        said.filter(|said| said != ours).map(|said| format!("{name} {said}"))
    };
    pairs.iter().find_map(differs)
}

/// A provider's word, cut and cleaned to what a code may be; none where nothing is left.
pub(crate) fn code(text: &str) -> Option<Code> {
    let clean: String = text.chars().filter(|it| !it.is_control()).take(CODE_MAX).collect();
    Code::new(&clean).ok()
}

/// The beginning of a text that fits in so many bytes.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn reference(text: &str) -> Result<Reference, Unreadable> {
    Reference::new(text).map_err(|error| Unreadable::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_from_outside_are_cleaned() {
        assert_eq!(code("a\nb").unwrap().as_str(), "ab");
        assert_eq!(code(&"字".repeat(200)).unwrap().as_str().chars().count(), 128);
        assert!(code("\u{7f}").is_none() && code("").is_none());
        assert_eq!(cut("a字b", 3), "a");
        assert_eq!(cut("a字b", 4), "a字");
        assert_eq!(cut("ab", 9), "ab");
    }

    #[test]
    fn a_second_question_refuses_nothing() {
        // What was answered is no silence.
        let raw = || RawAnswer::of_masked("{}");
        let known = [refused("a", "b", raw()), unfit("a", "b"), denied("a", "b", raw())];
        for failure in known.into_iter().chain([Failure::Misconfigured("d".into())]) {
            assert!(matches!(afterwards::<()>(Err(failure)), Err(Failure::Unclear(_))));
        }
        assert!(matches!(afterwards::<()>(Err(Failure::NotSent("c".into()))), Err(Failure::Unknown(_))));
        let often = Failure::TooOften { said: "e".into(), pause: Some(std::time::Duration::from_secs(7)) };
        for failure in [Failure::Unknown("f".into()), Failure::Unclear("g".into()), often] {
            assert_eq!(afterwards::<()>(Err(failure.clone())), Err(failure));
        }
        assert_eq!(afterwards(Ok(1)), Ok(1));
        assert_eq!(brief(&"字\n".repeat(1000)).chars().count(), WORDS_MAX);
    }

    #[test]
    fn numbers_from_outside_are_checked() {
        let said = |no| Said { channel_no: Some(no), ..Said::default() };
        assert!(said("1").of_charge("o1", Verdict::Pending).is_ok());
        assert!(said("").of_charge("o1", Verdict::Pending).unwrap().channel_no.is_none());
        assert!(said("1\n").of_charge("o1", Verdict::Pending).is_err());
        assert!(said("1").of_charge("", Verdict::Pending).is_err());
        assert!(said("1").of_refund(&"x".repeat(65), Verdict::Pending).is_err());
    }

    #[test]
    fn strangers() {
        assert_eq!(stranger(&[("app_id", Some("1"), "1"), ("seller_id", None, "2")]), None);
        assert_eq!(
            stranger(&[("app_id", Some("1"), "1"), ("seller_id", Some("3"), "2")]).as_deref(),
            Some("seller_id 3")
        );
    }
}
