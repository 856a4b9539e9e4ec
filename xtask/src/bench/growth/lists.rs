//! Owns how long pages of lists take, asked for one behind the other.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use ureq::Agent;

use super::fill::BASE_MS;
use super::name;
use crate::bench::report::{Measured, median};
use crate::bench::server::{API_KEY, Server};
use crate::clock::Stopwatch;

/// Pages of each kind; the first few are not counted.
const PAGES: usize = 100;
const WARM_UP: usize = 10;
/// Of twenty orders that stand behind each other this one was sent, so that it has a parcel.
const SENT: u64 = 2;

/// A kind of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Newest,
    OfCustomer,
    OfStatus,
    WithNumber,
    WithCustomer,
    WithParcel,
    WithNothing,
    FromTheMiddle,
}

impl Kind {
    /// Pages that somebody turns.
    pub(super) const PAGES: [Self; 4] = [Self::Newest, Self::OfCustomer, Self::OfStatus, Self::FromTheMiddle];
    /// What somebody types into a field, and the filters beside it.
    pub(super) const SEARCHES: [Self; 6] =
        [Self::WithNumber, Self::WithCustomer, Self::WithParcel, Self::WithNothing, Self::OfCustomer, Self::OfStatus];

    const fn words(self) -> &'static str {
        match self {
            Self::Newest => "of the newest",
            Self::OfCustomer => "of a customer",
            Self::OfStatus => "of a status",
            Self::WithNumber => "with a number",
            Self::WithCustomer => "with a customer's name",
            Self::WithParcel => "with a parcel",
            Self::WithNothing => "with what nobody has",
            Self::FromTheMiddle => "of the middle, page behind page",
        }
    }

    /// The question, in a shop of so many orders, with the number and the moment of one in the middle.
    fn query(self, size: u64, number: &str, moment: &str) -> String {
        match self {
            Self::Newest => "limit=50".to_owned(),
            Self::OfCustomer => "limit=10&customer_id=bench-7".to_owned(),
            Self::OfStatus => "limit=50&status=completed".to_owned(),
            Self::WithNumber => format!("q={number}"),
            Self::WithCustomer => "limit=10&q=bench-7".to_owned(),
            Self::WithParcel => format!("q=SF{}", size / 2 / 20 * 20 + SENT),
            Self::WithNothing => "q=nobody-has-this".to_owned(),
            Self::FromTheMiddle => format!("limit=50&created_to={moment}"),
        }
    }
}

/// How long the pages of each kind took.
pub(super) type Pages = Vec<Page>;

pub(super) struct Page {
    kind: Kind,
    median_us: f64,
}

#[derive(Deserialize)]
struct List {
    data: Vec<serde_json::Value>,
    next_cursor: Option<String>,
}

/// Pages of some kinds, in a shop that was filled with so many orders.
pub(super) fn measure(server: &Server, size: u64, kinds: &[Kind]) -> Result<Pages> {
    let moment = created_at(size / 2)?;
    let agent = Agent::new_with_config(Agent::config_builder().proxy(None).build());
    let number = order_before(server, &agent, &moment)?;
    kinds
        .iter()
        .map(|kind| {
            let (mut times, mut cursor) = (Vec::new(), String::new());
            let query = kind.query(size, &number, &moment);
            for turn in 0..WARM_UP + PAGES {
                let url = format!("{}/api/v1/orders?{query}{cursor}", server.url());
                let stopwatch = Stopwatch::start();
                let text = asked(&agent, &url)?;
                let took = stopwatch.elapsed();
                let list: List = serde_json::from_str(&text).with_context(|| format!("reading the answer of {url}"))?;
                ensure!(list.data.is_empty() == (*kind == Kind::WithNothing), "{} orders: {url}", list.data.len());
                if turn >= WARM_UP {
                    times.push(took.as_secs_f64() * 1e6);
                }
                if *kind == Kind::FromTheMiddle {
                    cursor = format!("&cursor={}", list.next_cursor.context("there are pages behind")?);
                }
            }
            let median_us = median(&times);
            println!("{size} orders, a page {}: {median_us:.0} µs", kind.words());
            Ok(Page { kind: *kind, median_us })
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

/// How much longer pages take where many orders are stored than where few are. The worst kind counts.
pub(super) fn compared(title: &str, few: (u64, &Pages), many: (u64, &Pages), at_most: f64) -> Measured {
    let pairs = many.1.iter().zip(few.1);
    let ratios: Vec<_> = pairs.map(|(many, few)| (many.kind, many.median_us / few.median_us)).collect();
    let worst = ratios.iter().map(|(_, ratio)| *ratio).fold(0.0, f64::max);
    let side = |(size, pages): (u64, &Pages)| {
        let pages = pages.iter().map(|page| format!("{} {:.1} ms", page.kind.words(), page.median_us / 1e3));
        format!("{} orders: {}", name(size), pages.collect::<Vec<_>>().join(", "))
    };
    Measured {
        name: title.to_owned(),
        one: side(many),
        other: side(few),
        result: format!("{worst:.2} × at the worst"),
        rounds: ratios.iter().map(|(kind, ratio)| format!("{} {ratio:.2}", kind.words())).collect(),
        bound: format!("at most {at_most} ×"),
        holds: worst <= at_most,
        surroundings: String::new(),
    }
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
    let moment = jiff::Timestamp::from_millisecond(i64::try_from(BASE_MS + number * 864)?)?;
    Ok(moment.to_string())
}
