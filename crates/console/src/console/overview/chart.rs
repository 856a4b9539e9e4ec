//! Owns the picture of the last hour: what was applied, absorbed and refused in each minute, as bars. Drawn here, so that it is there
//! without a script; a table says the same to those who do not see.

use maud::{Markup, html};

use super::{Minute, took};
use crate::lang::Lang;
use crate::show;

/// The picture's measures, in its own units.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 120;
const GAP: u32 = 2;

/// The hour.
pub(super) fn hour(minutes: &[Minute], lang: Lang) -> Markup {
    let most = minutes.iter().map(all).max().unwrap_or(0).max(1);
    let width = WIDTH / u32::try_from(minutes.len().max(1)).unwrap_or(1);
    let slowest = minutes.iter().filter_map(|minute| minute.p99_ms).max_by(f64::total_cmp);
    html! {
        figure.chart {
            figcaption {
                (lang.say("The last hour, by the minute", "近一小时（每分钟）")) " · "
                span.key.applied { (lang.say("applied", "执行")) } " "
                span.key.absorbed { (lang.say("duplicates absorbed", "吸收的重复请求")) } " "
                span.key.refused { (lang.say("refused", "拒绝")) } " · "
                (lang.say("at most ", "峰值 ")) (show::count(most.into())) (lang.say(" a minute", " 次/分钟"))
                @if slowest.is_some() { " · " (lang.say("slowest p99 ", "最慢 p99 ")) (took(slowest)) }
            }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told(minutes, lang)) {
                @for (minute, at) in minutes.iter().zip(0_u32..) {
                    (bar(minute, at * width, width.saturating_sub(GAP).max(1), most))
                }
                line.ground x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            }
        }
    }
}

/// One on the other: applied, absorbed, refused.
fn bar(minute: &Minute, x: u32, width: u32, most: u32) -> Markup {
    let mut floor = HEIGHT;
    let mut part = |count: u32, class: &str| {
        let height = height(count, most);
        floor = floor.saturating_sub(height);
        html! { @if height > 0 { rect class=(class) x=(x) y=(floor) width=(width) height=(height) {} } }
    };
    html! {
        g {
            title { (minute.at.get(11..16).unwrap_or_default()) " · " (minute.executed) " / " (minute.replayed) " / " (minute.refused) }
            (part(minute.executed, "applied")) (part(minute.replayed, "absorbed")) (part(minute.refused, "refused"))
        }
    }
}

/// What happened at all is seen.
fn height(count: u32, most: u32) -> u32 {
    let exact = u64::from(count) * u64::from(HEIGHT - 4) / u64::from(most.max(1));
    u32::try_from(exact).unwrap_or(HEIGHT).max(u32::from(count > 0))
}

const fn all(minute: &Minute) -> u32 {
    minute.executed.saturating_add(minute.replayed).saturating_add(minute.refused)
}

fn told(minutes: &[Minute], lang: Lang) -> String {
    let sum = |count: fn(&Minute) -> u32| minutes.iter().map(|minute| i64::from(count(minute))).sum::<i64>();
    let (executed, replayed, refused) = (sum(|one| one.executed), sum(|one| one.replayed), sum(|one| one.refused));
    match lang {
        Lang::En => format!("In the last hour {executed} applied, {replayed} duplicates absorbed, {refused} refused"),
        Lang::Zh => format!("近一小时执行 {executed} 次，吸收重复请求 {replayed} 次，拒绝 {refused} 次"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_at_all_is_seen_and_nothing_is_higher_than_the_picture() {
        for (count, most, wanted) in [(0, 10, 0), (1, 1_000_000, 1), (10, 10, HEIGHT - 4), (5, 10, (HEIGHT - 4) / 2)] {
            assert_eq!(height(count, most), wanted, "{count} of {most}");
        }
    }
}
