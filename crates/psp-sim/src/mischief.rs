//! Owns the faults that a tester asked for: which rule meets what, and how often it did. It does not know how a fault
//! is done.

use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum On {
    Charge,
    Query,
    Close,
    Refund,
    QueryRefund,
    Callback,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Do {
    // To calls.
    DropBefore,
    DropAfter,
    HangBefore,
    HangAfter,
    ErrorBefore,
    ErrorAfter,
    Slow {
        ms: u64,
    },
    Oversized {
        bytes: usize,
    },
    Refuse {
        code: String,
    },
    BadSignature,
    /// Of a refund only: it is taken, and fails later with this code.
    FailLater {
        code: String,
    },
    // To callbacks.
    None,
    BeforeAnswer,
    Repeat {
        times: u32,
    },
    Parallel {
        times: u32,
    },
    Reorder,
    Delay {
        ms: u64,
    },
    WrongAmount,
    WrongCurrency,
    WrongApp,
    WrongSeller,
    WrongSignature,
    /// Signed well, an hour ago.
    Stale,
    FailedAfterSucceeded,
    /// What answered its first delivery came with a byte more: it was taken, and the provider does not know.
    GarbledAnswer,
}

/// A fault that a tester asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) on: On,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) out_trade_no: Option<String>,
    /// How often it is done; always, where this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u64>,
    /// Of so many that it could meet it meets the last; each of them, where this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) every: Option<NonZeroU64>,
    #[serde(rename = "do")]
    pub(crate) what: Do,
}

/// A rule and how often it met something.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Counted {
    #[serde(flatten)]
    pub(crate) rule: Rule,
    pub(crate) hits: u64,
    /// How many it could have met.
    #[serde(skip)]
    seen: u64,
}

/// Why a list of rules is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {at}: {why}")]
pub(crate) struct Unfit {
    at: usize,
    why: &'static str,
}

/// The rules that are in force.
#[derive(Default)]
pub(crate) struct Mischief(Mutex<Vec<Counted>>);

/// A megabyte is what a merchant reads at most; a few times that is enough to test it.
const OVERSIZED_MAX: usize = 256 << 20;
const COPIES_MAX: u32 = 1_000;
const RULES_MAX: usize = 10_000;

impl Do {
    fn is_of_callbacks(&self) -> bool {
        matches!(
            self,
            Self::None
                | Self::BeforeAnswer
                | Self::Repeat { .. }
                | Self::Parallel { .. }
                | Self::Reorder
                | Self::Delay { .. }
                | Self::WrongAmount
                | Self::WrongCurrency
                | Self::WrongApp
                | Self::WrongSeller
                | Self::WrongSignature
                | Self::Stale
                | Self::FailedAfterSucceeded
                | Self::GarbledAnswer
        )
    }
}

impl Rule {
    fn check(&self) -> Result<(), &'static str> {
        match &self.what {
            what if what.is_of_callbacks() != (self.on == On::Callback) => Err("this is not done to that"),
            Do::FailLater { .. } if self.kind == Some(Kind::Alipay) => Err("Alipay's refunds are done at once"),
            Do::FailLater { .. } if self.on != On::Refund => Err("only refunds fail later"),
            Do::Oversized { bytes } if *bytes > OVERSIZED_MAX => Err("at most 256 MiB"),
            Do::Repeat { times } | Do::Parallel { times } if *times > COPIES_MAX => Err("at most 1000 copies"),
            _ => Ok(()),
        }
    }

    fn meets(&self, on: On, kind: Kind, out_trade_no: &str) -> bool {
        self.on == on
            && self.kind.is_none_or(|it| it == kind)
            && self.out_trade_no.as_ref().is_none_or(|it| it == out_trade_no)
    }
}

impl Mischief {
    /// Takes these rules instead of those before, or none of them.
    pub(crate) fn set(&self, rules: Vec<Rule>) -> Result<(), Unfit> {
        if rules.len() > RULES_MAX {
            return Err(Unfit { at: RULES_MAX, why: "too many rules" });
        }
        for (at, rule) in rules.iter().enumerate() {
            rule.check().map_err(|why| Unfit { at, why })?;
        }
        *self.lock() = rules.into_iter().map(|rule| Counted { rule, hits: 0, seen: 0 }).collect();
        Ok(())
    }

    /// Takes one more, beside those that are in force and not used up.
    pub(crate) fn add(&self, rule: Rule) -> Result<(), Unfit> {
        let mut rules = self.lock();
        rules.retain(|it| it.rule.times.is_none_or(|times| it.hits < times));
        let at = rules.len();
        if at >= RULES_MAX {
            return Err(Unfit { at, why: "too many rules" });
        }
        rule.check().map_err(|why| Unfit { at, why })?;
        rules.push(Counted { rule, hits: 0, seen: 0 });
        Ok(())
    }

