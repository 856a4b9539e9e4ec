//! Owns the picture of how long answers took in each minute of the last hour: half of them, and all but one in a hundred, as lines.
//! Where nothing was answered there is a gap.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::chart::{WIDTH, clock, framed, step};
use super::{Minute, took};
use crate::lang::Lang;

/// How high the picture is, in its own units. A line's own breadth has room above and below.
const HEIGHT: f64 = 60.0;
const ROOM: f64 = 1.0;

/// The hour.
pub(super) fn hour(minutes: &[Minute], lang: Lang) -> Markup {
    let slowest = minutes.iter().filter_map(|minute| minute.p99_ms).max_by(f64::total_cmp);
    let top = round_up(slowest.unwrap_or(1.0));
    let lines = html! {
        svg.low viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told(minutes, lang)) {
            path.p50 d=(line(minutes, top, |minute| minute.p50_ms)) {}
            path.p99 d=(line(minutes, top, |minute| minute.p99_ms)) {}
        }
    };
    html! {
        figure.chart {
            figcaption {
                strong { (lang.say("How long answers took", "响应时间")) } " "
                span.key.p99 { (lang.say("99 % within (p99)", "p99")) } " "
                span.key.p50 { (lang.say("half within (p50)", "p50")) }
            }
            (framed(&took(Some(top)), &lines, lang))
        }
    }
}

/// Each minute is as long as its bar, and joined to the next one where that has a number.
fn line(minutes: &[Minute], top: f64, of: impl Fn(&Minute) -> Option<f64>) -> String {
    let (width, mut path, mut is_drawn) = (step(minutes.len()), String::new(), false);
    for (minute, at) in minutes.iter().zip(0_u32..) {
        let (from, to) = (at * width, (at + 1) * width);
        let number = of(minute);
        if let Some(ms) = number {
            let y = height(ms, top);
            let drawn = if is_drawn { write!(path, "V{y:.1}H{to}") } else { write!(path, "M{from} {y:.1}H{to}") };
            drawn.expect("a text takes what is written to it");
        }
        is_drawn = number.is_some();
    }
    path
}

/// How far from the picture's upper edge.
fn height(ms: f64, top: f64) -> f64 {
    let share = (ms / top).clamp(0.0, 1.0);
    HEIGHT - ROOM - share * (HEIGHT - 2.0 * ROOM)
}

/// The end of the scale: 1, 2 or 5 of some power of ten, at or above the slowest.
fn round_up(ms: f64) -> f64 {
    let power = 10_f64.powf(ms.max(0.1).log10().floor());
    let rounded = [1.0, 2.0, 5.0].map(|part| part * power).into_iter().find(|end| *end >= ms);
    rounded.unwrap_or(10.0 * power)
}

fn told(minutes: &[Minute], lang: Lang) -> String {
    let answered: Vec<&Minute> = minutes.iter().filter(|minute| minute.p99_ms.is_some()).collect();
    let (Some(last), Some(slowest)) =
        (answered.last(), answered.iter().max_by(|one, other| of(one).total_cmp(&of(other))))
    else {
        return lang.say("Nothing was answered in the last hour", "近一小时没有应答任何请求").to_owned();
    };
    let (gaps, when) = (minutes.len() - answered.len(), clock(slowest));
    let (half, whole, most) = (took(last.p50_ms), took(last.p99_ms), took(slowest.p99_ms));
    match lang {
        Lang::En => format!(
            "Of the last minute with requests, p50 is {half} and p99 {whole}; the slowest p99 of the hour was {most}, at {when} UTC. In {gaps} minutes nothing came"
        ),
        Lang::Zh => format!(
            "最近有请求的一分钟：p50 为 {half}，p99 为 {whole}；近一小时最慢的 p99 为 {most}（UTC {when}）。其中 {gaps} 分钟没有请求"
        ),
    }
}

fn of(minute: &Minute) -> f64 {
    minute.p99_ms.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(p99: &[Option<f64>]) -> Vec<Minute> {
        let minute = |(at, p99_ms): (usize, &Option<f64>)| Minute {
            at: format!("2026-01-01T10:{at:02}:00Z"),
            orders: 0,
            executed: 0,
            replayed: 0,
            refused: 0,
            p50_ms: *p99_ms,
            p99_ms: *p99_ms,
        };
        p99.iter().enumerate().map(minute).collect()
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_came() {
        for (p99, wanted) in [
            (&[Some(10.0), Some(5.0), Some(0.0)][..], "M0 1.0H240V30.0H480V59.0H720"),
            (&[Some(10.0), None, Some(0.0)], "M0 1.0H240M480 59.0H720"),
            (&[None, Some(20.0)], "M360 1.0H720"),
            (&[None, None], ""),
        ] {
            assert_eq!(line(&minutes(p99), 10.0, |minute| minute.p99_ms), wanted, "{p99:?}");
        }
    }

    #[test]
    fn a_scale_ends_at_a_round_number_above_all() {
        for (slowest, wanted) in [
            (0.0, 0.1),
            (0.12, 0.2),
            (1.0, 1.0),
            (1.9, 2.0),
            (2.1, 5.0),
            (7.3, 10.0),
            (99.0, 100.0),
            (1_234.0, 2_000.0),
        ] {
            let top = round_up(slowest);
            assert!((top - wanted).abs() < 1e-9 && top >= slowest, "{slowest}: {top}");
        }
    }

    #[test]
    fn whoever_does_not_see_it_is_told() {
        let seen = told(&minutes(&[Some(2.0), Some(44.0), None, Some(3.0), None]), Lang::En);
        assert_eq!(
            seen,
            "Of the last minute with requests, p50 is 3.0 ms and p99 3.0 ms; the slowest p99 of the hour was 44 ms, at 10:01 UTC. In 2 minutes nothing came"
        );
        assert_eq!(told(&minutes(&[None]), Lang::Zh), "近一小时没有应答任何请求");
    }
}
