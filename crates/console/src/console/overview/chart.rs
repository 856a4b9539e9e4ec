//! Owns the picture of the last hour: what was applied, absorbed and refused in each minute, as bars, and the frame that such pictures
//! stand in. Drawn here, so that it is there without a script; a sentence says the same to those who do not see.

use maud::{Markup, html};

use super::{Minute, took};
use crate::lang::Lang;
use crate::show;

/// The picture's measures, in its own units.
pub(super) const WIDTH: u32 = 720;
const HEIGHT: u32 = 120;
const GAP: u32 = 2;

/// The hour.
pub(super) fn hour(minutes: &[Minute], lang: Lang) -> Markup {
    let most = minutes.iter().map(all).max().unwrap_or(0).max(1);
    let width = step(minutes.len());
    let bars = html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(told(minutes, lang)) {
            @for (minute, at) in minutes.iter().zip(0_u32..) {
                (bar(minute, at * width, width.saturating_sub(GAP).max(1), most))
            }
        }
    };
    html! {
        figure.chart {
            figcaption {
                strong { (lang.say("Requests by the minute", "每分钟请求数")) } " "
                span.key.applied { (lang.say("applied", "执行")) } " "
                span.key.absorbed { (lang.say("duplicates absorbed", "吸收的重复请求")) } " "
                span.key.refused { (lang.say("refused", "拒绝")) }
            }
            (framed(&show::count(most.into()), &bars, lang))
        }
    }
}

/// A picture of the hour with its scale, from nothing at its foot to `top`, and its time.
pub(super) fn framed(top: &str, picture: &Markup, lang: Lang) -> Markup {
    html! {
        div.framed {
            span.top { (top) } span.foot { "0" }
            (picture)
            span.then { (lang.say("an hour ago", "一小时前")) } span.now { (lang.say("now", "现在")) }
        }
    }
}

/// How wide each of so many minutes is.
pub(super) fn step(minutes: usize) -> u32 {
    WIDTH / u32::try_from(minutes.max(1)).unwrap_or(WIDTH)
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
            title {
                (clock(minute)) " · " (minute.executed) " / " (minute.replayed) " / " (minute.refused)
                @if minute.p99_ms.is_some() { " · p50 " (took(minute.p50_ms)) " · p99 " (took(minute.p99_ms)) }
            }
            (part(minute.executed, "applied")) (part(minute.replayed, "absorbed")) (part(minute.refused, "refused"))
        }
    }
}

/// When a minute began, on the clock of UTC.
pub(super) fn clock(minute: &Minute) -> &str {
    minute.at.get(11..16).unwrap_or_default()
}

/// What happened at all is seen.
fn height(count: u32, most: u32) -> u32 {
    let exact = u64::from(count) * u64::from(HEIGHT) / u64::from(most.max(1));
    u32::try_from(exact).unwrap_or(HEIGHT).max(u32::from(count > 0))
}

const fn all(minute: &Minute) -> u32 {
    minute.executed.saturating_add(minute.replayed).saturating_add(minute.refused)
}

fn told(minutes: &[Minute], lang: Lang) -> String {
    let sum = |count: fn(&Minute) -> u32| minutes.iter().map(|minute| i64::from(count(minute))).sum::<i64>();
    let orders = sum(|one| one.orders);
    let (executed, replayed, refused) = (sum(|one| one.executed), sum(|one| one.replayed), sum(|one| one.refused));
    match lang {
        Lang::En => format!(
            "In the last hour {orders} orders placed, {executed} requests applied, {replayed} duplicates absorbed, {refused} refused"
        ),
        Lang::Zh => {
            format!("近一小时下单 {orders} 笔，执行 {executed} 次，吸收重复请求 {replayed} 次，拒绝 {refused} 次")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_at_all_is_seen_and_nothing_is_higher_than_the_picture() {
        for (count, most, wanted) in [(0, 10, 0), (1, 1_000_000, 1), (10, 10, HEIGHT), (5, 10, HEIGHT / 2)] {
            assert_eq!(height(count, most), wanted, "{count} of {most}");
        }
    }
}
