//! Owns the JSON of what a shop asks of sessions.

use domain::person::Kind;
use domain::session::{Device, OPEN_MAX, Policy, Renewal, Rules, Unfit, WhenFull};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::time;
use crate::problem::{FieldError, Problem};

/// How many sessions one person has at a time, by what they use.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenMax {
    /// In browsers.
    #[schema(maximum = 50, example = 5)]
    web: u32,
    /// In the shop's applications.
    #[schema(maximum = 50, example = 5)]
    app: u32,
    /// In programs within other applications.
    #[schema(maximum = 50, example = 5)]
    mini_program: u32,
}

/// What a shop asks of the sessions of its members or its staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionRules {
    /// `members` or `staff`.
    whose: &'static str,
    /// How many sessions one person has at a time; 0: none on such devices.
    open_max: OpenMax,
    /// What a log-in beyond that does: `refuse`, `replace_oldest` or `replace_same_type`.
    when_full: &'static str,
    /// How long a session lives without a request, in seconds.
    idle_s: i64,
    /// How long it lives at all, in seconds.
    absolute_s: i64,
    /// When the idle time begins anew: with `every_request`, with `writes`, or with the first request `below` a part of it.
    renewal: &'static str,
    /// Below how many hundredths of the idle time.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_percent: Option<u8>,
    /// Raised by each change, from 1, which is what is usual; also the `ETag`.
    version: u32,
    /// When it was last changed; missing where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    changed_at: Option<String>,
}

/// Say what the shop asks of sessions: all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutSessionRules {
    /// How many sessions one person has at a time; 0: none on such devices, and not 0 for all of them.
    open_max: OpenMax,
    /// What a log-in beyond that does: `refuse`, `replace_oldest` or `replace_same_type`.
    #[schema(example = "replace_oldest")]
    when_full: String,
    /// How long a session lives without a request, in seconds: a minute to 90 days.
    #[schema(minimum = 60, maximum = 7_776_000, example = 1_209_600)]
    idle_s: i64,
    /// How long it lives at all, in seconds: at least the idle time, and 366 days at most.
    #[schema(minimum = 60, maximum = 31_622_400, example = 7_776_000)]
    absolute_s: i64,
    /// When the idle time begins anew: with `every_request`, with `writes`, or with the first request `below` a part of it.
    #[schema(example = "below")]
    renewal: String,
    /// Below how many hundredths of the idle time; only with `below`, and never without.
    #[schema(minimum = 1, maximum = 100, example = 50)]
    renewal_percent: Option<u8>,
}

impl SessionRules {
    pub(crate) fn of(policy: &Policy) -> Self {
        let Rules { open_max: [web, app, mini_program], when_full, idle_ms, absolute_ms, renewal } = policy.rules;
        let (renewal, renewal_percent) = match renewal {
            Renewal::EveryRequest => ("every_request", None),
            Renewal::Writes => ("writes", None),
            Renewal::Below(hundredths) => ("below", Some(hundredths)),
        };
        Self {
            whose: among(policy.kind),
            open_max: OpenMax { web, app, mini_program },
            when_full: when_full.name(),
            idle_s: idle_ms / 1_000,
            absolute_s: absolute_ms / 1_000,
            renewal,
            renewal_percent,
            version: policy.version,
            changed_at: (policy.version > 1).then(|| time(policy.changed_at)),
        }
    }
}

impl PutSessionRules {
    pub(crate) fn rules(&self) -> Result<Rules, Problem> {
        let names = || WhenFull::ALL.map(WhenFull::name).join(", ");
        let when_full = WhenFull::from_name(&self.when_full)
            .ok_or_else(|| wrong("/when_full", "unknown_value", format!("it is one of {}", names())))?;
        let renewal = match (self.renewal.as_str(), self.renewal_percent) {
            ("every_request", None) => Renewal::EveryRequest,
            ("writes", None) => Renewal::Writes,
            ("below", Some(hundredths)) => Renewal::Below(hundredths),
            ("below", None) => return Err(wrong("/renewal_percent", "missing_member", "below how many?".to_owned())),
            ("every_request" | "writes", Some(_)) => {
                return Err(wrong("/renewal_percent", "not_allowed", "only `below` has one".to_owned()));
            }
            _ => {
                let message = "it is one of every_request, writes, below".to_owned();
                return Err(wrong("/renewal", "unknown_value", message));
            }
        };
        let rules = Rules {
            open_max: [self.open_max.web, self.open_max.app, self.open_max.mini_program],
            when_full,
            idle_ms: self.idle_s.saturating_mul(1_000),
            absolute_ms: self.absolute_s.saturating_mul(1_000),
            renewal,
        };
        rules.check().map_err(|unfit| wrong(&pointer(&rules, unfit), "out_of_range", unfit.to_string()))?;
        Ok(rules)
    }
}

/// Where in the body it stands what is wrong.
fn pointer(rules: &Rules, unfit: Unfit) -> String {
    match unfit {
        Unfit::TooMany => {
            let at = rules.open_max.iter().position(|most| *most as usize > OPEN_MAX).unwrap_or_default();
            format!("/open_max/{}", Device::ALL[at].name())
        }
        Unfit::Nobody => "/open_max".to_owned(),
        Unfit::Idle => "/idle_s".to_owned(),
        Unfit::Absolute => "/absolute_s".to_owned(),
        Unfit::Renewal => "/renewal_percent".to_owned(),
    }
}

fn wrong(pointer: &str, code: &'static str, message: String) -> Problem {
    Problem::invalid(&[FieldError { pointer: pointer.to_owned(), code, message }])
}

/// What people of a kind are called in paths.
pub(crate) const fn among(kind: Kind) -> &'static str {
    match kind {
        Kind::Member | Kind::Guest => "members",
        Kind::Staff => "staff",
    }
}

#[cfg(test)]
mod tests {
    use domain::session::{ABSOLUTE_MS_MAX, IDLE_MS, OPEN_MAX};

    /// What the reference tells of bounds is what is checked.
    #[test]
    fn the_bounds_are_those_of_the_rules() {
        assert_eq!((*IDLE_MS.start(), *IDLE_MS.end()), (60 * 1_000, 7_776_000 * 1_000));
        assert_eq!((ABSOLUTE_MS_MAX, OPEN_MAX), (31_622_400 * 1_000, 50));
    }
}