    pub(crate) fn list(&self) -> Vec<Counted> {
        self.lock().clone()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The first rule that meets a call and is not used up; it counts.
    pub(crate) fn of_call(&self, on: On, kind: Kind, out_trade_no: &str) -> Option<Do> {
        let mut rules = self.lock();
        let mut met = rules.iter_mut().filter(|it| it.rule.meets(on, kind, out_trade_no));
        met.find_map(Counted::hit)
    }

    /// All rules that meet a callback and are not used up; each counts.
    pub(crate) fn of_callback(&self, kind: Kind, out_trade_no: &str) -> Vec<Do> {
        self.take(|rule| rule.meets(On::Callback, kind, out_trade_no) && rule.what != Do::BeforeAnswer)
    }

    /// Whether this charge is to be paid, and its callback delivered, before its answer leaves.
    pub(crate) fn is_before_answer(&self, kind: Kind, out_trade_no: &str) -> bool {
        let met = self.take(|rule| rule.meets(On::Callback, kind, out_trade_no) && rule.what == Do::BeforeAnswer);
        !met.is_empty()
    }

    fn take(&self, meets: impl Fn(&Rule) -> bool) -> Vec<Do> {
        let mut rules = self.lock();
        rules.iter_mut().filter(|it| meets(&it.rule)).filter_map(Counted::hit).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// Meets one, where it is its turn and it is not used up; it counts.
    fn hit(&mut self) -> Option<Do> {
        if self.rule.times.is_some_and(|times| self.hits >= times) {
            return None;
        }
        self.seen += 1;
        if self.rule.every.is_some_and(|every| !self.seen.is_multiple_of(every.get())) {
            return None;
        }
        self.hits += 1;
        Some(self.rule.what.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(list: serde_json::Value) -> Mischief {
        let mischief = Mischief::default();
        mischief.set(serde_json::from_value(list).unwrap()).unwrap();
        mischief
    }

    #[test]
    fn the_first_rule_that_is_left_meets_a_call() {
        let mischief = rules(json!([
            {"on": "charge", "kind": "stripe", "do": "hang_after"},
            {"on": "charge", "out_trade_no": "A", "times": 1, "do": "drop_after"},
            {"on": "charge", "do": {"slow": {"ms": 5}}},
        ]));
        let of = |kind, number| mischief.of_call(On::Charge, kind, number);
        assert_eq!(of(Kind::Sandbox, "A"), Some(Do::DropAfter));
        assert_eq!(of(Kind::Sandbox, "A"), Some(Do::Slow { ms: 5 }));
        assert_eq!(of(Kind::Sandbox, "B"), Some(Do::Slow { ms: 5 }));
        assert_eq!(of(Kind::Stripe, "A"), Some(Do::HangAfter));
        assert_eq!(mischief.of_call(On::Query, Kind::Sandbox, "A"), None);
        assert_eq!(mischief.list().iter().map(|it| it.hits).collect::<Vec<_>>(), [1, 1, 2]);
        mischief.clear();
        assert_eq!(of(Kind::Sandbox, "B"), None);
    }

    #[test]
    fn all_rules_meet_a_callback_but_that_of_the_answer_meets_the_charge() {
        let mischief = rules(json!([
            {"on": "callback", "do": "wrong_amount"},
            {"on": "callback", "times": 1, "do": {"repeat": {"times": 2}}},
            {"on": "callback", "times": 1, "do": "before_answer"},
        ]));
        assert_eq!(mischief.of_callback(Kind::Alipay, "A"), [Do::WrongAmount, Do::Repeat { times: 2 }]);
        assert_eq!(mischief.of_callback(Kind::Alipay, "A"), [Do::WrongAmount]);
        assert!(mischief.is_before_answer(Kind::Alipay, "A"));
        assert!(!mischief.is_before_answer(Kind::Alipay, "A"));
    }

    #[test]
    fn a_rule_of_every_third_meets_the_third() {
        let mischief = rules(json!([
            {"on": "charge", "every": 3, "times": 2, "do": "drop_after"},
            {"on": "charge", "every": 2, "do": "hang_after"},
        ]));
        let met: Vec<_> = (0..9).map(|_| mischief.of_call(On::Charge, Kind::Sandbox, "A")).collect();
        let (dropped, hangs) = (Some(Do::DropAfter), Some(Do::HangAfter));
        assert_eq!(met, [None, hangs.clone(), dropped.clone(), None, hangs.clone(), dropped, None, hangs, None]);
    }

    #[test]
    fn a_rule_that_cannot_be_done_is_refused() {
        for (on, what) in [
            ("charge", json!("wrong_amount")),
            ("callback", json!("drop_after")),
            ("query", json!({"fail_later": {"code": "X"}})),
            ("callback", json!({"repeat": {"times": 5_000}})),
        ] {
            let rule = serde_json::from_value(json!({"on": on, "do": what})).unwrap();
            assert!(Mischief::default().set(vec![rule]).is_err(), "{on} {what}");
        }
        assert!(serde_json::from_value::<Rule>(json!({"on": "charge", "do": "hang_after", "time": 1})).is_err());
    }
}
