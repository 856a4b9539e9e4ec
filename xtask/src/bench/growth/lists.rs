//! Owns how long pages of lists take, asked for one behind the other.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use ureq::Agent;

use crate::bench::report::median;
use crate::bench::server::{API_KEY, Server};
use crate::clock::Stopwatch;

/// Pages of each kind; the first few are not counted.
const PAGES: usize = 100;
const WARM_UP: usize = 10;

/// How long the pages of each kind took.
pub(super) type Pages = Vec<Page>;

pub(super) struct Page {
    pub(super) kind: &'static str,
    pub(super) median_us: f64,
}

#[derive(Deserialize)]
struct List {
    data: Vec<serde_json::Value>,
    next_cursor: Option<String>,
}

/// The newest orders, those of one customer, of one status, what a search finds, and page behind page from the middle of all.
pub(super) fn measure(server: &Server, size: u64) -> Result<Pages> {
    let middle_of_all = created_at(size / 2)?;
    let agent = Agent::new_with_config(Agent::config_builder().proxy(None).build());
    let kinds = [
        ("of the newest", "limit=50".to_owned(), false),
        ("of a customer", "limit=10&customer_id=bench-7".to_owned(), false),
        ("of a status", "limit=50&status=completed".to_owned(), false),
        ("with a number", format!("q={}", order_before(server, &agent, &middle_of_all)?), false),
        ("with a customer's name", "limit=10&q=bench-7".to_owned(), false),
        ("of the middle, page behind page", format!("limit=50&created_to={middle_of_all}"), true),
    ];
    kinds
        .into_iter()
        .map(|(kind, query, goes_on)| {
            let (mut times, mut cursor) = (Vec::new(), String::new());
            for number in 0..WARM_UP + PAGES {
                let url = format!("{}/api/v1/orders?{query}{cursor}", server.url());
                let stopwatch = Stopwatch::start();
                let text = asked(&agent, &url)?;
                let took = stopwatch.elapsed();
                let list: List = serde_json::from_str(&text).with_context(|| format!("reading the answer of {url}"))?;
                ensure!(!list.data.is_empty(), "an empty page: {url}");
                if number >= WARM_UP {
                    times.push(took.as_secs_f64() * 1e6);
                }
                if goes_on {
                    cursor = format!("&cursor={}", list.next_cursor.context("there are pages behind")?);
                }
            }
            let median_us = median(&times);
            println!("{size} orders, a page {kind}: {median_us:.0} µs");
            Ok(Page { kind, median_us })
        })
        .collect()
}

/// Each kind's median over some rounds.
pub(super) fn medians(rounds: &[Pages]) -> Pages {
    let kinds = rounds.first().into_iter().flatten().enumerate();
    kinds
        .map(|(at, page)| {
            let times: Vec<f64> = rounds.iter().filter_map(|round| round.get(at)).map(|page| page.median_us).collect();
            Page { kind: page.kind, median_us: median(&times) }
        })
        .collect()
}

fn asked(agent: &Agent, url: &str) -> Result<String> {
    let request = agent.get(url).header("Authorization", format!("Bearer {API_KEY}"));
    let text = request.call().with_context(|| format!("asking for {url}"))?.body_mut().read_to_string()?;
    Ok(text)
}

/// The number of the last order before a moment.
fn order_before(server: &Server, agent: &Agent, moment: &str) -> Result<String> {
    let text = asked(agent, &format!("{}/api/v1/orders?limit=1&created_to={moment}", server.url()))?;
    let list: List = serde_json::from_str(&text).context("reading a page")?;
    let number = list.data.first().and_then(|order| order["order_no"].as_str());
    Ok(number.context("there is no order before the middle")?.to_owned())
}

/// When the order of this number was placed, as the script says.
fn created_at(number: u64) -> Result<String> {
    let moment = jiff::Timestamp::from_millisecond(i64::try_from(1_735_689_600_000 + number * 864)?)?;
    Ok(moment.to_string())
}
