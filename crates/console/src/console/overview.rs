//! Owns the first page of the console: how the shop stands at this moment, and what comes in. Its parts are sent anew while it is
//! looked at.

mod chart;
mod lights;
pub(super) mod live;
mod times;

use axum::response::{IntoResponse as _, Response};
use domain::access::Permission;
use maud::{Markup, html};
use serde::Deserialize;

use super::keys::{Arrivals, arrivals};
use crate::answers::{List, Order};
use crate::lang::Lang;
use crate::layout;
use crate::refused::Refused;
use crate::show;
use crate::visit::{Staff, Visit};

/// How many of the latest arrivals the page shows.
const ARRIVALS: usize = 10;

/// What the API tells of how it does.
#[derive(Debug, Deserialize)]
struct Overview {
    orders_per_second: f64,
    executed_per_second: f64,
    replayed_per_second: f64,
    refused_per_second: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    orders_in_hour: i64,
    replayed_in_hour: i64,
    executed_in_hour: i64,
    queue_commands: i64,
    batch_commands: f64,
    minutes: Vec<Minute>,
    installation: Option<Installation>,
}

/// One minute of the last hour.
#[derive(Debug, Deserialize)]
struct Minute {
    at: String,
    orders: u32,
    executed: u32,
    replayed: u32,
    refused: u32,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// What looks at the whole installation.
#[derive(Debug, Deserialize)]
struct Installation {
    outbox_waiting: i64,
    outbox_lag_ms: i64,
    lights: Vec<Light>,
    checked_at: Option<String>,
}

/// Whether an invariant holds.
#[derive(Debug, Deserialize)]
struct Light {
    id: String,
    title: String,
    violations: i64,
}

/// The page.
pub(super) async fn page(Staff(visit): Staff) -> Response {
    match shown(&visit).await {
        Ok(page) => page,
        Err(refused) => refused.page(&visit),
    }
}

async fn shown(visit: &Visit) -> Result<Response, Refused> {
    let lang = visit.lang();
    let title = lang.say("Overview", "概览");
    let overview: Overview = visit.inside.get("/overview").await?;
    let latest: List<Order> = visit.inside.get("/orders?limit=8").await?;
    let came: Arrivals = visit.inside.get(&format!("/arrivals?limit={ARRIVALS}")).await?;
    let body = html! {
        h1 { (title) }
        div #live data-stream="/console/live" data-still=(still(lang)) {
            p #still role="status" {}
            div #numbers { (numbers(&overview, lang)) }
            div #chart { (hour(&overview.minutes, lang)) }
            @if let Some(whole) = &overview.installation { div #lights { (lights::lights(whole, lang)) } }
            section {
                h2 { (lang.say("What comes in", "实时请求")) }
                p.fine { (lang.say("Each command that this server answered, the latest first.", "本服务器处理的每个请求，最新的在前。")) }
                table.cards.log {
                    thead { tr {
                        th { (lang.say("Time", "时间")) } th { (lang.say("Outcome", "结果")) } th { (lang.say("Request", "请求")) }
                        th { (lang.say("Key", "幂等键")) } th { (lang.say("Who", "来源")) } th.number { (lang.say("Took", "耗时")) }
                    } }
                    tbody #arrivals data-most=(ARRIVALS) { (arrivals(&came, lang)) }
                }
            }
        }
        @if visit.may(Permission::OrdersRead) { (orders(&latest, lang)) }
    };
    Ok(layout::page(visit, title, &body).into_response())
}

/// The numbers of this moment.
fn numbers(overview: &Overview, lang: Lang) -> Markup {
    let whole = overview.installation.as_ref();
    html! {
        dl.tiles {
            (tile(lang.say("Orders a second", "每秒下单"), &rate(overview.orders_per_second), ""))
            (tile(lang.say("Applied a second", "每秒执行"), &rate(overview.executed_per_second), ""))
            (tile(lang.say("Duplicates absorbed a second", "每秒吸收的重复请求"), &rate(overview.replayed_per_second), "waiting"))
            (tile(lang.say("Refused a second", "每秒拒绝"), &rate(overview.refused_per_second), ""))
            (tile(lang.say("Half answered within (p50)", "响应时间 p50"), &took(overview.p50_ms), ""))
            (tile(lang.say("99 % answered within (p99)", "响应时间 p99"), &took(overview.p99_ms), ""))
            (tile(lang.say("Queue", "排队请求"), &show::count(overview.queue_commands), ""))
            (tile(lang.say("Batch size", "每批请求数"), &rate(overview.batch_commands), ""))
            @if let Some(whole) = whole {
                (tile(lang.say("Outbox, waiting", "待发送消息"), &show::count(whole.outbox_waiting), ""))
                (tile(lang.say("Outbox, lag", "消息延迟"), &took(Some(millis(whole.outbox_lag_ms))), ""))
            }
            (tile(lang.say("Orders in the hour", "近一小时下单"), &show::count(overview.orders_in_hour), ""))
            (tile(lang.say("Applied in the hour", "近一小时执行"), &show::count(overview.executed_in_hour), ""))
            (tile(lang.say("Duplicates absorbed in the hour", "近一小时吸收的重复请求"), &show::count(overview.replayed_in_hour), "waiting"))
        }
    }
}

/// What the page says where its stream is refused for good.
fn still(lang: Lang) -> &'static str {
    lang.say("This page does not update itself any more. Load it anew.", "此页面已停止自动更新，请刷新。")
}

/// The pictures of the last hour: what came, and how long answers took.
fn hour(minutes: &[Minute], lang: Lang) -> Markup {
    html! { (chart::hour(minutes, lang)) (times::hour(minutes, lang)) }
}

fn tile(name: &str, value: &str, mood: &str) -> Markup {
    html! { div.tile { dt { (name) } dd class=(mood) { (value) } } }
}

fn rate(number: f64) -> String {
    if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// A time in a unit in which it is short.
fn took(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1_000.0),
    }
}

/// Beyond 49 days nobody counts in milliseconds.
fn millis(ms: i64) -> f64 {
    f64::from(u32::try_from(ms.max(0)).unwrap_or(u32::MAX))
}

fn orders(latest: &List<Order>, lang: Lang) -> Markup {
    html! {
        section {
            h2 { (lang.say("The latest orders", "最新订单")) }
            @if latest.data.is_empty() { p.empty { (lang.say("There are none yet.", "暂无订单。")) } }
            @else {
                table.cards {
                    thead { tr {
                        th { (lang.say("Number", "订单号")) } th { (lang.say("Placed", "下单时间")) }
                        th { (lang.say("Status", "状态")) } th.number { (lang.say("Total", "金额")) }
                    } }
                    tbody {
                        @for order in &latest.data {
                            tr {
                                td data-of=(lang.say("Number", "订单号")) { a href={ "/console/orders/" (order.order_no) } { code { (order.order_no) } } }
                                td data-of=(lang.say("Placed", "下单时间")) { (show::time(&order.created_at)) }
                                td data-of=(lang.say("Status", "状态")) { (show::status(&order.status, lang)) }
                                td.number data-of=(lang.say("Total", "金额")) { (order.total.text()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (number, text) in [(0.0, "0.0"), (0.25, "0.2"), (12.34, "12.3"), (100.0, "100"), (5_123.6, "5124")] {
            assert_eq!(rate(number), text);
        }
        for (ms, text) in [(None, "–"), (Some(0.44), "0.4 ms"), (Some(12.6), "13 ms"), (Some(2_345.0), "2.3 s")] {
            assert_eq!(took(ms), text);
        }
    }
}
