//! Owns a span of time in a form: a number, and the unit that it is in. The body has it in its smallest unit.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Draft, Field, Typed};
use crate::lang::Lang;

/// A unit of time.
pub(crate) struct Unit {
    name: &'static str,
    /// How many of the smallest one it has.
    of_it: i64,
    en: &'static str,
    zh: &'static str,
}

const fn unit(name: &'static str, of_it: i64, en: &'static str, zh: &'static str) -> Unit {
    Unit { name, of_it, en, zh }
}

/// Where nothing is no time at all, it is said in these.
const NOTHING: &str = "seconds";
/// For what the body has in seconds, the longest first.
pub(crate) const SECONDS: &[Unit] = &[
    unit("days", 86_400, "days", "天"),
    unit("hours", 3_600, "hours", "小时"),
    unit("minutes", 60, "minutes", "分钟"),
    unit("seconds", 1, "seconds", "秒"),
];
/// For what the body has in milliseconds, the longest first.
pub(crate) const MILLISECONDS: &[Unit] = &[
    unit("hours", 3_600_000, "hours", "小时"),
    unit("minutes", 60_000, "minutes", "分钟"),
    unit("seconds", 1_000, "seconds", "秒"),
    unit("milliseconds", 1, "milliseconds", "毫秒"),
];

/// A field for a span of time.
pub(crate) struct Span<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// Where it stands in the body.
    pub(crate) pointer: &'a str,
    pub(crate) units: &'static [Unit],
    /// What it is for, where the label does not say it all.
    pub(crate) hint: Option<&'a str>,
}

impl Span<'_> {
    /// The field, filled with so many of the smallest unit.
    pub(crate) fn filled(&self, whole: i64, draft: Draft<'_>, lang: Lang) -> Markup {
        let unit = longest(whole, self.units);
        let (number, unit_name) = ((whole / unit.of_it).to_string(), format!("{}_unit", self.name));
        let units: Vec<_> = self.units.iter().map(|unit| (unit.name, lang.say(unit.en, unit.zh))).collect();
        html! {
            div.pair {
                (Field::number(self.name, self.label).filled(&number).of(draft, self.pointer))
                (Field::choice(&unit_name, lang.say("Unit", "单位"), &units).filled(unit.name).of(draft, ""))
            }
            @if let Some(hint) = self.hint { p.fine { (hint) } }
        }
    }
}

/// What was typed, in the smallest unit; what is no number goes to the API as it is.
pub(crate) fn typed(typed: &Typed, name: &str, units: &[Unit]) -> Value {
    let unit = typed.said(&format!("{name}_unit"));
    let of_it = units.iter().find(|known| known.name == unit).map_or(1, |known| known.of_it);
    let number = typed.number(name);
    number.as_i64().map_or(number, |number| json!(number.saturating_mul(of_it)))
}

/// So many of the smallest unit, in words.
pub(crate) fn said(whole: i64, units: &'static [Unit], lang: Lang) -> String {
    let unit = longest(whole, units);
    format!("{} {}", whole / unit.of_it, lang.say(unit.en, unit.zh))
}

/// The longest unit of which it is a whole number.
fn longest(whole: i64, units: &'static [Unit]) -> &'static Unit {
    let fits = |unit: &&Unit| if whole == 0 { unit.name == NOTHING } else { whole % unit.of_it == 0 };
    units.iter().find(fits).unwrap_or(&units[units.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_in_their_longest_unit_and_read_back() {
        for (whole, units, wanted) in [
            (1_209_600, SECONDS, "14 days"),
            (1_800, SECONDS, "30 minutes"),
            (43_200, SECONDS, "12 hours"),
            (90, SECONDS, "90 seconds"),
            (0, MILLISECONDS, "0 seconds"),
            (400, MILLISECONDS, "400 milliseconds"),
            (3_000, MILLISECONDS, "3 seconds"),
            (3_600_000, MILLISECONDS, "1 hours"),
        ] {
            let said = said(whole, units, Lang::En);
            assert_eq!(said, wanted);
            let (number, unit) = said.split_once(' ').expect("a number and a unit");
            let form = format!(r#"{{"idle":"{number}","idle_unit":"{unit}"}}"#);
            let form: Typed = serde_json::from_str(&form).expect("it is JSON");
            assert_eq!(typed(&form, "idle", units), json!(whole));
        }
        assert_eq!(typed(&Typed::default(), "idle", SECONDS), json!(""));
    }
}
